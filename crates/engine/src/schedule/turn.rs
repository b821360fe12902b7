//! A guest's seat, from its first instruction to its end, however that comes.

use super::seats::{Place, Seats, Share};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a guest that is alone goes on in one go: short against the time limits that are looked at between turns and
/// against a network, long against a turn's end, which wakes another thread (6 µs, where a slice of fuel lasts 80).
const ALONE: Duration = Duration::from_millis(1);

/// A guest's seat, or its wait for one. Dropping it gives back either.
#[derive(Debug)]
pub(crate) struct Turn {
    seats: Arc<Seats>,
    share: Share,
    place: Arc<Place>,
    /// Computes; the times below are of now.
    computes: bool,
    /// When it got its seat.
    seated: Instant,
    /// Up to when its time is charged.
    charged: Instant,
    /// When other tasks of its thread last had a chance.
    yielded: Instant,
}

impl Turn {
    /// Waits for a seat.
    pub(crate) async fn begin(seats: &Arc<Seats>, share: &Share) -> Turn {
        let place = Arc::new(Place::default());
        seats.enter(share, &place);
        let now = Instant::now();
        let mut turn = Turn {
            seats: Arc::clone(seats),
            share: share.clone(),
            place,
            computes: false,
            seated: now,
            charged: now,
            yielded: now,
        };
        turn.wait_for_seat().await;
        turn
    }

    /// The account that pays.
    pub(crate) fn share(&self) -> &Share {
        &self.share
    }

    /// At the end of each slice of fuel: others get their turn, and the wall time is looked at.
    pub(crate) async fn slice_is_over(&mut self) {
        let now = Instant::now();
        let ran = now - std::mem::replace(&mut self.charged, now);
        if self.seats.are_wanted() && !self.seats.may_go_on(&self.share, &self.place, ran, now - self.seated)
        {
            self.computes = false;
            self.wait_for_seat().await;
        } else if self.seats.guests() > 1 || now - self.yielded >= ALONE {
            self.yielded = now;
            // Sockets and timers, too, are looked at by the threads that guests compute on.
            tokio::task::yield_now().await;
        }
    }

    /// Does something that needs no processor, without a seat.
    pub(crate) async fn pause(&mut self, meanwhile: impl Future<Output = ()>) {
        self.seats.stand_up(&self.share, &self.place, self.charged.elapsed());
        self.computes = false;
        meanwhile.await;
        self.seats.come_back(&self.share, &self.place);
        self.wait_for_seat().await;
    }

    async fn wait_for_seat(&mut self) {
        self.place.seat().await;
        let now = Instant::now();
        (self.seated, self.charged, self.yielded) = (now, now, now);
        self.computes = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let ran = if self.computes { self.charged.elapsed() } else { Duration::ZERO };
        self.seats.exit(&self.share, &self.place, ran);
    }
}
