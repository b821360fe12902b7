//! `ampoule function alias`: points aliases to versions, and removes them, in one step.

use crate::cli::remote::RemoteArguments;
use crate::cli::{CommandError, CommandResult, Exit, write_stdout};
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{AliasTarget, UpdateFunctionAliasesRequest};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct AliasArguments {
    /// The function's name
    name: String,
    /// An alias and the version that it is to point to, or another alias whose version that is; repeatable
    #[arg(value_name = "ALIAS=VERSION|ALIAS=@ALIAS", value_parser = target)]
    set: Vec<AliasTarget>,
    /// An alias that is to go; repeatable
    #[arg(long, value_name = "ALIAS")]
    remove: Vec<String>,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command; prints all aliases as they are then.
pub(crate) async fn alias(arguments: AliasArguments) -> CommandResult {
    let AliasArguments { name, set, remove, remote } = arguments;
    if set.is_empty() && remove.is_empty() {
        return Err(CommandError::usage("no alias is named: write ALIAS=VERSION, or --remove ALIAS"));
    }
    let remote = remote.connect().await?;
    let mut client = FunctionServiceClient::new(remote.channel.clone());
    let message = UpdateFunctionAliasesRequest { name, set, remove };
    let answer = client.update_function_aliases(remote.ask(message)).await;
    let answer = answer.map_err(|status| remote.refused(&status))?.into_inner();
    for (alias, version) in &answer.aliases {
        write_stdout(format!("{alias}={version}\n").as_bytes())?;
    }
    Ok(Exit::Success)
}

/// `ALIAS=VERSION`, or `ALIAS=@ALIAS`.
fn target(text: &str) -> Result<AliasTarget, String> {
    let (alias, to) = text.split_once('=').ok_or("write ALIAS=VERSION or ALIAS=@ALIAS")?;
    let (version, from_alias) = to.strip_prefix('@').map_or((to, ""), |from| ("", from));
    Ok(AliasTarget { alias: alias.into(), version: version.into(), from_alias: from_alias.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_points_to_a_version_or_to_where_another_points() {
        let told = |text| target(text).map(|told| (told.alias, told.version, told.from_alias));
        assert_eq!(told("stable=0abc"), Ok(("stable".into(), "0abc".into(), String::new())));
        assert_eq!(told("stable=@canary"), Ok(("stable".into(), String::new(), "canary".into())));
        assert!(told("stable").is_err());
    }
}
