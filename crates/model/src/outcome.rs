//! How an execution ended. An outcome is data: only infrastructure faults are errors.

use crate::File;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How an execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The program ended by itself and its result is valid.
    Completed,
    /// The program raised, did not compile, or lacks its entry.
    Raised,
    /// The program ended, but its result cannot be told in JSON.
    InvalidResult,
    /// Stopped: the fuel was used up.
    FuelExhausted,
    /// Stopped: the wall time or the processor time was over.
    TimedOut,
    /// Stopped or failed: the memory limit was reached.
    OutOfMemory,
    /// Stopped: more output, result or files than allowed.
    OutputLimit,
    /// A fault of the guest itself, not of the program; a bug worth a report.
    Internal,
}

impl Status {
    /// All of them, in the order of their declaration.
    pub const ALL: [Status; 8] = [
        Status::Completed,
        Status::Raised,
        Status::InvalidResult,
        Status::FuelExhausted,
        Status::TimedOut,
        Status::OutOfMemory,
        Status::OutputLimit,
        Status::Internal,
    ];

    /// The lower-case name used on the command line, in logs and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Status::Completed => "completed",
            Status::Raised => "raised",
            Status::InvalidResult => "invalid_result",
            Status::FuelExhausted => "fuel_exhausted",
            Status::TimedOut => "timed_out",
            Status::OutOfMemory => "out_of_memory",
            Status::OutputLimit => "output_limit",
            Status::Internal => "internal",
        }
    }
}

/// Why an execution did not complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The exception's class (`ValueError`), or the limit's outcome in words (`TimedOut`).
    pub kind: String,
    /// What the exception says, or which limit was reached, its value, and what to do.
    pub message: String,
    /// The traceback as the language prints it, user frames only; empty when there is none.
    pub traceback: String,
    /// 1-based line in the user's file; 0 when unknown.
    pub line: u32,
    /// 1-based column; 0 when unknown.
    pub column: u32,
}

/// What an execution consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of fuel, compilation of the source included.
    pub fuel: u64,
    /// Real time that it ran and slept, from its start.
    pub wall_time: Duration,
    /// Of `wall_time`, what it slept.
    pub sleep_time: Duration,
    /// What it waited for a processor after its start, as others computed.
    pub wait_time: Duration,
    /// Processor time of the guest.
    pub cpu_time: Duration,
    /// The most memory the guest had beyond what its image starts with; 0 when what the image holds ready was
    /// enough.
    pub peak_memory_bytes: u64,
    /// Bytes written to stdout and stderr, before truncation.
    pub output_bytes: u64,
    /// Time between the request's arrival and its start.
    pub queue_time: Duration,
}

/// Everything an execution leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The result as JSON text; empty unless completed.
    pub result_json: String,
    /// What was printed to stdout, as UTF-8 (invalid bytes replaced).
    pub stdout: String,
    /// What was printed to stderr, as UTF-8 (invalid bytes replaced).
    pub stderr: String,
    /// stdout was cut at the limit.
    pub stdout_truncated: bool,
    /// stderr was cut at the limit.
    pub stderr_truncated: bool,
    /// Why it did not complete.
    pub failure: Option<Failure>,
    /// What the program wrote below `out/`.
    pub files: Vec<File>,
    /// What was consumed.
    pub usage: Usage,
}
