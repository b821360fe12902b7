//! Memory that executions ask for while they run, in the account of slots.
//!
//! ```text
//! grow ─ fits? ─▶ set aside                       a slot comes free ─▶ the first in the queue that fits, in its order
//!        else  ─▶ queue, before all new requests ─┤
//!                                                 └ all that run wait here ─▶ the last of them is refused, and ends
//! ```
//!
//! Whoever waits holds what it has. When everybody waits, somebody has to give way: the one that asked last,
//! which has most of its work before it. So there is always one that goes on.

use super::{Bounds, MOST_OF_FREE, Slot, Slots, State, for_one_execution};
use crate::error::bytes as readable;
use crate::tenants::Tenant;
use ampoule_engine::{Growing, MemoryGrant, NoMemory};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::oneshot;

/// When an execution that gave way may find more memory: those before it have ended, or most of them.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// One in so many parts of the memory is left to those that run when a new execution starts: or all would
/// stop half-way.
const ROOM_TO_GROW: u64 = 4;

/// Of the memory, one part in so many is left by what grows where there are several tenants: for the first
/// execution of those that have none.
const ROOM_FOR_FIRST: u64 = 16;

/// The memory of one execution.
#[derive(Debug)]
struct SlotMemory {
    slots: Arc<Slots>,
    tenant: Tenant,
    at_start: u64,
    grown: Arc<AtomicU64>,
}

/// An execution that waits for more.
#[derive(Debug)]
pub(super) struct Growth {
    id: u64,
    tenant: Tenant,
    bytes: u64,
    grown: Arc<AtomicU64>,
    /// Whether it got it.
    call: oneshot::Sender<bool>,
}

impl Slot {
    /// The memory of its execution.
    pub(crate) fn memory(&self) -> Arc<dyn MemoryGrant> {
        Arc::new(SlotMemory {
            slots: Arc::clone(&self.slots),
            tenant: self.tenant.clone(),
            at_start: self.need.guest,
            grown: Arc::clone(&self.grown),
        })
    }
}

impl MemoryGrant for SlotMemory {
    fn granted(&self) -> u64 {
        self.at_start + self.grown.load(Relaxed)
    }

    fn try_grow(&self, bytes: u64) -> bool {
        let mut state = self.slots.lock();
        let bounds = &self.slots.bounds;
        let fits = !state.growth_waits(bounds) && state.growth_fits(bounds, &self.tenant, bytes);
        if fits {
            state.set_aside(&self.tenant, bytes);
            self.grown.fetch_add(bytes, Relaxed);
        }
        fits
    }

    fn refusal(&self, bytes: u64) -> NoMemory {
        self.gave_way(bytes)
    }

    fn grow(&self, bytes: u64) -> Growing<'_> {
        Box::pin(async move {
            match self.wait_for(bytes)? {
                None => Ok(()),
                Some((place, called)) => {
                    let granted = called.await.unwrap_or(false);
                    place.leave();
                    if granted { Ok(()) } else { Err(self.gave_way(bytes)) }
                }
            }
        })
    }
}

impl SlotMemory {
    /// None: it is granted.
    fn wait_for(&self, bytes: u64) -> Result<Option<(QueueTicket<'_>, oneshot::Receiver<bool>)>, NoMemory> {
        let bounds = &self.slots.bounds;
        let most = for_one_execution(bounds.memory);
        if self.granted() + bytes > most {
            let reason = format!(
                "the execution needs more than the {} that this server has for executions, within its own limits: use less memory, or have the server's `memory` raised",
                readable(most)
            );
            return Err(NoMemory { reason, retry_after: LONGEST_RETRY });
        }
        let mut state = self.slots.lock();
        if !state.growth_waits(bounds) && state.growth_fits(bounds, &self.tenant, bytes) {
            state.set_aside(&self.tenant, bytes);
            self.grown.fetch_add(bytes, Relaxed);
            return Ok(None);
        }
        if state.growing.len() + 1 >= bounds.slots - state.free {
            drop(state);
            return Err(self.gave_way(bytes));
        }
        let (call, called) = oneshot::channel();
        state.next_id += 1;
        let id = state.next_id;
        let (tenant, grown) = (self.tenant.clone(), Arc::clone(&self.grown));
        state.growing.push_back(Growth { id, tenant, bytes, grown, call });
        Ok(Some((QueueTicket { slots: &self.slots, id }, called)))
    }

