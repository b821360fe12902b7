//! `ampoule config check`: what `ampoule serve` would say of a configuration before it listens, and what its
//! limits are on this machine.

use super::{CommandError, CommandResult, Exit, fuel, write_stdout};
use ampoule_config::Config;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Look at a server's configuration
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check a file and the environment as `ampoule serve` would; print the configuration in force, how many
    /// executions fit, and what its fuel is in processor time here
    Check {
        /// Configuration file; without it there is the environment only
        #[arg(value_name = "F")]
        file: Option<PathBuf>,
    },
}

/// Runs the command.
pub(crate) fn config(arguments: &ConfigArguments) -> CommandResult {
    let ConfigCommand::Check { file } = &arguments.command;
    let config = Config::read(file.as_deref()).and_then(Config::checked).map_err(CommandError::usage)?;
    let shown = toml::to_string(&config).map_err(CommandError::infrastructure)?;
    write_stdout(shown.as_bytes())?;
    let service = config.service().map_err(CommandError::usage)?;
    let capacity = service.capacity();
    let tenants = config.tenants_now().map_err(CommandError::usage)?.checked().tenants.len();
    write_stdout(
        format!(
            "\n# {tenants} tenants are listed, here and in files.\n# {} MiB are for executions, {} MiB at most for one: {} short ones at the same time, {} that use all of their default limits.\n",
            capacity.bytes >> 20,
            capacity.one >> 20,
            capacity.short,
            capacity.full
        )
        .as_bytes(),
    )?;
    write_stdout(fuel::lines(&config, &service.defaults).as_bytes())?;
    Ok(Exit::Success)
}
