//! Infrastructure faults. How a user's program ends is an outcome, not an error.

use crate::host::Stop;
use crate::schedule::Over;
use std::path::PathBuf;

/// What can go wrong that is not the program's doing.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The image's files are not what its manifest says, or its manifest is not usable here.
    #[error("image at {path} cannot be used: {reason}")]
    BadImage {
        /// The image's folder.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Not what was written, or of another image.
    #[error("checkpoint cannot be used: {0}")]
    BadCheckpoint(String),
    /// The machine or the configuration cannot hold the pool.
    #[error("engine cannot start: {0}")]
    Start(String),
    /// Others computed all the time. Neither the program nor the engine is at fault: try again later.
    #[error("waited {} s for a processor", waited.as_secs_f64())]
    Waited {
        /// How long.
        waited: std::time::Duration,
    },
    /// The engine was told to end its guests before the program had ended: run it elsewhere.
    #[error("the engine is shutting down")]
    Shutdown,
    /// There was no more memory for the execution on this machine; its own limit was not reached.
    #[error("{}", .0.reason)]
    NoMemory(crate::job::NoMemory),
    /// What the top level of a program leaves is more than may be kept.
    #[error("the top level of the program leaves more than {most} bytes in memory")]
    LargeCheckpoint {
        /// Bytes that may be kept.
        most: u64,
    },
    /// A slot could not be had or a guest could not be set up.
    #[error("guest could not be started: {0}")]
    Guest(String),
}

impl EngineError {
    /// Of a guest that has ended, and that does not go on being looked at.
    pub(crate) fn of_over(over: Over) -> EngineError {
        EngineError::Guest(Stop::from(over).to_string())
    }
}
