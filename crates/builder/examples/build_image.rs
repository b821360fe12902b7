//! `cargo run -p ampoule-builder --example build_image -- [--explain] [NAME…]`

use ampoule_builder::{Builder, ConsoleProgress, Error, Options};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Error> {
    let builder = Builder::new(Options::from_env()?)?;
    let mut names: Vec<String> =
        arguments.iter().filter(|argument| !argument.starts_with("--")).cloned().collect();
    if names.is_empty() {
        names = builder.names()?;
    }
    for name in names {
        if arguments.iter().any(|argument| argument == "--explain") {
            for step in builder.explain(&name)? {
                println!("{name:12} {:14} {} {}", step.name, &step.key[..16], step.reason);
            }
            continue;
        }
        let image = builder.build(&name, &mut ConsoleProgress::new())?;
        println!("{} {}", if image.fresh { "built" } else { "current" }, image.folder.display());
    }
    Ok(())
}
