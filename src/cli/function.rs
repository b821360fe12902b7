//! `ampoule function`: puts, calls, shows, lists and deletes functions of a server.

use super::modules::modules;
use super::remote::RemoteArguments;
use super::report::{exit_of, print_for_people, print_json};
use super::run::read_text;
use super::{CommandError, CommandResult, Exit, say, write_stdout};
use crate::runtime;
use crate::units::{self, Bytes, Span};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{
    self, Conversion, DeleteFunctionRequest, ExecuteRequest, FunctionReference, GetFunctionRequest,
    ListFunctionsRequest, PutFunctionRequest, Variable, VariableType,
};
use ampoule_api::{execution_from_proto, request_to_proto};
use ampoule_world::{Entry, Language, Program, Request, RequestedLimits};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
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
    /// Show a version of a function as JSON
    Get(NamedArguments),
    /// List functions
    List(ListArguments),
    /// Delete a function; or with @ALIAS an alias, with :VERSION a version
    Delete(NamedArguments),
}

#[derive(Debug, Args)]
struct PutArguments {
    /// The function's name
    name: String,
    /// The program
    #[arg(value_name = "FILE")]
    program: PathBuf,
    /// python or javascript [default: by the file's ending]
    #[arg(long, value_name = "L")]
    language: Option<Language>,
    /// A module the program can import; repeatable
    #[arg(long, value_name = "NAME=PATH")]
    module: Vec<String>,
    /// Another function whose modules the program can import; repeatable
    #[arg(long, value_name = "[MODULE=]FUNCTION[@ALIAS|:VERSION]")]
    import: Vec<String>,
    /// An alias that is to point to this version, beside `latest`; repeatable
    #[arg(long, value_name = "ALIAS")]
    alias: Vec<String>,
    /// A declared input: string, number, boolean, object, array or file; with ? it may be absent; repeatable
    #[arg(long, value_name = "NAME:TYPE[?]", value_parser = variable)]
    input: Vec<Variable>,
    /// A declared output; repeatable
    #[arg(long, value_name = "NAME:TYPE[?]", value_parser = variable)]
    output: Vec<Variable>,
    /// Convert inputs that are not of their type: strictly, where they say the same in another form ("12.5" for 12.5); or
    /// by Dify's rule, which makes 0 of "abc" and null of what it cannot convert
    #[arg(long, value_name = "RULE", requires = "input", num_args = 0..=1, require_equals = true)]
    #[arg(value_enum, default_missing_value = "strict")]
    convert: Option<Rule>,
    /// Limit of real time, running and sleeping, like 10s
    #[arg(long, value_name = "SPAN", value_parser = units::limit_of_time)]
    timeout: Option<Span>,
    /// Limit of processor time, like 5s
    #[arg(long, value_name = "SPAN", value_parser = units::limit_of_time)]
    cpu_time: Option<Span>,
    /// Limit of memory beyond the image's own, like 256MiB
    #[arg(long, value_name = "BYTES")]
    memory: Option<Bytes>,
    /// Limit of fuel, like 1000000 or 1e9
    #[arg(long, value_name = "N", value_parser = units::number)]
    fuel: Option<u64>,
    #[command(flatten)]
    remote: RemoteArguments,
}

/// How inputs are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Rule {
    Strict,
    Dify,
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

#[derive(Debug, Args)]
struct ListArguments {
    #[command(flatten)]
    remote: RemoteArguments,
}

/// Runs the command.
pub(crate) fn function(arguments: FunctionArguments) -> CommandResult {
    let tokio = runtime::for_guests()
        .map_err(|error| CommandError::infrastructure(format!("no threads: {error}")))?;
    tokio.block_on(async {
        match arguments.command {
            FunctionCommand::Put(arguments) => put(*arguments).await,
            FunctionCommand::Call(arguments) => call(arguments).await,
            FunctionCommand::Get(arguments) => get(arguments).await,
            FunctionCommand::List(arguments) => list(arguments).await,
            FunctionCommand::Delete(arguments) => delete(arguments).await,
        }
    })
}

