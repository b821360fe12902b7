//! What an execution may consume.

use std::time::Duration;

/// The limits of one execution. Every one of them, when reached, has its own outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Real time that the program runs and sleeps; not what it waits for a processor while others compute.
    pub wall_time: Duration,
    /// Processor time.
    pub cpu_time: Duration,
    /// Memory of the guest in bytes, beyond what its image starts with: the image's memory is one mapping
    /// that all its guests share, and how large it is is not the program's doing.
    pub memory_bytes: u64,
    /// Units of work: about one per WebAssembly instruction on a typical path (`crates/meter` says how it is
    /// counted).
    pub fuel: u64,
    /// stdout and stderr together, in bytes.
    pub output_bytes: u64,
    /// The result as JSON text, in bytes.
    pub result_bytes: u64,
    /// The files that come back, names and contents together, in bytes.
    pub file_bytes: u64,
}

/// Names one limit in messages and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::wall_time`]
    WallTime,
    /// [`Limits::cpu_time`]
    CpuTime,
    /// [`Limits::memory_bytes`]
    Memory,
    /// [`Limits::fuel`]
    Fuel,
    /// [`Limits::output_bytes`]
    Output,
    /// [`Limits::result_bytes`]
    Result,
    /// [`Limits::file_bytes`]
    Files,
}

impl Default for Limits {
    /// What an execution gets when nobody asks for anything else; right for a laptop.
    fn default() -> Self {
        Limits {
            wall_time: Duration::from_secs(10),
            // No limit of its own: who raises the wall time only, gets it.
            cpu_time: Duration::from_secs(60),
            memory_bytes: 256 << 20,
            // A fast core burns 2e9 to 8e9 units a second, 1.6e10 at most (SPECIFICATION.md): even there the
            // largest wall time of 60 s comes first, and a slow machine burns less.
            fuel: 1_000_000_000_000,
            output_bytes: 1 << 20,
            result_bytes: 16 << 20,
            file_bytes: 16 << 20,
        }
    }
}
