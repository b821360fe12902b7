//! Slots and memory, and the bounded queues before them: one for each tenant.
//!
//! ```text
//! take ─ fits? ─▶ Slot                  a slot, and memory set aside for all that its guest may take
//!        else  ─▶ the tenant's queue ─▶ Slot, in the order of (slots it has) / weight, first come first within one
//! ```
//!
//! Where there are several tenants, none can have more than [`MOST_OF_FREE`] times what is then still free:
//! one alone gets three quarters of the slots, two three sevenths each, and the next one always finds some.
//! (Dynamic thresholds: Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
//! switches", 1998.)
//!
//! What is not a guest's stands in a [`FairShare`] of the memory, a sixteenth for each of three purposes, so
//! that most is always the guests' in the end: whatever waits, the first of a queue gets its slot when those
//! that run are done. An answer keeps of its guest's memory what it takes until its reader has it; a tenant
//! of several whose readers leave more than [`MOST_UNREAD`] lying gets no more slots until they have read.

use crate::error::{Error, about};
use crate::tenants::Tenant;
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::sync::watch;

mod beside;
mod growth;

use beside::MemoryPartition;
pub(crate) use beside::{InFlightBytes, Reserved, Waiting};
use growth::Growth;
pub(crate) use growth::for_new_executions;

/// See above.
const MOST_OF_FREE: u64 = 3;

/// One in so many parts of the memory is what each [`FairShare`] may take: they must not keep guests from
/// running.
const SHARE: u64 = 16;

/// See above: what is left beside the three shares.
const GUESTS: u64 = SHARE - 3;

/// One in so many parts of the memory is what answers of one tenant that are being sent may take before it
/// has to wait: what its guests that run will leave comes on top, and of the rest the next tenant still finds
/// most.
const MOST_UNREAD: u64 = 8;

/// How much the last interval between two grants says about the next.
const NEWS: f64 = 0.2;

/// What callers are told to wait at least and at most before they try again.
const SOONEST_RETRY: Duration = Duration::from_millis(100);
const LATEST_RETRY: Duration = Duration::from_secs(30);

/// The bounds of [`Slots`].
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) slots: usize,
    /// Bytes that requests and guests can take together.
    pub(crate) memory: u64,
    /// Requests that wait, of all tenants.
    pub(crate) waiting: usize,
    /// How long a request waits at most.
    pub(crate) queue_timeout: Duration,
    /// Whether there is more than one tenant: one alone may take all.
    pub(crate) several: AtomicBool,
}

impl Bounds {
    fn is_alone(&self) -> bool {
        !self.several.load(Relaxed)
    }
}

/// Of so many bytes, what one execution may have at most.
pub(crate) fn for_one_execution(memory: u64) -> u64 {
    memory / SHARE * GUESTS
}

/// What a request needs, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryDemand {
    /// From its arrival on.
    pub(crate) request: u64,
    /// When it starts.
    pub(crate) guest: u64,
    /// What it may ask for in the end, with all of that.
    pub(crate) most: u64,
}

/// How things stand at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CapacitySnapshot {
    pub(crate) slots: usize,
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    /// Bytes there are, and what of them is set aside.
    pub(crate) memory: u64,
    pub(crate) set_aside: u64,
    /// Of that what requests that wait have, requests that arrive, answers that are sent, and kept answers
    /// and batches.
    pub(crate) waiting_bytes: u64,
    pub(crate) receiving: u64,
    pub(crate) sending: u64,
    pub(crate) kept: u64,
    pub(crate) draining: bool,
}

#[derive(Debug)]
pub(crate) struct Slots {
    bounds: Bounds,
    state: Mutex<State>,
    /// Says that nobody is to wait any more.
    end: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    free: usize,
    memory: u64,
    /// Bytes of kept answers and batches.
    reserved: MemoryPartition,
    /// Bytes of requests that are being received.
    receiving: MemoryPartition,
    /// Bytes of requests that wait: for a slot, or for the answer to the first with their key.
    requests: MemoryPartition,
    /// Bytes of answers that are being sent, and those of them that there was no room for.
    sending: u64,
    owed: u64,
    /// When what runs now has ended, by its limits.
    draining: Option<Instant>,
    /// Requests that wait, likewise.
    waiting: usize,
    /// Executions that wait for more memory, in the order in which they came.
    growing: VecDeque<Growth>,
    /// Tenants with waiting requests.
    queues: Vec<Queue>,
    next_id: u64,
}