async fn put(arguments: PutArguments) -> CommandResult {
    let shown = arguments.program.to_string_lossy().into_owned();
    let language = arguments.language.or_else(|| Language::of_file_name(&shown)).ok_or_else(|| {
        CommandError::usage(format!("cannot tell the language of '{shown}' by its ending: add --language"))
    })?;
    let program = Program {
        language,
        entry: Entry::Main,
        source: read_text(&arguments.program)?,
        // Without its folder: the same program has the same version wherever it lies.
        file_name: arguments.program.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        modules: modules(&arguments.module, language)?,
    };
    let limits = RequestedLimits {
        wall_time: arguments.timeout.map(|span| span.0),
        cpu_time: arguments.cpu_time.map(|span| span.0),
        memory_bytes: arguments.memory.map(|bytes| bytes.0),
        fuel: arguments.fuel,
        ..RequestedLimits::default()
    };
    let asked = request_to_proto(Request { limits, ..Request::of(program) });
    let message = PutFunctionRequest {
        name: arguments.name,
        source: asked.source,
        inputs: arguments.input,
        outputs: arguments.output,
        convert_inputs: match arguments.convert {
            None => Conversion::Unspecified,
            Some(Rule::Strict) => Conversion::Strict,
            Some(Rule::Dify) => Conversion::Dify,
        }
        .into(),
        limits: asked.limits,
        imports: arguments.import.iter().map(|text| import(text)).collect::<CommandResult<_>>()?,
        aliases: arguments.alias,
    };
    let remote = arguments.remote.connect().await?;
    let mut client = FunctionServiceClient::new(remote.channel.clone());
    let answer = client.put_function(remote.ask(message)).await;
    let answer = answer.map_err(|status| remote.refused(&status))?.into_inner();
    let exit = match answer.preparation {
        None => Exit::Success,
        Some(preparation) => {
            let outcome = execution_from_proto(preparation).map_err(|error| remote.odd(error))?.outcome;
            // A top level has no result, as a script.
            print_for_people(&outcome, Entry::Script, true)?;
            exit_of(outcome.status)
        }
    };
    match answer.function {
        Some(function) => write_stdout(format!("{}:{}\n", function.name, function.version).as_bytes())?,
        None => say("nothing was kept: the top level did not complete"),
    }
    Ok(exit)
}

async fn call(arguments: CallArguments) -> CommandResult {
    let input_json = match (&arguments.input, &arguments.input_file) {
        (Some(json), _) => json.clone(),
        (None, Some(path)) => read_text(path)?,
        (None, None) => String::new(),
    };
    let function = Some(arguments.function);
    let message = ExecuteRequest { function, input_json, ..ExecuteRequest::default() };
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

async fn list(arguments: ListArguments) -> CommandResult {
    let remote = arguments.remote.connect().await?;
    let mut client = FunctionServiceClient::new(remote.channel.clone()).max_decoding_message_size(usize::MAX);
    let mut page_token = String::new();
    loop {
        let message = ListFunctionsRequest { page_size: 0, page_token };
        let answer =
            client.list_functions(remote.ask(message)).await.map_err(|status| remote.refused(&status))?;
        let page = answer.into_inner();
        for function in &page.functions {
            write_stdout(line(function).as_bytes())?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(Exit::Success);
        }
    }
}

/// A function, its versions and who points to them.
fn line(function: &v1::FunctionSummary) -> String {
    let mut text = format!("{}\n", function.name);
    for version in &function.versions {
        let aliases =
            function.aliases.iter().filter(|(_, to)| *to == version).map(|(alias, _)| alias.as_str());
        let aliases = aliases.collect::<Vec<_>>().join(", ");
        text.push_str(format!("  {version}  {aliases}").trim_end());
        text.push('\n');
    }
    text
}

async fn delete(arguments: NamedArguments) -> CommandResult {
    let remote = arguments.remote.connect().await?;
    let mut client = FunctionServiceClient::new(remote.channel.clone());
    let message = DeleteFunctionRequest { function: Some(arguments.function) };
    client.delete_function(remote.ask(message)).await.map_err(|status| remote.refused(&status))?;
    Ok(Exit::Success)
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

/// `FUNCTION`, or `MODULE=FUNCTION` where it is imported by another name.
fn import(text: &str) -> CommandResult<v1::FunctionImport> {
    let (module, function) = text.split_once('=').unwrap_or(("", text));
    let function =
        reference(function).map_err(|error| CommandError::usage(format!("--import '{text}': {error}")))?;
    Ok(v1::FunctionImport { function: Some(function), module: module.into() })
}

/// `NAME:TYPE`, with a question mark if it may be absent.
fn variable(text: &str) -> Result<Variable, String> {
    let (name, kind) = text.split_once(':').ok_or("write NAME:TYPE")?;
    let (kind, optional) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
    let kind = match kind {
        "string" => VariableType::String,
        "number" => VariableType::Number,
        "boolean" => VariableType::Boolean,
        "object" => VariableType::Object,
        "array" => VariableType::Array,
        "file" => VariableType::File,
        other => {
            return Err(format!("'{other}' is no type: use string, number, boolean, object, array or file"));
        }
    };
    Ok(Variable { name: name.into(), r#type: kind.into(), optional, description: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_variables_are_short() {
        let told = |text| reference(text).map(|found| (found.name, found.version, found.alias));
        let expected =
            |name: &str, version: &str, alias: &str| Ok((name.into(), version.into(), alias.into()));
        assert_eq!(told("f"), expected("f", "", ""));
        assert_eq!(told("f@stable"), expected("f", "", "stable"));
        assert_eq!(told("f:0ab"), expected("f", "0ab", ""));
        assert!(told("f@a:b").is_err());
        let count = variable("count:number?").unwrap();
        assert_eq!(
            (count.name.as_str(), count.r#type(), count.optional),
            ("count", VariableType::Number, true)
        );
        assert!(variable("count").is_err() && variable("count:int").is_err());
        let import = import("tools=text@stable").unwrap();
        assert_eq!((import.module.as_str(), import.function.unwrap().alias.as_str()), ("tools", "stable"));
    }
}
