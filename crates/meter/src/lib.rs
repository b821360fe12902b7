//! Writes fuel metering into a module: the price of determinism, paid at image build.
//!
//! wasmtime can count fuel itself, per basic block and around every call; interpreters, which are all
//! branches and small calls, then run at 0.75 of their speed. Here the count is coarser and far cheaper, and
//! still a function of the program alone, the same on every machine:
//!
//! * The fuel left lives in a global of the module. **Every cycle** of control flow passes a point that
//!   subtracts from it and checks it: wherever a loop comes round, and each entry of a function through which
//!   recursion is possible.
//! * A point is charged with the straight-line instructions up to the next point, those of direct callees
//!   that are no points themselves included. Where the code branches, a typical path is charged, not the sum
//!   of all arms.
//! * An interpreter's dispatch loop is too hot for that and meters itself, by marks in its C source
//!   (`loops.rs`).
//! * A loop that calls nothing holds the fuel in a local (`held.rs`).
//! * Bulk memory instructions are charged by their length, and long ones are done in pieces with points
//!   between them (`bulk.rs`).
//! * Memory that is added is charged by its length, and adding it is a point (`growth.rs`).
//! * Calls through the function table become direct ones (`dispatch.rs`), and are charged as if they were
//!   not.
//! * At zero the module calls the imported `refuel`, which grants the next slice or ends the execution. So
//!   slices of fuel are also the scheduler's time slices.
//!
//! Code between two points is bounded by the size of a function and of a piece, so a guest cannot run on
//! without being seen. The images' code is ours; user programs are data to it and cannot leave the metering
//! out.
#![forbid(unsafe_code)]

mod body;
mod bulk;
mod dispatch;
mod growth;
mod held;
mod loops;
mod rewrite;
mod state;
mod survey;
mod table;

use dispatch::Dispatch;
pub use state::check_state;
use survey::Survey;

/// Names what this version of the pass charges; part of every image's build key. Raise it with every change
/// of what it writes.
pub const VERSION: &str = "7";

/// Why a module cannot be metered.
#[derive(Debug, thiserror::Error)]
pub enum MeterError {
    /// The bytes are not a module that can be read.
    #[error("module cannot be read: {0}")]
    Malformed(#[from] wasmparser::BinaryReaderError),
    /// The module cannot be written again.
    #[error("module cannot be written: {0}")]
    Rewrite(String),
    /// A mark is there, but not what belongs to it.
    #[error("module has a mark of self-metering without its `drop`s")]
    HalfMark,
    /// Metering twice would charge twice.
    #[error("module is metered already")]
    AlreadyMetered,
    /// [`check_state`] found something.
    #[error("module can keep state where it is neither seen nor reset: {0}")]
    HiddenState(String),
    /// `refuel` goes into the import section and the fuel into the globals; every guest has both.
    #[error("module has no {0} section; a guest has one")]
    NoSection(&'static str),
}

/// The module with metering: one import, one exported global, the checks, the dispatchers and the functions
/// for bulk instructions are added; nothing else changes, except that custom sections are dropped. The result
/// depends on `wasm` alone.
pub fn meter(wasm: &[u8]) -> Result<Vec<u8>, MeterError> {
    let survey = Survey::of(wasm)?;
    rewrite::rewrite(wasm, &survey, &Dispatch::of(wasm)?)
}
