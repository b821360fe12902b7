//! What executions of a program were like, by which the next one is given a guest.
//!
//! ```text
//! execution ─ fuel, stretches of dirtied pages ─▶ History of its compiled program ─▶ Reuse of the next one: any guest, light ones, none
//! ```
//!
//! It changes how long an execution takes, and nothing else. A history belongs to one tenant's program, as
//! its compiled form does.

use crate::config::STACK_KEPT;
use crate::reset::dirty::has_more_stretches_than;
use crate::reset::reuse::{LIGHT, MOST_DIRTY};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Units of fuel that an execution must have taken for its stretches to be counted: the count takes some µs,
/// and a trivial program, which takes a fifth of this, dirties few.
const COUNTED_FROM: u64 = 100_000;

/// Stretches that the pool resets (wasmtime's `MAX_REGIONS`).
const STRETCHES_OF_THE_POOL: usize = 32;

/// Which guests that are kept a program may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Those that keep little: it is short, and dirties more stretches than the pool resets.
    Light,
    /// All: it computes for long.
    Any,
}

impl Reuse {
    /// What is expected of a program, after what it did before; `long` is fuel in units.
    pub(crate) fn of(history: &History, long: u64) -> Option<Reuse> {
        if history.last_fuel.load(Ordering::Relaxed) >= long {
            return Some(Reuse::Any);
        }
        (history.scattered.load(Ordering::Relaxed) == SCATTERED).then_some(Reuse::Light)
    }

    /// What its guest holds at most at the beginning, in bytes.
    pub(crate) fn most_bytes(self) -> u64 {
        let dirty = match self {
            Reuse::Light => LIGHT,
            Reuse::Any => MOST_DIRTY,
        };
        (dirty + STACK_KEPT) as u64
    }
}

/// Values of [`History::scattered`].
const UNKNOWN: u8 = 0;
const COMPACT: u8 = 1;
const SCATTERED: u8 = 2;

/// What executions of one compiled program were like: the next is expected to be, too.
#[derive(Debug, Default)]
pub struct History {
    /// Fuel of the last one, without what compiling took; 0 before the first.
    pub(crate) last_fuel: AtomicU64,
    /// Memory of the host that the last one was granted, in bytes; 0 before the first. Whoever grants it
    /// writes it.
    pub last_memory: AtomicU64,
    /// Whether the first one that was worth counting dirtied more stretches than the pool resets.
    scattered: AtomicU8,
}

impl History {
    /// Fuel of the last one, in units.
    pub fn last_fuel(&self) -> u64 {
        self.last_fuel.load(Ordering::Relaxed)
    }

    /// An execution of the program has answered in a fresh guest, whose memory this is now, and has taken so
    /// much fuel.
    pub(crate) fn learn(&self, fuel: u64, memory: &[u8]) {
        if fuel < COUNTED_FROM || self.scattered.load(Ordering::Relaxed) != UNKNOWN {
            return;
        }
        let scattered = has_more_stretches_than(STRETCHES_OF_THE_POOL, memory);
        self.scattered.store(if scattered { SCATTERED } else { COMPACT }, Ordering::Relaxed);
    }
}
