//! How much fuel a slice is: little, as long as a guest has memory that it has added and not touched.
//!
//! The first access to a page is a page fault of 1.5 to 7 µs, and may cost a guest as little as 8 units of
//! fuel: 50,000 of them in one slice, a third of a second. Fuel must be the same in every run, so it cannot
//! count faults. But where slices end changes nothing of what a guest uses. So it gets a 32nd of a slice at a
//! time, some 10 ms of faults at most, and a look is only taken if that has taken long: who computes goes on,
//! at the price of a look at the clock, until it has used as much as a whole slice.

use std::time::{Duration, Instant};

/// Parts of a slice, as long as there is fresh memory.
const PARTS: u64 = 32;

/// With so much of it, or less, slices are whole: 256 faults.
const LITTLE: u64 = 1 << 20;

/// Whoever was last looked at so short a time ago need not be looked at: a slice of computing takes about as
/// long.
const SOON: Duration = Duration::from_micros(100);

/// Bytes of a page.
const PAGE: u64 = 4 << 10;

/// The pace of one guest.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Units of fuel of a whole slice.
    slice: u64,
    /// Bytes that the guest has added to its memory, and has not touched as far as its page faults tell.
    fresh: u64,
    /// Its page faults at the last look.
    faults: u64,
    /// When it was last looked at, and the fuel that it had used then.
    looked: Option<(Instant, u64)>,
}

impl Pace {
    pub(crate) fn new(slice: u64) -> Pace {
        Pace { slice, fresh: 0, faults: 0, looked: None }
    }

    /// Units of fuel until it comes back.
    pub(crate) fn slice(&self) -> u64 {
        if self.is_short() { (self.slice / PARTS).max(1) } else { self.slice }
    }

    pub(crate) fn is_short(&self) -> bool {
        self.fresh > LITTLE
    }

    /// It adds so many bytes to its memory; `faults` says how many page faults it has had.
    pub(crate) fn grows(&mut self, bytes: u64, faults: impl FnOnce() -> u64) {
        if bytes > 0 && self.fresh == 0 {
            self.faults = faults();
        }
        self.fresh += bytes;
    }

    /// Whether it goes on without being looked at. It has used so much fuel in all.
    pub(crate) fn goes_on(&self, used: u64) -> bool {
        self.is_short() && self.looked.is_some_and(|looked| self.is_early(looked, used, Instant::now()))
    }

    fn is_early(&self, (looked, then): (Instant, u64), used: u64, now: Instant) -> bool {
        used.saturating_sub(then) < self.slice && now.saturating_duration_since(looked) < SOON
    }

    /// It was looked at, and has used so much fuel in all.
    pub(crate) fn was_looked_at(&mut self, used: u64, faults: impl FnOnce() -> u64) {
        if !self.is_short() {
            return;
        }
        let faults = faults();
        let touched = faults.saturating_sub(self.faults) * PAGE;
        (self.fresh, self.faults) = (self.fresh.saturating_sub(touched), faults);
        self.looked = Some((Instant::now(), used));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLICE: u64 = 320;
    const MIB: u64 = 1 << 20;

    #[test]
    fn slices_are_short_while_there_is_memory_that_nobody_touched() {
        let mut pace = Pace::new(SLICE);
        assert_eq!(pace.slice(), SLICE);
        pace.grows(MIB, || 500);
        assert_eq!(pace.slice(), SLICE, "so little is no harm");
        pace.grows(3 * MIB, || panic!("faults were counted when it first grew"));
        assert_eq!(pace.slice(), SLICE / PARTS);
        // Faults from before it grew do not count.
        pace.was_looked_at(10, || 500 + 700);
        assert_eq!(pace.slice(), SLICE / PARTS);
        pace.was_looked_at(20, || 500 + 768);
        assert_eq!(pace.slice(), SLICE);
        pace.was_looked_at(30, || panic!("they are no longer of interest"));
        pace.grows(1000 * MIB, || panic!("a mebibyte is left"));
        assert_eq!(pace.slice(), SLICE / PARTS);
        assert_eq!(Pace { fresh: 2 * MIB, ..Pace::new(7) }.slice(), 1);
    }

    #[test]
    fn who_computes_goes_on_for_a_whole_slice_and_who_takes_long_is_looked_at() {
        let (pace, now) = (Pace::new(SLICE), Instant::now());
        let after = |used, time| pace.is_early((now, 1000), used, now + time);
        assert!(after(1010, Duration::from_micros(2)) && after(1319, SOON / 2));
        assert!(!after(1320, Duration::from_micros(2)), "it has had a whole slice");
        assert!(!after(1010, SOON), "it took long");
        assert!(!pace.goes_on(0) && !Pace { fresh: 2 * MIB, ..Pace::new(SLICE) }.goes_on(0));
    }
}