    fn gave_way(&self, bytes: u64) -> NoMemory {
        let reason = format!(
            "the server's memory is taken by other executions: this one has {} and needs {} more",
            readable(self.granted() >> 20 << 20),
            readable(bytes >> 20 << 20)
        );
        NoMemory { reason, retry_after: RETRY_AFTER }
    }
}

/// For what will not be better soon.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// A place in the queue of those who grow; dropping it leaves the queue.
struct QueueTicket<'a> {
    slots: &'a Arc<Slots>,
    id: u64,
}

impl QueueTicket<'_> {
    /// It was called: it is in the queue no more.
    fn leave(self) {
        std::mem::forget(self);
    }
}

impl Drop for QueueTicket<'_> {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        // What it was granted meanwhile is its slot's, and goes with it.
        state.growing.retain(|growth| growth.id != self.id);
        state.grant(&self.slots.bounds);
    }
}

/// Of so many bytes, what executions may have when they start.
pub(crate) fn for_new_executions(memory: u64) -> u64 {
    memory - memory / ROOM_TO_GROW
}

/// Whether a tenant may have so much more where so much is left. One that has a single execution may have all
/// of it.
fn is_within_share(bounds: &Bounds, tenant: &Tenant, bytes: u64, left: u64) -> bool {
    let has = tenant.0.memory.load(Relaxed) as u64;
    bounds.is_alone() || tenant.0.slots.load(Relaxed) <= 1 || has + bytes <= MOST_OF_FREE * left
}

impl State {
    /// Whether a new execution leaves something for those that run to grow into. The first may take all there
    /// is, and so may the first of a tenant, for which what grows leaves something: however much others want,
    /// each gets its turn.
    pub(super) fn leaves_room(&self, bounds: &Bounds, tenant: &Tenant, bytes: u64) -> bool {
        let is_first = !bounds.is_alone() && tenant.0.slots.load(Relaxed) == 0;
        if self.free == bounds.slots || is_first {
            return true;
        }
        let left = self.memory.saturating_sub(bytes);
        !self.growth_waits(bounds) && left >= bounds.memory / ROOM_TO_GROW
    }

    /// Whether an execution waits for memory that goes before all others. One that would take more than its
    /// tenant's share waits for its own tenant, and keeps nobody else from anything.
    fn growth_waits(&self, bounds: &Bounds) -> bool {
        self.growing.iter().any(|growth| is_within_share(bounds, &growth.tenant, growth.bytes, self.memory))
    }

    fn growth_fits(&self, bounds: &Bounds, tenant: &Tenant, bytes: u64) -> bool {
        let Some(left) = self.memory.checked_sub(bytes) else { return false };
        let runs_alone = bounds.slots - self.free <= 1;
        let leaves_first = bounds.is_alone() || runs_alone || left >= bounds.memory / ROOM_FOR_FIRST;
        leaves_first && is_within_share(bounds, tenant, bytes, left)
    }

    /// Gives memory to those who wait for it; if nobody can go on, the last of them gives way.
    pub(super) fn grow(&mut self, bounds: &Bounds) {
        let mut index = 0;
        while let Some(growth) = self.growing.get(index) {
            if !self.growth_fits(bounds, &growth.tenant, growth.bytes) {
                index += 1;
                continue;
            }
            if let Some(growth) = self.growing.remove(index) {
                self.set_aside(&growth.tenant, growth.bytes);
                growth.grown.fetch_add(growth.bytes, Relaxed);
                // Whoever left meanwhile gives it back with its slot.
                let _ = growth.call.send(true);
            }
        }
        let running = bounds.slots - self.free;
        if running > 0
            && self.growing.len() >= running
            && let Some(last) = self.growing.pop_back()
        {
            let _ = last.call.send(false);
        }
    }
}
