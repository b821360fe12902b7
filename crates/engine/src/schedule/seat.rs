//! A guest's place among the seats, for who looks at it from outside.

use super::seats::{Place, Seats};
use std::sync::Arc;

/// The seat that a guest has, or waits for.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(super) seats: Arc<Seats>,
    pub(super) place: Arc<Place>,
}

impl Seat {
    /// The guest does not come back: another one gets to compute beside it. When it does come back, it waits like all others.
    pub(crate) fn lend(&self) {
        self.seats.lend(&self.place);
    }
}
