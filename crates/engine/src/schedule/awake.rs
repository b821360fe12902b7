//! Staying awake for what comes soon.
//!
//! To wake a thread that sleeps on another core takes 50 to 100 µs in a virtual machine, longer than a short execution, and an
//! execution on a thread of its own needs two such wake-ups: of the thread, and of the caller. Whoever waits for something that
//! lately came within [`MOST`] stays awake for as long; whoever waited in vain sleeps at once the next time, until it comes soon
//! again. Linux polls for halted virtual processors by the same rule (`halt_poll_ns` of KVM).

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// The longest that is worth staying awake for: the gap between two requests of one client over gRPC is some 80 µs where all stay
/// awake, and up to 450 µs on a slow virtual machine where all sleep, from where it has to get to the former.
pub(crate) const MOST: Duration = Duration::from_micros(500);

/// Whether what is waited for comes soon. Several who wait may share one.
#[derive(Debug, Default)]
pub(crate) struct Awake {
    comes_soon: AtomicBool,
}

impl Awake {
    /// How long to stay awake now.
    pub(crate) fn time(&self) -> Duration {
        if self.comes_soon.load(Relaxed) { MOST } else { Duration::ZERO }
    }

    /// What was waited for has come after that time, awake or asleep.
    pub(crate) fn came_after(&self, waited: Duration) {
        self.comes_soon.store(waited < MOST, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_while_things_come_soon_and_starts_again_when_one_does() {
        let awake = Awake::default();
        assert_eq!(awake.time(), Duration::ZERO);
        awake.came_after(MOST / 2);
        assert_eq!(awake.time(), MOST);
        awake.came_after(MOST);
        assert_eq!(awake.time(), Duration::ZERO);
        awake.came_after(Duration::ZERO);
        assert_eq!(awake.time(), MOST);
    }
}
