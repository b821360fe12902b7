//! A guest among the seats, and its times: as its own task, the seats and the watchdog see them.

use crate::execute::timing::{thread_cpu_time, thread_faults};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How guests of one share are served, by the processor time that they have had: those that have had less go
/// first, and within a level one after another for a quantum. So short executions end in their first slices,
/// and of many long ones a few are finished at a time instead of all at the end.
const LEVELS: [Level; 5] = [
    // Short: far above a common code node, far below what anybody would call long. The quantum is long
    // against a switch (6 µs and cold caches), short against what people notice.
    Level { below: Duration::from_millis(5), quantum: Duration::from_millis(1) },
    Level { below: Duration::from_millis(50), quantum: Duration::from_millis(5) },
    Level { below: Duration::from_millis(500), quantum: Duration::from_millis(100) },
    // From here on a turn is long enough to end most programs in it.
    Level { below: Duration::from_secs(5), quantum: Duration::from_secs(2) },
    Level { below: Duration::MAX, quantum: Duration::from_secs(5) },
];

pub(super) const LEVEL_COUNT: usize = LEVELS.len();

struct Level {
    /// Guests that have had less than this.
    below: Duration,
    quantum: Duration,
}

/// A guest, as the seats know it.
#[derive(Debug)]
pub(super) struct Waiter {
    /// Has a seat; written under the lock of the seats.
    pub(super) seated: AtomicBool,
    /// Another guest was given its seat beside it, as it did not come back; written under the lock.
    pub(super) lent: AtomicBool,
    /// It computes beside that one, and its share is held to account for it; written under the lock.
    pub(super) beside: AtomicBool,
    /// Told when it gets one.
    pub(super) called: Notify,
    /// Processor time that it has had, in nanoseconds, when the seats last heard of it; written under the
    /// lock.
    had: AtomicU64,
    /// The same when its quantum began.
    quantum_began: AtomicU64,
    /// What the times below count from.
    epoch: Instant,
    /// When its wall time is over, in nanoseconds; waiting for a seat puts it off.
    end: AtomicU64,
    /// Since when it has waited for a seat, in nanoseconds; 0: it does not.
    waits_since: AtomicU64,
    /// Since when it has slept, in nanoseconds; 0: it does not.
    sleeps_since: AtomicU64,
    /// When it began, and what it has slept and waited since, in nanoseconds.
    began: AtomicU64,
    rested: AtomicU64,
    /// What it had a seat for and the system gave it no processor, in nanoseconds, as far as that was
    /// counted. It is a part of `rested`.
    kept_out: AtomicU64,
    /// Processor time of the polls that have ended, in nanoseconds.
    computed: AtomicU64,
    /// Its thread's processor time when the poll began that it is in, in nanoseconds.
    poll_began: AtomicU64,
    /// Page faults of the polls that have ended, and its thread's when the poll began that it is in.
    faults: AtomicU64,
    faults_before: AtomicU64,
}

impl Default for Waiter {
    fn default() -> Self {
        Waiter {
            seated: AtomicBool::default(),
            lent: AtomicBool::default(),
            beside: AtomicBool::default(),
            called: Notify::new(),
            had: AtomicU64::default(),
            quantum_began: AtomicU64::default(),
            epoch: Instant::now(),
            end: AtomicU64::new(u64::MAX),
            waits_since: AtomicU64::default(),
            sleeps_since: AtomicU64::default(),
            began: AtomicU64::default(),
            rested: AtomicU64::default(),
            kept_out: AtomicU64::default(),
            computed: AtomicU64::default(),
            poll_began: AtomicU64::new(u64::MAX),
            faults: AtomicU64::default(),
            faults_before: AtomicU64::new(u64::MAX),
        }
    }
}

