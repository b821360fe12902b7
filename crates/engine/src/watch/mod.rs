//! The second net, below metering: a guest that does not come back is stopped all the same.
//!
//! ```text
//! guest computes ─ refuel, refuel, … ─▶ Watch: beats          watchdog, every 10 ms:
//!       └ no beat for 10 ms of processor time ──────────────▶ its seat is lent to another guest, on another thread
//!       └ nor for a second, or past its wall time ──────────▶ its memory becomes unreachable: its next access traps
//!       └ still not back two seconds later ─────────────────▶ `Health::stuck`: the server ends for its supervisor
//! ```
//!
//! Metering stops a guest at the end of a slice of fuel, and rests on two patches of interpreters that mark
//! their dispatch loops (`runtimes/guest/meter.h`). A wrong mark must cost one execution and not the server.
//! So what stops a guest here needs nothing of the code that it runs: every load and store of WebAssembly is
//! a place that may trap already.
//!
//! * [`region`]: a guest's memory, made unreachable and reachable again,
//! * [`traps`]: which machine instructions may trap,
//! * [`watchdog`]: the thread that looks.
//!
//! Why not wasmtime's epochs: a load, a compare and a branch in every loop and function, 14 % of an
//! interpreter's time by wasmtime's own measurements (its issue #1749), for what is needed never. Its cheaper
//! poll of a page that is unmapped to interrupt (pull request #12990, 3 %) is in no release, and the accesses
//! that a guest makes anyway do the same for nothing.

mod region;
mod traps;
mod watchdog;

pub(crate) use region::Region;
pub(crate) use traps::TrapSites;
pub use watchdog::Health;
pub(crate) use watchdog::{Watch, Watchdog};
