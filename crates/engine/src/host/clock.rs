//! The time that a guest sees: the real one, coarse, or one that is given.

use ampoule_model::Deterministic;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Resolution of the clocks a guest sees, in nanoseconds. Coarse enough to make timing attacks on what
/// shares the processor impractical (browsers use the same value outside cross-origin isolation).
pub const CLOCK_RESOLUTION_NANOS: i64 = 100_000;

/// The clock that a guest sees.
pub(super) enum Clock {
    Real {
        start: Instant,
    },
    /// Advances by one tick at every reading and by every sleep, so that
    /// waiting loops end and every run sees the same times.
    Fixed {
        now_unix_nanos: i64,
        elapsed_nanos: i64,
    },
}

impl Clock {
    pub(super) fn new(deterministic: Option<Deterministic>) -> Self {
        match deterministic {
            None => Clock::Real { start: Instant::now() },
            Some(fixed) => Clock::Fixed { now_unix_nanos: fixed.now_unix_nanos, elapsed_nanos: 0 },
        }
    }

    pub(super) fn read(&mut self, realtime: bool) -> i64 {
        match self {
            Clock::Real { start } => {
                let nanos = if realtime {
                    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
                } else {
                    start.elapsed().as_nanos()
                };
                let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
                nanos - nanos % CLOCK_RESOLUTION_NANOS
            }
            Clock::Fixed { now_unix_nanos, elapsed_nanos } => {
                let elapsed = *elapsed_nanos;
                *elapsed_nanos = elapsed.saturating_add(CLOCK_RESOLUTION_NANOS);
                if realtime { now_unix_nanos.saturating_add(elapsed) } else { elapsed }
            }
        }
    }

    pub(super) fn slept(&mut self, nanos: i64) {
        if let Clock::Fixed { elapsed_nanos, .. } = self {
            *elapsed_nanos = elapsed_nanos.saturating_add(nanos);
        }
    }
}
