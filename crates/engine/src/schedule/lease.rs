//! A guest's seat, from its first instruction to its end, however that comes.

use super::seat::Seat;
use super::seats::{FairShare, Seats};
use super::threads;
use super::waiter::Waiter;
use crate::execute::timing::thread_cpu_time;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a guest that is alone goes on in one go: short against the time limits that are looked at between
/// turns and against a network, long against a turn's end, which wakes another thread (6 µs, where a slice of
/// fuel lasts 80).
const ALONE: Duration = Duration::from_millis(1);

/// No slice of fuel takes longer.
const LONGEST_SLICE: Duration = Duration::from_millis(1);

/// What a guest computes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ground {
    pub(crate) others: Others,
    pub(crate) given_up: GivenUp,
}

/// What else the thread does that a guest computes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Others {
    /// Nothing.
    #[default]
    None,
    /// The guest's own task has more than it to look at: a deadline.
    OwnTask,
    /// It polls other futures, sockets and timers: they must get their turn.
    Many,
}

/// Whether nobody waits for a guest any more. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct GivenUp(Arc<AtomicBool>);

impl GivenUp {
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long a guest may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    /// What it runs and sleeps; not what it waits for a seat.
    pub(crate) wall: Duration,
    /// What it computes.
    pub(crate) cpu: Duration,
    /// What it waits for a seat, in all.
    pub(crate) waiting: Duration,
}

/// Why a guest does not get another slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Its wall time.
    WallTime,
    /// Its processor time.
    CpuTime,
    /// The time that it may wait.
    Waiting,
    /// Nobody waits for it.
    GivenUp,
    /// The engine is shutting down.
    Shutdown,
}

/// A guest's seat, or its wait for one. Dropping it gives back either.
#[derive(Debug)]
pub(crate) struct CpuLease {
    seats: Arc<Seats>,
    share: FairShare,
    place: Arc<Waiter>,
    ground: Ground,
    time: Time,
    /// When it got its seat, the first time and the last, and when other tasks of its thread last had a
    /// chance.
    started: Instant,
    seated: Instant,
    yielded: Instant,
    /// What it has slept, and waited for a seat since it started.
    slept: Duration,
    waited: Duration,
    /// Processor time of its thread up to which it is charged. None: it does not compute, or nobody counts.
    /// Real time would charge a guest for what other processes of the machine do.
    charged: Option<Duration>,
}

impl CpuLease {
    /// Waits for a seat; the wall time counts from then on.
    pub(crate) async fn begin(
        seats: &Arc<Seats>,
        share: &FairShare,
        time: Time,
        ground: Ground,
    ) -> Result<CpuLease, Over> {
        let place = Arc::new(Waiter::default());
        seats.enter(share, &place);
        let now = Instant::now();
        let mut turn = CpuLease {
            seats: Arc::clone(seats),
            share: share.clone(),
            place,
            ground,
            time,
            started: now,
            seated: now,
            yielded: now,
            slept: Duration::ZERO,
            waited: Duration::ZERO,
            charged: None,
        };
        turn.wait_for_seat().await?;
        if turn.ground.others == Others::None {
            threads::arrive().await;
            turn.sits();
        }
        turn.time.waiting = time.waiting.saturating_sub(std::mem::take(&mut turn.waited));
        turn.started = turn.seated;
        turn.place.begins(turn.seated, time.wall);
        Ok(turn)
    }

    /// Its seat, for the watchdog.
    pub(crate) fn seat(&self) -> Seat {
        Seat { seats: Arc::clone(&self.seats), share: self.share.clone(), place: Arc::clone(&self.place) }
    }

    /// When it got its seat, the first time.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// What it has slept since.
    pub(crate) fn slept(&self) -> Duration {
        self.slept
    }

    /// What it has waited since: for a seat, and with one for a processor.
    pub(crate) fn waited(&self) -> Duration {
        self.waited + self.place.kept_out()
    }

    /// The account that pays.
    pub(crate) fn share(&self) -> &FairShare {
        &self.share
    }

    /// At the end of each slice of fuel: its times are looked at, and others get their turn.
    pub(crate) async fn slice_is_over(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        if self.seats.are_ending() {
            return Err(Over::Shutdown);
        }
        if now >= self.place.end(now) {
            if !self.place.count_kept_out(now) {
                return Err(Over::WallTime);
            }
            if self.waited() >= self.time.waiting {
                return Err(Over::Waiting);
            }
        }
        // The thread's clock costs a system call, and never runs faster than the real one.
        let ran = now.saturating_duration_since(self.started);
        if ran >= self.time.cpu && self.place.computed_so_far() >= self.time.cpu {
            return Err(Over::CpuTime);
        }
        self.let_others_at(now, true).await
    }

