//! `ampoule bench`: measures what SPECIFICATION.md promises.

use super::{CommandError, CommandResult};
use clap::Args;

/// Measure this machine: every number of SPECIFICATION.md
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {}

/// The wiring point of `ampoule-bench`.
pub(crate) fn bench(_: &BenchArguments) -> CommandResult {
    Err(CommandError::infrastructure("this build has no benchmark"))
}
