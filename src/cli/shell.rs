//! `ampoule completions SHELL` and `ampoule man`: for the shell and for `man`.

use super::{Cli, CommandError, CommandResult, Exit, write_stdout};
use clap::{Args, CommandFactory};

/// Print completions for a shell:
/// `ampoule completions bash > ~/.local/share/bash-completion/completions/ampoule`
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Which shell
    shell: clap_complete::Shell,
}

/// Runs `ampoule completions`.
pub(crate) fn completions(arguments: &CompletionsArguments) -> CommandResult {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "ampoule", &mut text);
    write_stdout(&text)?;
    Ok(Exit::Success)
}

/// Runs `ampoule man`: all pages in one, the command's first.
pub(crate) fn man() -> CommandResult {
    let mut text = Vec::new();
    let mut command = Cli::command();
    // Gives inner commands their full names.
    command.build();
    page(command, &mut text)?;
    write_stdout(&text)?;
    Ok(Exit::Success)
}

fn page(command: clap::Command, text: &mut Vec<u8>) -> CommandResult<()> {
    clap_mangen::Man::new(command.clone()).render(text).map_err(CommandError::infrastructure)?;
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set())
    {
        page(inner.clone(), text)?;
    }
    Ok(())
}
