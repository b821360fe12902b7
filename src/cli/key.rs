//! `ampoule key`: makes an API key.

use super::{CommandError, CommandResult, Exit, write_stdout};
use ampoule_auth::ApiKey;
use clap::Args;

/// Make an API key for a tenant, and the hash that goes into the configuration
///
/// The key is shown this once: give it to the tenant, who sends it in the header `x-api-key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {}

/// Runs the command.
pub(crate) fn key(KeyArguments {}: &KeyArguments) -> CommandResult {
    let key = ApiKey::generate()
        .map_err(|error| CommandError::infrastructure(format!("no random bytes from the system: {error}")))?;
    let text = format!("key   {}\nhash  {}\n", key.reveal(), key.hash());
    write_stdout(text.as_bytes())?;
    Ok(Exit::Success)
}
