//! A guest's seat, from its first instruction to its end, however that comes.

use super::seat::Seat;
use super::seats::{Place, Seats, Share};
use crate::timing::thread_cpu_time;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a guest that is alone goes on in one go: short against the time limits that are looked at between turns and
/// against a network, long against a turn's end, which wakes another thread (6 µs, where a slice of fuel lasts 80).
const ALONE: Duration = Duration::from_millis(1);

/// No slice of fuel takes longer.
const LONGEST_SLICE: Duration = Duration::from_millis(1);

/// What a guest computes on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ground {
    /// The thread polls other futures, sockets and timers, too: they must get their turn.
    pub(crate) shared: bool,
    /// Nobody waits for the guest any more.
    pub(crate) given_up: Arc<AtomicBool>,
}

/// Why a guest does not get another slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Its wall time.
    WallTime,
    /// Nobody waits for it.
    GivenUp,
}

/// A guest's seat, or its wait for one. Dropping it gives back either.
#[derive(Debug)]
pub(crate) struct Turn {
    seats: Arc<Seats>,
    share: Share,
    place: Arc<Place>,
    ground: Ground,
    /// When its wall time is over; not before it has a seat.
    end: Instant,
    /// When it got its seat, and when other tasks of its thread last had a chance.
    seated: Instant,
    yielded: Instant,
    /// Processor time of its thread up to which it is charged. None: it does not compute, or nobody counts. Real time would
    /// charge a guest for what other processes of the machine do.
    charged: Option<Duration>,
}

impl Turn {
    /// Waits for a seat; the wall time counts from then on.
    pub(crate) async fn begin(
        seats: &Arc<Seats>,
        share: &Share,
        wall_time: Duration,
        ground: Ground,
    ) -> Turn {
        let place = Arc::new(Place::default());
        seats.enter(share, &place);
        let now = Instant::now();
        let mut turn = Turn {
            seats: Arc::clone(seats),
            share: share.clone(),
            place,
            ground,
            end: now,
            seated: now,
            yielded: now,
            charged: None,
        };
        turn.wait_for_seat().await;
        turn.end = turn.seated + wall_time;
        turn
    }

    /// Its seat, for the watchdog.
    pub(crate) fn seat(&self) -> Seat {
        Seat { seats: Arc::clone(&self.seats), place: Arc::clone(&self.place) }
    }

    /// When its wall time is over.
    pub(crate) fn end(&self) -> Instant {
        self.end
    }

    /// When it got its seat, the last time.
    pub(crate) fn seated(&self) -> Instant {
        self.seated
    }

    /// The account that pays.
    pub(crate) fn share(&self) -> &Share {
        &self.share
    }

    /// At the end of each slice of fuel: the wall time is looked at, and others get their turn.
    pub(crate) async fn slice_is_over(&mut self) -> Result<(), Over> {
        let now = Instant::now();
        if now >= self.end {
            return Err(Over::WallTime);
        }
        self.let_others_at(now).await
    }

    /// Between two pieces of work for a guest that has ended: its wall time does not count any more.
    pub(crate) async fn let_others(&mut self) -> Result<(), Over> {
        self.let_others_at(Instant::now()).await
    }

    async fn let_others_at(&mut self, now: Instant) -> Result<(), Over> {
        if self.ground.given_up.load(Ordering::Relaxed) {
            return Err(Over::GivenUp);
        }
        if !self.seats.are_wanted() && !self.place.is_lent() {
            self.charged = None;
            if self.seats.guests() > 1 || now - self.yielded >= ALONE {
                self.yield_to_others(now).await;
            }
            return Ok(());
        }
        let ran = self.ran();
        if self.seats.may_go_on(&self.share, &self.place, ran, now - self.seated) {
            self.yield_to_others(now).await;
            // Perhaps on another thread, with another clock.
            self.charged = Some(thread_cpu_time());
        } else {
            self.wait_for_seat().await;
        }
        Ok(())
    }

    /// Gives the seat back for good: the guest has ended, and what is left of it is looked at.
    pub(crate) fn give_back(&mut self) {
        let ran = self.ran();
        self.seats.stand_up(&self.share, &self.place, ran);
    }

    /// Does something that needs no processor, without a seat.
    pub(crate) async fn pause(&mut self, meanwhile: impl Future<Output = ()>) {
        self.give_back();
        meanwhile.await;
        self.seats.come_back(&self.share, &self.place);
        self.wait_for_seat().await;
    }

    async fn yield_to_others(&mut self, now: Instant) {
        self.yielded = now;
        if self.ground.shared {
            tokio::task::yield_now().await;
        }
    }

    async fn wait_for_seat(&mut self) {
        self.place.seat().await;
        let now = Instant::now();
        (self.seated, self.yielded) = (now, now);
        self.charged = Some(thread_cpu_time());
    }

    /// Processor time since it was last charged; leaves nothing to charge.
    fn ran(&mut self) -> Duration {
        self.charged.take().map_or(Duration::ZERO, |charged| thread_cpu_time().saturating_sub(charged))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // It may be given up by a thread other than the one that it computed on, whose clock says nothing of it.
        let ran = self.ran().min(self.seated.elapsed()).min(LONGEST_SLICE);
        self.seats.exit(&self.share, &self.place, ran);
    }
}
