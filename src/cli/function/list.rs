//! `ampoule function list`: functions, their versions, and who points to them.

use super::label;
use crate::cli::remote::RemoteArguments;
use crate::cli::{CommandResult, Exit, write_stdout};
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{self, ListFunctionsRequest};
use clap::Args;
use std::time::{Duration, UNIX_EPOCH};

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only versions that have this label; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command.
pub(crate) async fn list(arguments: ListArguments) -> CommandResult {
    let remote = arguments.remote.connect().await?;
    let mut client = FunctionServiceClient::new(remote.channel.clone()).max_decoding_message_size(usize::MAX);
    let mut page_token = String::new();
    loop {
        let labels = arguments.label.iter().cloned().collect();
        let message = ListFunctionsRequest { page_size: 0, page_token, labels };
        let answer =
            client.list_functions(remote.ask(message)).await.map_err(|status| remote.refused(&status))?;
        let page = answer.into_inner();
        for function in &page.functions {
            write_stdout(lines(function).as_bytes())?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(Exit::Success);
        }
    }
}

/// A function and its versions, each with its aliases, and what there is to say of it.
fn lines(function: &v1::FunctionSummary) -> String {
    let mut text = format!("{}\n", function.name);
    for version in &function.versions {
        let aliases =
            function.aliases.iter().filter(|(_, to)| *to == version).map(|(alias, _)| alias.as_str());
        let aliases = aliases.collect::<Vec<_>>().join(", ");
        let details = function.details.iter().find(|details| details.version == *version);
        let about = details.map(about).unwrap_or_default();
        text.push_str(format!("  {version}  {aliases:<20}  {about}").trim_end());
        text.push('\n');
    }
    text
}

fn about(version: &v1::FunctionVersion) -> String {
    let mut parts = Vec::new();
    if let Some(time) = &version.create_time {
        let since = Duration::from_secs(u64::try_from(time.seconds).unwrap_or(0));
        parts.push(humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string());
    }
    if !version.created_by.is_empty() {
        parts.push(version.created_by.clone());
    }
    parts.extend(version.labels.iter().map(|(key, value)| format!("{key}={value}")));
    parts.extend(version.description.lines().next().map(str::to_owned));
    // From others of the tenant: what is no text for a terminal is told as such.
    parts.join("  ").chars().flat_map(shown).collect()
}

fn shown(character: char) -> Vec<char> {
    if character.is_control() { character.escape_default().collect() } else { vec![character] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampoule_api::Timestamp;

    #[test]
    fn a_version_is_one_line_whatever_was_said_of_it() {
        let version = v1::FunctionVersion {
            version: "ab".into(),
            create_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 5 }),
            created_by: "key:0123".into(),
            description: "First\u{1b}[31m line\nand another".into(),
            labels: [("team".to_owned(), "billing".to_owned())].into(),
        };
        let function = v1::FunctionSummary {
            name: "f".into(),
            versions: vec!["ab".into(), "cd".into()],
            aliases: [("latest".to_owned(), "ab".to_owned()), ("stable".to_owned(), "ab".to_owned())].into(),
            details: vec![version],
        };
        assert_eq!(
            lines(&function),
            "f\n  ab  latest, stable        2023-11-14T22:13:20Z  key:0123  team=billing  First\\u{1b}[31m line\n  cd\n"
        );
    }
}
