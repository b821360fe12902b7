//! `cargo bench`: the same table as `ampoule bench`, made by the same program.

use std::process::{Command, exit};

fn main() {
    let bench =
        Command::new(env!("CARGO_BIN_EXE_ampoule")).arg("bench").status().expect("the program starts");
    exit(bench.code().unwrap_or(1));
}