    /// Between two pieces of work for a guest that has ended: its times do not count any more.
    pub(crate) async fn let_others(&mut self) -> Result<(), Over> {
        self.let_others_at(Instant::now(), false).await
    }

    async fn let_others_at(&mut self, now: Instant, counts: bool) -> Result<(), Over> {
        if self.ground.given_up.is_set() {
            return Err(Over::GivenUp);
        }
        if !self.seats.are_wanted() && !self.place.is_lent() {
            self.charged = None;
            let many = self.ground.others == Others::Many && self.seats.guests() > 1;
            if many || now - self.yielded >= ALONE {
                self.yield_to_others(now).await;
            }
            return Ok(());
        }
        let ran = self.ran();
        self.place.has_had(self.place.computed_so_far());
        if self.seats.may_go_on(&self.share, &self.place, ran, now - self.seated) {
            self.yield_to_others(now).await;
            // Perhaps on another thread, with another clock.
            self.charged = Some(thread_cpu_time());
        } else if counts {
            self.wait_for_seat().await?;
        } else {
            self.place.seat().await;
            self.sits();
        }
        Ok(())
    }

    /// Gives the seat back for good: the guest has ended, and what is left of it is looked at.
    pub(crate) fn give_back(&mut self) {
        let ran = self.ran();
        self.seats.stand_up(&self.share, &self.place, ran);
    }

    /// Does something that needs no processor, without a seat.
    pub(crate) async fn pause(&mut self, meanwhile: impl Future<Output = ()>) -> Result<(), Over> {
        self.place.has_had(self.place.computed_so_far());
        self.give_back();
        let began = Instant::now();
        self.place.begins_to_sleep(began);
        meanwhile.await;
        let slept = began.elapsed();
        self.slept += slept;
        self.place.has_slept(slept);
        self.seats.come_back(&self.share, &self.place);
        self.wait_for_seat().await
    }

    /// Waits for something else than a processor, without a seat: it counts as waiting.
    pub(crate) async fn wait_for<T>(&mut self, what: impl Future<Output = T>) -> Result<T, Over> {
        self.place.has_had(self.place.computed_so_far());
        self.give_back();
        let began = Instant::now();
        self.place.begins_to_wait(began);
        let most = self.time.waiting.saturating_sub(self.waited());
        let got = tokio::time::timeout(most, what).await;
        let waited = began.elapsed();
        self.waited += waited;
        self.place.has_waited(waited);
        self.seats.come_back(&self.share, &self.place);
        self.wait_for_seat().await?;
        got.map_err(|_| Over::Waiting)
    }

    /// The guest was stopped, perhaps during a sleep: gets a seat for the work that is left. The wait counts
    /// as waiting.
    pub(crate) async fn sit_again(&mut self) {
        let slept = self.place.sleeps_for(Instant::now());
        self.slept += slept;
        self.place.has_slept(slept);
        self.place.has_waited(Duration::ZERO);
        if !self.place.has_seat() {
            let began = Instant::now();
            self.seats.come_back_from_anywhere(&self.share, &self.place);
            self.place.seat().await;
            self.waited += began.elapsed();
            self.sits();
        }
    }

    /// Page faults since its start; asked by the guest that computes.
    pub(crate) fn faults(&self) -> u64 {
        self.place.faults_so_far()
    }

    async fn yield_to_others(&mut self, now: Instant) {
        self.yielded = now;
        if self.ground.others != Others::None {
            tokio::task::yield_now().await;
        }
    }

    async fn wait_for_seat(&mut self) -> Result<(), Over> {
        if !self.place.has_seat() {
            let began = Instant::now();
            self.place.begins_to_wait(began);
            let most = self.time.waiting.saturating_sub(self.waited());
            let seated = tokio::time::timeout(most, self.place.seat()).await;
            let waited = began.elapsed();
            self.waited += waited;
            self.place.has_waited(waited);
            seated.map_err(|_| Over::Waiting)?;
        }
        self.sits();
        Ok(())
    }

    fn sits(&mut self) {
        let now = Instant::now();
        (self.seated, self.yielded) = (now, now);
        self.charged = Some(thread_cpu_time());
    }

    /// Processor time since it was last charged; leaves nothing to charge.
    fn ran(&mut self) -> Duration {
        self.charged.take().map_or(Duration::ZERO, |charged| thread_cpu_time().saturating_sub(charged))
    }
}

impl Drop for CpuLease {
    fn drop(&mut self) {
        // It may be given up by a thread other than the one that it computed on, whose clock says nothing of
        // it.
        let ran = self.ran().min(self.seated.elapsed()).min(LONGEST_SLICE);
        self.seats.exit(&self.share, &self.place, ran);
    }
}
