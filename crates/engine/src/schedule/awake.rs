//! Adaptive polling: whether to poll before sleeping.
//!
//! In a virtual machine, waking a thread that sleeps on another core takes 50 to 100 µs, longer than a short
//! execution. An execution on its own thread needs two wake-ups: of that thread, and of the caller. If the
//! last event came within [`MOST`], the next wait polls for up to [`MOST`]; if it came later, the next wait
//! sleeps at once. KVM polls for halted virtual processors by the same rule (`halt_poll_ns`).

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

/// The longest that is worth staying awake for: the gap between two requests of one client over gRPC is some
/// 80 µs where all stay awake, and up to 450 µs on a slow virtual machine where all sleep, from where it has
/// to get to the former.
pub(crate) const MOST: Duration = Duration::from_micros(500);

/// Whether the last event of a kind came soon. Several threads may share one.
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
