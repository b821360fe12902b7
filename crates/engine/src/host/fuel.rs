//! Fuel of a guest: how much it has used, and its next slice.

use crate::schedule::pace::Pace;

/// Fuel, granted in slices. What is left of the current slice lies in a global of the guest and goes below
/// zero by at most one charge.
pub(crate) struct Fuel {
    pub(super) limit: u64,
    pub(super) pace: Pace,
    granted: u64,
    /// What was told to the account that pays.
    told: u64,
    /// The next slice is a short one.
    soon: bool,
}

/// The first slice of a guest that is to ask for fuel whatever it does, in units: trivial programs take three
/// times as much.
const SOON: u64 = 5000;

impl Fuel {
    pub(super) fn new(limit: u64, slice: u64) -> Fuel {
        Fuel { limit, pace: Pace::new(slice), granted: 0, told: 0, soon: false }
    }

    /// Units used since the last time this was asked.
    pub(super) fn news(&mut self, left: i64) -> u64 {
        let used = self.used(left);
        used.saturating_sub(std::mem::replace(&mut self.told, used))
    }

    /// Units used when `left` of the granted ones are left.
    pub(crate) fn used(&self, left: i64) -> u64 {
        self.granted.saturating_add_signed(left.saturating_neg())
    }

    /// The next slice is a short one, so that the guest is sure to ask for another: where slices end changes
    /// nothing of what it uses.
    pub(crate) fn ask_soon(&mut self) {
        self.soon = true;
    }

    /// The next slice after what was used; `None` at the limit.
    pub(crate) fn next_slice(&mut self, left: i64) -> Option<i64> {
        let used = self.used(left);
        let most = if std::mem::take(&mut self.soon) { SOON } else { u64::MAX };
        let slice = self.pace.slice().min(most).min(self.limit.saturating_sub(used));
        self.granted = used + slice;
        // Slices are far below the range of i64: the configuration is in hundreds of thousands.
        (slice > 0).then_some(slice as i64)
    }
}
