//! The command line: one module per command.

mod bench;
mod config;
mod dialect;
mod doctor;
mod flags;
mod fuel;
mod function;
mod image;
mod key;
mod listeners;
mod modules;
mod output;
mod pretty;
mod remote;
mod report;
mod run;
mod saved;
mod serve;
mod shell;
mod stdin;
mod tenant;
mod times;

use clap::{Parser, Subcommand};
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// Runs Python, JavaScript and TypeScript in sealed WebAssembly guests, pristine for each run.
#[derive(Debug, Parser)]
#[command(name = "ampoule", version, long_version = crate::build_info::LONG, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArguments),
    Serve(serve::ServeArguments),
    Function(function::FunctionArguments),
    Tenant(tenant::TenantArguments),
    Image(image::ImageArguments),
    Key(key::KeyArguments),
    Config(config::ConfigArguments),
    Bench(bench::BenchArguments),
    Doctor(doctor::DoctorArguments),
    Completions(shell::CompletionsArguments),
    /// Print the manual page: `ampoule man | man -l -`
    Man,
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well; for `run`: completed.
    Success = 0,
    /// The program raised, or its result is invalid.
    Failed = 1,
    /// The command line, the configuration or the request is wrong; clap uses the same number.
    Usage = 2,
    /// A limit stopped the program.
    Limit = 3,
    /// Something else than the program or its caller failed.
    Infrastructure = 4,
}

/// Ends a command: a message for people and how the process ends.
#[derive(Debug)]
pub(crate) struct CommandError {
    exit: Exit,
    message: String,
}

impl CommandError {
    /// What was asked for cannot be.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        CommandError { exit: Exit::Usage, message: message.to_string() }
    }

    /// What was asked for did not work.
    pub(crate) fn infrastructure(message: impl fmt::Display) -> Self {
        CommandError { exit: Exit::Infrastructure, message: message.to_string() }
    }
}

/// What commands return.
pub(crate) type CommandResult<T = Exit> = Result<T, CommandError>;

impl Cli {
    /// Runs the command.
    pub(crate) fn execute(self) -> ExitCode {
        let result = match self.command {
            Command::Run(arguments) => run::run(arguments),
            Command::Serve(arguments) => serve::serve(&arguments),
            Command::Function(arguments) => function::function(arguments),
            Command::Tenant(arguments) => tenant::tenant(arguments),
            Command::Image(arguments) => image::image(&arguments),
            Command::Key(arguments) => key::key(&arguments),
            Command::Config(arguments) => config::config(&arguments),
            Command::Bench(arguments) => bench::bench(&arguments),
            Command::Doctor(arguments) => doctor::doctor(&arguments),
            Command::Completions(arguments) => shell::completions(&arguments),
            Command::Man => shell::man(),
        };
        let exit = result.unwrap_or_else(|error| {
            say(&error.message);
            error.exit
        });
        ExitCode::from(exit as u8)
    }
}

/// A line of our own on stderr, told apart from the program's by its start. When stderr is gone there is
/// nobody to tell.
pub(crate) fn say(message: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "ampoule: {message}");
}

/// Writes to stdout and flushes, so that nothing is lost in a buffer. A reader that has left (`| head`) is no
/// error: it has what it wanted.
pub(crate) fn write_stdout(bytes: &[u8]) -> CommandResult<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CommandError::infrastructure(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}
