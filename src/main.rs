//! `ampoule`: runs other people's Python and JavaScript in sealed WebAssembly guests, pristine for each run.
#![forbid(unsafe_code)]

mod admin;
mod build_info;
mod cli;
mod config;
mod connections;
mod data;
mod dify;
mod environment;
#[cfg(test)]
mod example_tests;
mod functions;
mod images;
mod jwt;
mod runtime;
mod tls;
mod traces;

use ampoule_tenants::units;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    cli::Cli::parse().execute()
}