#[derive(Debug)]
struct Queue {
    tenant: Tenant,
    waiters: VecDeque<Waiter>,
    /// Seconds between two grants, on average; and when the last one was, or waiting began.
    interval: f64,
    last: Instant,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    need: MemoryDemand,
    call: oneshot::Sender<()>,
}

/// A slot and the memory of its execution; dropping it gives both back.
#[derive(Debug)]
pub(crate) struct Slot {
    slots: Arc<Slots>,
    tenant: Tenant,
    need: MemoryDemand,
    /// What its execution was given of memory since it started.
    grown: Arc<AtomicU64>,
}

impl Slots {
    pub(crate) fn new(bounds: Bounds) -> Arc<Self> {
        let state = State {
            free: bounds.slots,
            memory: bounds.memory,
            reserved: MemoryPartition::default(),
            receiving: MemoryPartition::default(),
            requests: MemoryPartition::default(),
            sending: 0,
            owed: 0,
            draining: None,
            waiting: 0,
            growing: VecDeque::new(),
            queues: Vec::new(),
            next_id: 0,
        };
        Arc::new(Slots { bounds, state: Mutex::new(state), end: watch::Sender::new(false) })
    }

    /// Waits for a slot, but not beyond `deadline`; giving up the future gives up the place. What was
    /// accepted earlier, and takes so long at the most, is served while the service drains, if that is before
    /// what runs then has ended.
    pub(crate) async fn take(
        self: &Arc<Self>,
        tenant: &Tenant,
        need: MemoryDemand,
        deadline: Option<Instant>,
        accepted: Option<Duration>,
    ) -> Result<Slot, Error> {
        let arrived = Instant::now();
        let (mut place, called) = match self.enter(tenant, need, deadline, accepted)? {
            Entered::Slot(slot) => return Ok(slot),
            Entered::Queue(place, called) => (place, called),
        };
        let end = arrived + self.bounds.queue_timeout;
        let end = deadline.map_or(end, |deadline| deadline.min(end));
        let mut over = self.end.subscribe();
        let called = tokio::time::timeout_at(end.into(), called);
        let called = tokio::select! {
            biased;
            called = called => called,
            _ = over.wait_for(|over| *over) => return Err(Error::Draining),
        };
        match called {
            // The sender is never dropped before it has sent, but by the place itself.
            Ok(_) => Ok(place.slot()),
            Err(_) => {
                let waited = arrived.elapsed();
                Err(self.busy(tenant, "slots", format!("no slot was free within {} ms", waited.as_millis())))
            }
        }
    }

