//! `ampoule`: runs other people's Python and JavaScript in sealed WebAssembly guests, pristine for each run.
#![forbid(unsafe_code)]

mod build_info;
mod cli;
mod images;
mod runtime;
mod traces;

use ampoule_tenants::units;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::Cli::parse().execute()
}
