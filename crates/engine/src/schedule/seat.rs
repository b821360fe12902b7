//! A guest's place among the seats, for who looks at it from outside.

use super::seats::{FairShare, Seats};
use super::waiter::Waiter;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The seat that a guest has, or waits for.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(super) seats: Arc<Seats>,
    pub(super) share: FairShare,
    pub(super) place: Arc<Waiter>,
}

impl Seat {
    /// The guest does not come back: another one gets to compute beside it. When it does come back, it waits
    /// like all others. It `computes`, or waits for the system.
    pub(crate) fn lend(&self, computes: bool) {
        self.seats.lend(&self.share, &self.place, computes);
    }

    /// When its wall time is over; waiting for a seat puts it off.
    pub(crate) fn end(&self) -> Instant {
        self.place.end(Instant::now())
    }

    /// Whether its wall time is over. What the system kept it from a processor is counted first: that puts it
    /// off. For the thread that it computes on, or for whoever asks when it does not.
    pub(crate) fn is_over(&self) -> bool {
        let now = Instant::now();
        now >= self.place.end(now) && !self.place.count_kept_out(now)
    }

    /// Processor time that the guest has had, in polls that have ended.
    pub(crate) fn cpu_time(&self) -> Duration {
        self.place.computed()
    }

    /// The guest is about to compute on the calling thread.
    /// The guest computes no more: what it had no processor for is counted until now.
    pub(crate) fn has_ended(&self) {
        self.place.count_kept_out(Instant::now());
    }

    pub(crate) fn poll_begins(&self) {
        self.place.poll_begins();
    }

    /// It does not compute any more, for now.
    pub(crate) fn poll_ends(&self, share: &FairShare) {
        share.spend(self.place.poll_ends());
    }
}
