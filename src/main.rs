//! `ampoule`: runs other people's Python and JavaScript in sealed, single-use WebAssembly guests.
#![forbid(unsafe_code)]

mod cli;
mod config;
mod dify;
mod functions;
mod images;
mod runtime;
mod tenants;
mod units;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::Cli::parse().execute()
}
