//! Adaptive polling: whether to poll before sleeping.
//!
//! In a virtual machine, waking a thread that sleeps on another core takes 50 to 100 µs, longer than a short
//! execution. An execution on its own thread needs two wake-ups: of that thread, and of the caller. If the
//! last event came within [`MOST`], the next wait polls for up to twice as long as that took; if it came
//! later, the next wait sleeps at once. KVM polls for halted virtual processors by a similar rule
//! (`halt_poll_ns`).

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// The longest that is worth staying awake for: the gap between two requests of one client over gRPC is some
/// 80 µs where all stay awake, and up to 800 µs on a slow virtual machine where all sleep, from where it has
/// to get to the former.
pub(crate) const MOST: Duration = Duration::from_millis(1);

/// The shortest time that is waited awake, for gaps that are not all alike.
const LEAST: Duration = Duration::from_micros(200);

/// How soon the last event of a kind came. Several threads may share one.
#[derive(Debug)]
pub(crate) struct Awake {
    /// In microseconds.
    last: AtomicU32,
}

impl Default for Awake {
    /// Nothing has come yet.
    fn default() -> Self {
        Awake { last: AtomicU32::new(u32::MAX) }
    }
}

impl Awake {
    /// How long to stay awake now.
    pub(crate) fn time(&self) -> Duration {
        let last = Duration::from_micros(self.last.load(Relaxed).into());
        if last < MOST { (last * 2).clamp(LEAST, MOST) } else { Duration::ZERO }
    }

    /// What was waited for has come after that time, awake or asleep.
    pub(crate) fn came_after(&self, waited: Duration) {
        self.last.store(u32::try_from(waited.as_micros()).unwrap_or(u32::MAX), Relaxed);
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
        awake.came_after(MOST * 3 / 4);
        assert_eq!(awake.time(), MOST);
        awake.came_after(MOST / 4);
        assert_eq!(awake.time(), MOST / 2);
        awake.came_after(MOST);
        assert_eq!(awake.time(), Duration::ZERO);
        awake.came_after(Duration::from_secs(1 << 40));
        assert_eq!(awake.time(), Duration::ZERO);
        awake.came_after(Duration::ZERO);
        assert_eq!(awake.time(), LEAST);
    }
}
