//! Seats and accounts: start-time fair queueing between shares, feedback queues within one (`place`).
//!
//! A share's *virtual time* is the processor time it was given while somebody waited, divided by its weight;
//! the waiting share whose virtual time is lowest is next. A share that comes back from idling starts at the
//! virtual time of who was served last, so nobody saves up time by doing nothing, and time that nobody else
//! wanted costs nothing.

use super::waiter::{LEVEL_COUNT, Waiter};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a guest keeps its seat when others of another share wait that were served as much: long against a
/// switch (6 µs and cold caches), short against what people notice.
const QUANTUM: Duration = Duration::from_millis(1);

/// One pick in so many is for the longest executions while shorter ones wait too, so that a stream of short
/// ones starves no one.
const PICKS_PER_LONG: u32 = 4;

/// The virtual time, in seconds, that a share can be behind: one that has fewer guests than its share would
/// feed is not paid back later.
const MOST_BEHIND: f64 = 0.010;

/// Guests of one share that compute at most beside others that were given their seats: each is one more that
/// the processors are shared with. As long as there are so many, the share gets no seat.
const MOST_BESIDE: usize = 2;

/// An account of processor time: guests of one share compete as one with those of the others, however many
/// they are. Cheap to clone; clones are the same account.
#[derive(Clone, Debug)]
pub struct FairShare(Arc<Account>);

#[derive(Debug)]
struct Account {
    weight: AtomicU32,
    /// Seconds, as the bits of an `f64`; written under the lock of [`Seats`] only.
    virtual_time: AtomicU64,
    /// Guests alive, waiting ones included; under the same lock.
    guests: AtomicUsize,
    /// Guests that compute although their seats were lent to others; under the same lock.
    beside: AtomicUsize,
    /// Units of fuel used so far.
    fuel: AtomicU64,
    /// Processor time used so far, in nanoseconds.
    cpu: AtomicU64,
}

impl FairShare {
    /// The largest weight; a weight of 0 counts as 1.
    pub const MAX_WEIGHT: u32 = 1000;

    /// An account of this weight: next to one of weight 1, one of weight 3 gets three quarters of the
    /// processors.
    pub fn new(weight: u32) -> FairShare {
        let share = FairShare(Arc::new(Account {
            weight: AtomicU32::new(1),
            virtual_time: AtomicU64::new(0),
            guests: AtomicUsize::new(0),
            beside: AtomicUsize::new(0),
            fuel: AtomicU64::new(0),
            cpu: AtomicU64::new(0),
        }));
        share.set_weight(weight);
        share
    }

    /// Its weight.
    pub fn weight(&self) -> u32 {
        self.0.weight.load(Ordering::Relaxed)
    }

    /// Changes the weight: processor time that is given from now on counts by it.
    pub fn set_weight(&self, weight: u32) {
        self.0.weight.store(weight.clamp(1, FairShare::MAX_WEIGHT), Ordering::Relaxed);
    }

    /// Units of fuel that its guests have used, those included that were given up; counted at the end of each
    /// slice.
    pub fn fuel(&self) -> u64 {
        self.0.fuel.load(Ordering::Relaxed)
    }

    pub(crate) fn burn(&self, fuel: u64) {
        self.0.fuel.fetch_add(fuel, Ordering::Relaxed);
    }

    /// Processor time that its guests have used; counted whenever one of them lets others go first, or ends.
    pub fn cpu_time(&self) -> Duration {
        Duration::from_nanos(self.0.cpu.load(Ordering::Relaxed))
    }

    pub(super) fn spend(&self, cpu_time: Duration) {
        self.0.cpu.fetch_add(cpu_time.as_nanos() as u64, Ordering::Relaxed);
    }

    fn is(&self, other: &FairShare) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn virtual_time(&self) -> f64 {
        f64::from_bits(self.0.virtual_time.load(Ordering::Relaxed))
    }

    /// Whether its guests may have seats.
    fn may_sit(&self) -> bool {
        self.0.beside.load(Ordering::Relaxed) < MOST_BESIDE
    }

    fn set_virtual_time(&self, seconds: f64) {
        self.0.virtual_time.store(seconds.to_bits(), Ordering::Relaxed);
    }
}

/// The seats of an engine.
#[derive(Debug)]
pub(crate) struct Seats {
    state: Mutex<State>,
    /// Guests that wait; kept beside the lock because every slice asks.
    waiting: AtomicUsize,
    /// Guests alive.
    guests: AtomicUsize,
    /// All guests are to end: those that compute ask at the end of a slice.
    ending: AtomicBool,
}

#[derive(Debug)]
struct State {
    free: usize,
    /// Virtual time of who was served last; never goes back.
    now: f64,
    /// Shares with guests that wait, in the order in which they came.
    queues: Vec<Queue>,
}