    fn enter(
        self: &Arc<Self>,
        tenant: &Tenant,
        need: MemoryDemand,
        deadline: Option<Instant>,
        accepted: Option<Duration>,
    ) -> Result<Entered, Error> {
        let bounds = &self.bounds;
        let mut state = self.lock();
        let is_over =
            state.draining.is_some_and(|end| accepted.is_none_or(|time| Instant::now() + time > end));
        if is_over {
            return Err(Error::Draining);
        }
        let most = for_one_execution(bounds.memory);
        if need.request + need.most > most {
            let reason = format!(
                "allow {} in all, with output, result, files and the request, the server has {} for one execution: ask for less by limits.memory_bytes, or give the server more memory",
                about(need.request + need.most),
                about(most)
            );
            return Err(Error::invalid("limits", reason));
        }
        let queued = state.queue_of(tenant).map_or(0, |queue| queue.waiters.len());
        if queued == 0 && state.fits(bounds, tenant, need.request + need.guest) {
            state.take(tenant, need.request + need.guest);
            return Ok(Entered::Slot(Slot::new(self, tenant, need)));
        }
        if let Err((what, reason)) = state.may_wait(bounds, tenant, need.request) {
            drop(state);
            return Err(self.busy(tenant, what, reason.into()));
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let expected = state.expected_wait(tenant);
        if left.is_some_and(|left| left < expected) {
            drop(state);
            let left = left.unwrap_or_default().as_millis();
            let reason = format!(
                "a slot is expected in {} ms, the call's deadline is in {left} ms",
                expected.as_millis()
            );
            return Err(self.busy(tenant, "slots", reason));
        }
        state.wait(tenant, need.request);
        let (call, called) = oneshot::channel();
        let id = state.push(tenant, need, call);
        let place = QueueTicket { slots: Arc::clone(self), tenant: tenant.clone(), need, id: Some(id) };
        Ok(Entered::Queue(place, called))
    }

    fn busy(&self, tenant: &Tenant, what: &'static str, reason: String) -> Error {
        let state = self.lock();
        let waiting = state.queued(tenant);
        let running = tenant.0.slots.load(Relaxed);
        let retry_after = state.expected_wait(tenant).clamp(SOONEST_RETRY, LATEST_RETRY);
        Error::Busy {
            what,
            reason: format!("{reason}: {running} executions run and {waiting} requests wait already"),
            retry_after,
        }
    }

    /// Tenants were changed: whether there are several, and what they may have. Those that wait get what they
    /// may have more.
    pub(crate) fn tenants_changed(&self, several: bool) {
        self.bounds.several.store(several, Relaxed);
        self.lock().grant(&self.bounds);
    }

    /// Requests of a tenant that wait: for a slot, or for the answer to another one.
    pub(crate) fn queued(&self, tenant: &Tenant) -> usize {
        self.lock().queued(tenant)
    }

    /// From now on nobody waits: who does is refused.
    pub(crate) fn end(&self) {
        self.end.send_replace(true);
    }

    /// From now on nobody gets in; who is in or waits already is served.
    pub(crate) fn drain(&self, longest: Duration) {
        self.lock().draining.get_or_insert(Instant::now() + longest);
    }

    /// How things stand.
    pub(crate) fn level(&self) -> CapacitySnapshot {
        let (bounds, state) = (&self.bounds, self.lock());
        CapacitySnapshot {
            slots: bounds.slots,
            running: bounds.slots - state.free,
            waiting: state.waiting,
            memory: bounds.memory,
            set_aside: bounds.memory - state.memory + state.owed,
            waiting_bytes: state.requests.taken,
            receiving: state.receiving.taken,
            sending: state.sending,
            kept: state.reserved.taken,
            draining: state.draining.is_some(),
        }
    }

    /// Executions that have a slot.
    pub(crate) fn running(&self) -> usize {
        self.bounds.slots - self.lock().free
    }

    /// Requests that wait for one.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Entered {
    Slot(Slot),
    Queue(QueueTicket, oneshot::Receiver<()>),
}

impl Slot {
    fn new(slots: &Arc<Slots>, tenant: &Tenant, need: MemoryDemand) -> Slot {
        Slot { slots: Arc::clone(slots), tenant: tenant.clone(), need, grown: Arc::default() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        state.free += 1;
        self.tenant.0.slots.fetch_sub(1, Relaxed);
        state.give_back(&self.tenant, self.need.request + self.need.guest + self.grown.load(Relaxed));
        state.grant(&self.slots.bounds);
    }
}

/// A place in a queue, or the slot that was granted and not yet taken over.
struct QueueTicket {
    slots: Arc<Slots>,
    tenant: Tenant,
    need: MemoryDemand,
    /// None: it became a slot.
    id: Option<u64>,
}

impl QueueTicket {
    fn slot(&mut self) -> Slot {
        self.id = None;
        Slot::new(&self.slots, &self.tenant, self.need)
    }
}

impl Drop for QueueTicket {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut state = self.slots.lock();
        if state.remove(&self.tenant, id) {
            state.wait_no_more(&self.tenant, self.need.request);
            state.give_back(&self.tenant, self.need.request);
            state.grant(&self.slots.bounds);
        } else {
            drop(state);
            drop(self.slot());
        }
    }
}

impl State {
    fn queue_of(&self, tenant: &Tenant) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.tenant.is(tenant))
    }

    fn fits(&self, bounds: &Bounds, tenant: &Tenant, bytes: u64) -> bool {
        let has = tenant.0.slots.load(Relaxed);
        let alone = bounds.is_alone();
        let slots_fit =
            alone || has == 0 || (has as u64) < MOST_OF_FREE * (self.free as u64).saturating_sub(1);
        let reads = alone || tenant.0.sending.load(Relaxed) as u64 <= bounds.memory / MOST_UNREAD;
        self.free > 0
            && has < tenant.0.most_slots.load(Relaxed)
            && slots_fit
            && reads
            && self.leaves_room(bounds, tenant, bytes)
            && self.memory_fits(bounds, tenant, bytes)
    }

    fn take(&mut self, tenant: &Tenant, bytes: u64) {
        self.free -= 1;
        tenant.0.slots.fetch_add(1, Relaxed);
        self.set_aside(tenant, bytes);
    }

    fn set_aside(&mut self, tenant: &Tenant, bytes: u64) {
        self.memory -= bytes;
        tenant.0.memory.fetch_add(bytes as usize, Relaxed);
    }

    fn give_back(&mut self, tenant: &Tenant, bytes: u64) {
        let paid = self.owed.min(bytes);
        self.owed -= paid;
        self.memory += bytes - paid;
        tenant.0.memory.fetch_sub(bytes as usize, Relaxed);
    }

    fn push(&mut self, tenant: &Tenant, need: MemoryDemand, call: oneshot::Sender<()>) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        let waiter = Waiter { id, need, call };
        match self.queues.iter_mut().find(|queue| queue.tenant.is(tenant)) {
            Some(queue) => queue.waiters.push_back(waiter),
            None => {
                let waiters = VecDeque::from([waiter]);
                self.queues.push(Queue {
                    tenant: tenant.clone(),
                    waiters,
                    interval: 0.0,
                    last: Instant::now(),
                });
            }
        }
        id
    }

    fn remove(&mut self, tenant: &Tenant, id: u64) -> bool {
        let Some(index) = self.queues.iter().position(|queue| queue.tenant.is(tenant)) else { return false };
        let queue = &mut self.queues[index];
        let Some(position) = queue.waiters.iter().position(|waiter| waiter.id == id) else { return false };
        queue.waiters.remove(position);
        if queue.waiters.is_empty() {
            self.queues.remove(index);
        }
        true
    }

    /// Gives slots to those who wait, as far as they go.
    fn grant(&mut self, bounds: &Bounds) {
        self.grow(bounds);
        while let Some(index) = self.next(bounds) {
            let queue = &mut self.queues[index];
            let Some(waiter) = queue.waiters.pop_front() else { return };
            let now = Instant::now();
            let interval = now.saturating_duration_since(queue.last).as_secs_f64();
            queue.interval += (interval - queue.interval) * if queue.interval > 0.0 { NEWS } else { 1.0 };
            queue.last = now;
            let tenant = queue.tenant.clone();
            if queue.waiters.is_empty() {
                self.queues.remove(index);
            }
            self.wait_no_more(&tenant, waiter.need.request);
            self.take(&tenant, waiter.need.guest);
            // Whoever gave up meanwhile gives the slot back as its place goes.
            let _ = waiter.call.send(());
        }
    }

    /// The queue whose tenant has the fewest slots for its weight, of those whose first request fits.
    fn next(&self, bounds: &Bounds) -> Option<usize> {
        let fitting = (0..self.queues.len()).filter(|index| {
            let queue = &self.queues[*index];
            queue.waiters.front().is_some_and(|waiter| self.fits(bounds, &queue.tenant, waiter.need.guest))
        });
        let taken = |index: &usize| {
            let tenant = &self.queues[*index].tenant;
            tenant.0.slots.load(Relaxed) as f64 / f64::from(tenant.0.share.weight())
        };
        fitting.min_by(|one, other| taken(one).total_cmp(&taken(other)))
    }

    /// How long the tenant's next request would wait, judging by the last ones. Zero when nothing is known.
    fn expected_wait(&self, tenant: &Tenant) -> Duration {
        self.queue_of(tenant).map_or(Duration::ZERO, |queue| {
            Duration::try_from_secs_f64(queue.interval * (queue.waiters.len() + 1) as f64)
                .unwrap_or(LATEST_RETRY)
        })
    }
}

#[cfg(test)]
mod tests;
