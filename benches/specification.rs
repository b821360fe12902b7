//! `cargo bench`: the same table as `ampoule bench`, made by the same program.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let bench =
        Command::new(env!("CARGO_BIN_EXE_ampoule")).arg("bench").status().expect("the program starts");
    if bench.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