#[derive(Debug)]
struct Queue {
    share: FairShare,
    /// By level: those that have had least come first.
    levels: [VecDeque<Arc<Waiter>>; LEVEL_COUNT],
    picks: u32,
}

impl Seats {
    pub(crate) fn new(seats: usize) -> Self {
        Seats {
            state: Mutex::new(State { free: seats.max(1), now: 0.0, queues: Vec::new() }),
            waiting: AtomicUsize::new(0),
            guests: AtomicUsize::new(0),
            ending: AtomicBool::new(false),
        }
    }

    /// From now on no guest gets another slice.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    pub(super) fn are_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Whether somebody waits for a seat.
    pub(super) fn are_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Guests alive.
    pub(super) fn guests(&self) -> usize {
        self.guests.load(Ordering::Relaxed)
    }

    /// A guest comes to life.
    pub(super) fn enter(&self, share: &FairShare, place: &Arc<Waiter>) {
        self.guests.fetch_add(1, Ordering::Relaxed);
        let mut state = self.lock();
        if share.0.guests.fetch_add(1, Ordering::Relaxed) == 0 {
            share.set_virtual_time(share.virtual_time().max(state.now));
        }
        self.sit_or_wait(&mut state, share, place, End::Back);
    }

    /// A guest without a seat wants one again.
    pub(super) fn come_back(&self, share: &FairShare, place: &Arc<Waiter>) {
        self.sit_or_wait(&mut self.lock(), share, place, End::Back);
    }

    /// A guest gives its seat back and lives on.
    pub(super) fn stand_up(&self, share: &FairShare, place: &Arc<Waiter>, ran: Duration) {
        let mut state = self.lock();
        self.charge(&state, share, ran);
        self.leave_seat(&mut state, share, place);
    }

