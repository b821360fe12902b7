//! Every fixture, in every way that programs run: see the modules.
//!
//! One test a case: `cargo test --release --workspace --test programs hostile/` runs those of one module,
//! `… seeds/001-1.3` those of one example.

mod checkpoints;
#[path = "../common/mod.rs"]
mod common;
mod fixtures;
mod hostile;
mod kept;

use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let all = arguments.filter.is_none() && !arguments.list;
    let modules = [fixtures::trials, hostile::trials, checkpoints::trials, kept::trials];
    let trials = modules.into_iter().flat_map(|trials| trials());
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    if all {
        kept::check_that_guests_were_kept();
    }
    conclusion.exit_code()
}
