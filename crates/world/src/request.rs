//! What a caller asks for, before admission has looked at it.

use crate::{Deterministic, File, Program};
use std::time::Duration;

/// The realtime clock's start in deterministic mode when the caller gives none: 2025-01-01T00:00:00Z in nanoseconds
/// since the Unix epoch. Not the epoch itself: formats such as zip know no time before 1980.
pub const DEFAULT_NOW_UNIX_NANOS: i64 = 1_735_689_600_000_000_000;

/// One execution as asked for: nothing in it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The program; an empty file name stands for the language's default.
    pub program: Program,
    /// Name of the image; without it the language's own.
    pub image: Option<String>,
    /// JSON text of one object; empty stands for `{}`.
    pub input_json: String,
    /// Files that appear below the working directory.
    pub files: Vec<File>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// The limits asked for.
    pub limits: RequestedLimits,
    /// Fixed randomness and time, or fresh ones.
    pub deterministic: Option<Deterministic>,
    /// Chosen by the caller, so that sending the request again runs nothing again; empty: none.
    pub idempotency_key: String,
}

impl Request {
    /// Asks for `program` with an empty input and nothing else.
    pub fn of(program: Program) -> Self {
        Request {
            program,
            image: None,
            input_json: String::new(),
            files: Vec::new(),
            environment: Vec::new(),
            limits: RequestedLimits::default(),
            deterministic: None,
            idempotency_key: String::new(),
        }
    }
}

/// Limits as asked for; what is absent becomes the server's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestedLimits {
    /// See [`crate::Limits::wall_time`].
    pub wall_time: Option<Duration>,
    /// See [`crate::Limits::memory_bytes`].
    pub memory_bytes: Option<u64>,
    /// See [`crate::Limits::fuel`].
    pub fuel: Option<u64>,
    /// See [`crate::Limits::output_bytes`].
    pub output_bytes: Option<u64>,
    /// See [`crate::Limits::result_bytes`].
    pub result_bytes: Option<u64>,
}