impl Waiter {
    pub(super) fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }

    pub(super) fn has_seat(&self) -> bool {
        self.seated.load(Ordering::Acquire)
    }

    /// Waits until it has a seat.
    pub(super) async fn seat(&self) {
        while !self.has_seat() {
            self.called.notified().await;
        }
    }

    /// What the seats hear of it: the processor time that it has had.
    pub(super) fn has_had(&self, time: Duration) {
        self.had.store(nanos(time), Ordering::Relaxed);
    }

    pub(super) fn level(&self) -> usize {
        let had = Duration::from_nanos(self.had.load(Ordering::Relaxed));
        LEVELS.iter().position(|level| had < level.below).unwrap_or(LEVEL_COUNT - 1)
    }

    /// Whether others of its level are next.
    pub(super) fn quantum_is_over(&self) -> bool {
        let (had, began) = (self.had.load(Ordering::Relaxed), self.quantum_began.load(Ordering::Relaxed));
        Duration::from_nanos(had.saturating_sub(began)) >= LEVELS[self.level()].quantum
    }

    pub(super) fn begin_quantum(&self) {
        self.quantum_began.store(self.had.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// When its wall time is over; later as long as it waits.
    pub(super) fn end(&self, now: Instant) -> Instant {
        let end = self.end.load(Ordering::Relaxed);
        let waited = match self.waits_since.load(Ordering::Relaxed) {
            0 => 0,
            since => self.since_epoch(now).saturating_sub(since),
        };
        self.epoch + Duration::from_nanos(end.saturating_add(waited).min(LONGEST))
    }

    /// It has its first seat, and its wall time counts from then on.
    pub(super) fn begins(&self, now: Instant, wall_time: Duration) {
        let began = self.since_epoch(now);
        self.began.store(began, Ordering::Relaxed);
        self.rested.store(0, Ordering::Relaxed);
        self.end.store(began.saturating_add(nanos(wall_time)), Ordering::Relaxed);
    }

    pub(super) fn begins_to_wait(&self, now: Instant) {
        self.waits_since.store(self.since_epoch(now).max(1), Ordering::Relaxed);
    }

    /// It waits no more; its wall time is over so much later.
    pub(super) fn has_waited(&self, time: Duration) {
        self.put_off(nanos(time));
        self.waits_since.store(0, Ordering::Relaxed);
    }

    pub(super) fn begins_to_sleep(&self, now: Instant) {
        self.sleeps_since.store(self.since_epoch(now).max(1), Ordering::Relaxed);
    }

    /// It sleeps no more. Its wall time goes on while it sleeps.
    pub(super) fn has_slept(&self, time: Duration) {
        self.rested.fetch_add(nanos(time), Ordering::Relaxed);
        self.sleeps_since.store(0, Ordering::Relaxed);
    }

    /// How long it has slept, if it does.
    pub(super) fn sleeps_for(&self, now: Instant) -> Duration {
        match self.sleeps_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_nanos(self.since_epoch(now).saturating_sub(since)),
        }
    }

    /// Counts what it had a seat for and no processor, as other processes of the machine had them, or the
    /// container its quota: of what is neither rest nor its thread's processor time. That is waiting: the
    /// wall time is over so much later. For the thread that it computes on, or for whoever asks when it does
    /// not. Answers whether the wall time was put off.
    pub(super) fn count_kept_out(&self, now: Instant) -> bool {
        let now = self.since_epoch(now);
        // A short execution does not pay for the system calls below.
        if now.saturating_sub(self.began.load(Ordering::Relaxed)) < LEAST_KEPT_OUT {
            return false;
        }
        let resting = |since: &AtomicU64| match since.load(Ordering::Relaxed) {
            0 => 0,
            since => now.saturating_sub(since),
        };
        let rested = self.rested.load(Ordering::Relaxed)
            + resting(&self.sleeps_since)
            + resting(&self.waits_since)
            + nanos(self.computed_so_far());
        let kept_out = now.saturating_sub(self.began.load(Ordering::Relaxed)).saturating_sub(rested);
        if kept_out < LEAST_KEPT_OUT {
            return false;
        }
        self.kept_out.fetch_add(kept_out, Ordering::Relaxed);
        self.put_off(kept_out);
        true
    }

    /// What [`Waiter::count_kept_out`] has counted.
    pub(super) fn kept_out(&self) -> Duration {
        Duration::from_nanos(self.kept_out.load(Ordering::Relaxed))
    }

    fn put_off(&self, time: u64) {
        self.rested.fetch_add(time, Ordering::Relaxed);
        let end = self.end.load(Ordering::Relaxed);
        self.end.store(end.saturating_add(time), Ordering::Relaxed);
    }

    /// It is about to compute on the calling thread.
    pub(super) fn poll_begins(&self) {
        self.poll_began.store(nanos(thread_cpu_time()), Ordering::Relaxed);
        self.faults_before.store(thread_faults(), Ordering::Relaxed);
    }

    /// It has ended to compute on the calling thread; what that took.
    pub(super) fn poll_ends(&self) -> Duration {
        let took = nanos(thread_cpu_time()).saturating_sub(self.poll_began.load(Ordering::Relaxed));
        self.computed.fetch_add(took, Ordering::Relaxed);
        self.poll_began.store(u64::MAX, Ordering::Relaxed);
        self.faults.store(self.faults_so_far(), Ordering::Relaxed);
        self.faults_before.store(u64::MAX, Ordering::Relaxed);
        Duration::from_nanos(took)
    }

    /// Processor time of all polls that have ended.
    pub(super) fn computed(&self) -> Duration {
        Duration::from_nanos(self.computed.load(Ordering::Relaxed))
    }

    /// The same with the poll that it is in, if it is in one: for the thread that it computes on.
    pub(super) fn computed_so_far(&self) -> Duration {
        let now = nanos(thread_cpu_time()).saturating_sub(self.poll_began.load(Ordering::Relaxed));
        self.computed() + Duration::from_nanos(now)
    }

    /// Page faults while it computed, for the thread that it computes on or for whoever asks when it does
    /// not.
    pub(super) fn faults_so_far(&self) -> u64 {
        // Of no poll: nothing.
        let now = thread_faults().saturating_sub(self.faults_before.load(Ordering::Relaxed));
        self.faults.load(Ordering::Relaxed) + now
    }

    fn since_epoch(&self, time: Instant) -> u64 {
        nanos(time.saturating_duration_since(self.epoch))
    }
}

/// Less than this, in nanoseconds, is what switching and starting take rather than what others do.
const LEAST_KEPT_OUT: u64 = 1_000_000;

/// A hundred years: what an [`Instant`] can be later than another.
const LONGEST: u64 = 100 * 366 * 24 * 3600 * 1_000_000_000;

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
