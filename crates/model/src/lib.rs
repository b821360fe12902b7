//! The guest world: what every other crate must agree on.
//!
//! * the words: [`Program`], [`Limits`], [`Outcome`], [`Usage`] …
//! * [`imports`]: the closed list of host functions an image may import,
//! * [`message`]: the codec of the messages between host and guest (`runtimes/guest/abi.h`),
//! * [`manifest`]: what an image says of itself,
//! * [`Pattern`]: by which requests ask for files.
//!
//! Pure data and pure functions: no wasmtime, no I/O, no `unsafe`.
#![forbid(unsafe_code)]

mod function;
pub mod imports;
mod limits;
pub mod manifest;
pub mod message;
mod outcome;
mod pattern;
mod program;
mod request;

pub use function::{
    AliasTarget, AliasUpdate, Contract, Conversion, Function, FunctionCall, FunctionFile, FunctionImport,
    FunctionReference, FunctionSummary, FunctionVersion, PutFunction, Variable, VariableType,
};
pub use limits::{Absent, Caps, Limit, LimitTable, Limits, RequestedLimits};
pub use outcome::{Failure, Outcome, Status, Usage};
pub use pattern::{LONGEST_PATTERN, Pattern, check_pattern};
pub use program::{
    Deterministic, Entry, File, Language, Module, Program, TYPESCRIPT_FILE_NAME, is_typescript,
};
pub use request::{DEFAULT_NOW_UNIX_NANOS, Invocation, Request};