    /// A guest ends, wherever it was.
    pub(super) fn exit(&self, share: &FairShare, place: &Arc<Waiter>, ran: Duration) {
        self.guests.fetch_sub(1, Ordering::Relaxed);
        let mut state = self.lock();
        share.0.guests.fetch_sub(1, Ordering::Relaxed);
        if place.seated.load(Ordering::Relaxed) {
            self.charge(&state, share, ran);
            self.leave_seat(&mut state, share, place);
        } else if state.forget(share, place) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// A guest that was stopped wherever it was goes on with something else: with its seat, or to wait for
    /// one.
    pub(super) fn come_back_from_anywhere(&self, share: &FairShare, place: &Arc<Waiter>) {
        let mut state = self.lock();
        if place.seated.load(Ordering::Relaxed) {
            return;
        }
        if state.forget(share, place) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        self.sit_or_wait(&mut state, share, place, End::Back);
    }

    /// A guest with a seat has computed for `ran` since the last time, and for `turn` since it sat down.
    /// False: it lost its seat to somebody else and waits.
    pub(super) fn may_go_on(
        &self,
        share: &FairShare,
        place: &Arc<Waiter>,
        ran: Duration,
        turn: Duration,
    ) -> bool {
        let mut state = self.lock();
        self.charge(&state, share, ran);
        if !place.is_lent() && !state.should_switch(share, place, turn) {
            state.goes_on(share);
            return true;
        }
        // First the next one is chosen, then this one waits: it must not be chosen itself.
        self.leave_seat(&mut state, share, place);
        // Who was in the middle of its quantum goes on before others of its level.
        let end = if place.quantum_is_over() { End::Back } else { End::Front };
        self.sit_or_wait(&mut state, share, place, end);
        place.seated.load(Ordering::Relaxed)
    }

    fn sit_or_wait(&self, state: &mut State, share: &FairShare, place: &Arc<Waiter>, end: End) {
        if end == End::Back {
            place.begin_quantum();
        }
        if state.free > 0 && share.may_sit() {
            state.free -= 1;
            place.seated.store(true, Ordering::Release);
        } else {
            self.waiting.fetch_add(1, Ordering::Relaxed);
            state.queue(share).push(place, end);
        }
    }

    /// The seat of a guest that does not come back goes to another one, and the guest has none to give back.
    /// If it `computes`, its share is held to account for it.
    pub(super) fn lend(&self, share: &FairShare, place: &Waiter, computes: bool) {
        let mut state = self.lock();
        if place.seated.load(Ordering::Relaxed) && !place.lent.swap(true, Ordering::Relaxed) {
            place.beside.store(computes, Ordering::Relaxed);
            share.0.beside.fetch_add(usize::from(computes), Ordering::Relaxed);
            self.hand_over(&mut state);
        }
    }

    fn leave_seat(&self, state: &mut State, share: &FairShare, place: &Waiter) {
        // A guest without a seat must not return one: there would be one seat too many from then on.
        if !place.seated.swap(false, Ordering::Relaxed) {
            return;
        }
        if !place.lent.swap(false, Ordering::Relaxed) {
            self.hand_over(state);
        } else if place.beside.swap(false, Ordering::Relaxed) {
            share.0.beside.fetch_sub(1, Ordering::Relaxed);
            // Others of its share may have waited for that only.
            for _ in 0..std::mem::take(&mut state.free) {
                self.hand_over(state);
            }
        }
    }

    /// A seat goes to who is next.
    fn hand_over(&self, state: &mut State) {
        match state.pick() {
            None => state.free += 1,
            Some(next) => {
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                next.seated.store(true, Ordering::Release);
                next.called.notify_one();
            }
        }
    }

    /// Time is charged only while somebody waits for it.
    fn charge(&self, state: &State, share: &FairShare, ran: Duration) {
        if !state.queues.is_empty() {
            let charged = share.virtual_time() + ran.as_secs_f64() / f64::from(share.weight());
            share.set_virtual_time(charged.max(state.now - MOST_BEHIND));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn queue(&mut self, share: &FairShare) -> &mut Queue {
        let found = self.queues.iter().position(|queue| queue.share.is(share));
        let index = found.unwrap_or_else(|| {
            self.queues.push(Queue { share: share.clone(), levels: Default::default(), picks: 0 });
            self.queues.len() - 1
        });
        &mut self.queues[index]
    }

    /// The queue that is next: that of the share which is furthest behind, of those that may have seats;
    /// among equals who came first.
    fn next(&self) -> Option<usize> {
        let virtual_time = |index: &usize| self.queues[*index].share.virtual_time();
        let may_sit = |index: &usize| self.queues[*index].share.may_sit();
        (0..self.queues.len())
            .filter(may_sit)
            .min_by(|one, other| virtual_time(one).total_cmp(&virtual_time(other)))
    }

    fn pick(&mut self) -> Option<Arc<Waiter>> {
        let index = self.next()?;
        let queue = &mut self.queues[index];
        self.now = self.now.max(queue.share.virtual_time());
        let place = queue.pop();
        if queue.is_empty() {
            self.queues.remove(index);
        }
        place
    }

    /// A share is served on: it is as if it had been picked. Turns are long, and a share that comes back must
    /// not find the time of the last pick.
    fn goes_on(&mut self, share: &FairShare) {
        let next = self.next().map_or(f64::INFINITY, |index| self.queues[index].share.virtual_time());
        self.now = self.now.max(share.virtual_time().min(next));
    }

    /// Whether the one who is next should have the seat of a guest now.
    fn should_switch(&self, share: &FairShare, place: &Waiter, turn: Duration) -> bool {
        let Some(queue) = self.next().map(|index| &self.queues[index]) else { return false };
        let (next, own) = (queue.level(), place.level());
        if queue.share.is(share) {
            return next < own || (next == own && place.quantum_is_over());
        }
        let (theirs, ours) = (queue.share.virtual_time(), share.virtual_time());
        // Ties go to the short one too: a share that just woke up stands where the last one was served.
        if next == 0 { theirs <= ours } else { theirs < ours && turn >= QUANTUM }
    }

    fn forget(&mut self, share: &FairShare, place: &Arc<Waiter>) -> bool {
        let Some(index) = self.queues.iter().position(|queue| queue.share.is(share)) else { return false };
        let queue = &mut self.queues[index];
        let forgotten = queue.levels.iter_mut().any(|places| {
            let found = places.iter().position(|other| Arc::ptr_eq(other, place));
            found.and_then(|at| places.remove(at)).is_some()
        });
        if queue.is_empty() {
            self.queues.remove(index);
        }
        forgotten
    }
}

/// An end of a queue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Front,
    Back,
}

impl Queue {
    fn push(&mut self, place: &Arc<Waiter>, end: End) {
        let places = &mut self.levels[place.level()];
        match end {
            End::Front => places.push_front(Arc::clone(place)),
            End::Back => places.push_back(Arc::clone(place)),
        }
    }

    fn pop(&mut self) -> Option<Arc<Waiter>> {
        self.picks = self.picks.wrapping_add(1);
        let longest_first = self.picks.is_multiple_of(PICKS_PER_LONG);
        let mut levels = self.levels.iter_mut();
        if longest_first {
            levels.rev().find_map(VecDeque::pop_front)
        } else {
            levels.find_map(VecDeque::pop_front)
        }
    }

    /// The lowest level that somebody waits at.
    fn level(&self) -> usize {
        self.levels.iter().position(|places| !places.is_empty()).unwrap_or(LEVEL_COUNT)
    }

    fn is_empty(&self) -> bool {
        self.levels.iter().all(VecDeque::is_empty)
    }
}

#[cfg(test)]
#[path = "seats_tests.rs"]
mod tests;
