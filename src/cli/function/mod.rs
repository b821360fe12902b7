//! `ampoule function`: puts, calls, shows, lists and deletes functions of a server, and moves their aliases.

mod alias;
mod list;
mod put;

use self::alias::AliasArguments;
use self::list::ListArguments;
use self::put::PutArguments;
use super::remote::RemoteArguments;
use super::report::{exit_of, print_for_people, print_json};
use super::run::{file, read_text, variable};
use super::stdin::own_stdin;
use super::{CommandError, CommandResult, Exit, write_stdout};
use crate::runtime;
use ampoule_api::execution_from_proto;
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{DeleteFunctionRequest, ExecuteRequest, File, FunctionReference, GetFunctionRequest};
use ampoule_model::Entry;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Keep programs on a server as functions, and call them
#[derive(Debug, Args)]
pub(crate) struct FunctionArguments {
    #[command(subcommand)]
    command: FunctionCommand,
}

#[derive(Debug, Subcommand)]
enum FunctionCommand {
    /// Keep a program as a version of a function; its top level is run once
    Put(Box<PutArguments>),
    /// Call a function
    Call(CallArguments),
    /// Point aliases to versions, or remove them; nothing else moves
    Alias(AliasArguments),
    /// Show a version of a function as JSON
    Get(NamedArguments),
    /// List functions
    List(ListArguments),
    /// Delete a function; or with @ALIAS an alias, with :VERSION a version
    Delete(NamedArguments),
}

#[derive(Debug, Args)]
struct CallArguments {
    /// Which function
    #[arg(value_name = "NAME[@ALIAS|:VERSION]", value_parser = reference)]
    function: FunctionReference,
    /// The input: one JSON object [default: {}]
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Read the input from a file; '-' is stdin
    #[arg(long, value_name = "F", conflicts_with = "input")]
    input_file: Option<PathBuf>,
    /// A file below the function's working directory, on top of its own; repeatable
    #[arg(long, value_name = "PATH[:GUESTPATH]")]
    file: Vec<String>,
    /// An environment variable, on top of the function's own; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    env: Vec<String>,
    /// Leave stdin alone: the function finds its own at its end
    #[arg(long)]
    no_stdin: bool,
    /// Print one JSON object, as it is answered over HTTP
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: RemoteArguments,
}

#[derive(Debug, Args)]
struct NamedArguments {
    /// Which function
    #[arg(value_name = "NAME[@ALIAS|:VERSION]", value_parser = reference)]
    function: FunctionReference,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command.
pub(crate) fn function(arguments: FunctionArguments) -> CommandResult {
    let tokio = runtime::for_guests()
        .map_err(|error| CommandError::infrastructure(format!("no threads: {error}")))?;
    tokio.block_on(async {
        match arguments.command {
            FunctionCommand::Put(arguments) => put::put(*arguments).await,
            FunctionCommand::Call(arguments) => call(arguments).await,
            FunctionCommand::Alias(arguments) => alias::alias(arguments).await,
            FunctionCommand::Get(arguments) => get(arguments).await,
            FunctionCommand::List(arguments) => list::list(arguments).await,
            FunctionCommand::Delete(arguments) => delete(arguments).await,
        }
    })
}

async fn call(arguments: CallArguments) -> CommandResult {
    let input_json = match (&arguments.input, &arguments.input_file) {
        (Some(json), _) => json.clone(),
        (None, Some(path)) => read_text(path, "--input-file")?,
        (None, None) => String::new(),
    };
    let is_input = arguments.input_file.as_deref() == Some(Path::new("-"));
    let message = ExecuteRequest {
        function: Some(arguments.function),
        input_json,
        stdin: if arguments.no_stdin || is_input { Vec::new() } else { own_stdin()? },
        files: files(&arguments.file)?,
        env: environment(&arguments.env)?,
        ..ExecuteRequest::default()
    };
    let remote = arguments.remote.connect().await?;
    // The server bounds its answers by its own limits.
    let mut client =
        ExecutionServiceClient::new(remote.channel.clone()).max_decoding_message_size(usize::MAX);
    let answer = client.execute(remote.ask(message)).await.map_err(|status| remote.refused(&status))?;
    let execution = execution_from_proto(answer.into_inner()).map_err(|error| remote.odd(error))?;
    let execution = Arc::new(execution);
    if arguments.json {
        print_json(&execution)?;
    } else {
        print_for_people(&execution.outcome, Entry::Main, true)?;
    }
    Ok(exit_of(execution.outcome.status))
}

async fn get(arguments: NamedArguments) -> CommandResult {
    let remote = arguments.remote.connect().await?;
    let mut client = FunctionServiceClient::new(remote.channel.clone()).max_decoding_message_size(usize::MAX);
    let message = GetFunctionRequest { function: Some(arguments.function) };
    let answer = client.get_function(remote.ask(message)).await.map_err(|status| remote.refused(&status))?;
    let function = answer.into_inner().function.unwrap_or_default();
    let text = serde_json::to_string_pretty(&function).map_err(CommandError::infrastructure)?;
    write_stdout(format!("{text}\n").as_bytes())?;
    Ok(Exit::Success)
}

async fn delete(arguments: NamedArguments) -> CommandResult {
    let remote = arguments.remote.connect().await?;
    let mut client = FunctionServiceClient::new(remote.channel.clone());
    let message = DeleteFunctionRequest { function: Some(arguments.function) };
    client.delete_function(remote.ask(message)).await.map_err(|status| remote.refused(&status))?;
    Ok(Exit::Success)
}

/// Those of `--file`.
fn files(flags: &[String]) -> CommandResult<Vec<File>> {
    let to_proto = |file: ampoule_model::File| File { path: file.path, content: file.content };
    flags.iter().map(|text| file(text).map(to_proto)).collect()
}

/// Those of `--env`.
fn environment(flags: &[String]) -> CommandResult<BTreeMap<String, String>> {
    flags.iter().map(|text| variable(text)).collect()
}

/// `KEY=VALUE`.
fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// `NAME`, `NAME@ALIAS` or `NAME:VERSION`.
fn reference(text: &str) -> Result<FunctionReference, String> {
    let (name, version, alias) = match (text.split_once('@'), text.split_once(':')) {
        (Some((name, alias)), None) => (name, "", alias),
        (None, Some((name, version))) => (name, version, ""),
        (None, None) => (text, "", ""),
        (Some(_), Some(_)) => return Err("write NAME, NAME@ALIAS or NAME:VERSION".into()),
    };
    Ok(FunctionReference { name: name.into(), version: version.into(), alias: alias.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_short() {
        let told = |text| reference(text).map(|found| (found.name, found.version, found.alias));
        let expected =
            |name: &str, version: &str, alias: &str| Ok((name.into(), version.into(), alias.into()));
        assert_eq!(told("f"), expected("f", "", ""));
        assert_eq!(told("f@stable"), expected("f", "", "stable"));
        assert_eq!(told("f:0ab"), expected("f", "0ab", ""));
        assert!(told("f@a:b").is_err());
    }
}
