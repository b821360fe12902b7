//! `ampoule function put`: keeps a program as a version of a function.

use super::{environment, files, label, reference};
use crate::cli::dialect::Dialect;
use crate::cli::modules::modules;
use crate::cli::remote::RemoteArguments;
use crate::cli::report::{exit_of, print_for_people};
use crate::cli::run::read_text;
use crate::cli::{CommandError, CommandResult, Exit, say, write_stdout};
use crate::units::{self, Bytes, Span};
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{self, Conversion, PutFunctionRequest, Variable, VariableType};
use ampoule_api::{execution_from_proto, request_to_proto};
use ampoule_model::{Entry, Program, Request, RequestedLimits};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct PutArguments {
    /// The function's name
    name: String,
    /// The program
    #[arg(value_name = "FILE")]
    program: PathBuf,
    /// python, javascript or typescript [default: by the file's ending]
    #[arg(long, value_name = "L")]
    language: Option<Dialect>,
    /// A module the program can import; repeatable
    #[arg(long, value_name = "NAME=PATH")]
    module: Vec<String>,
    /// Another function whose modules the program can import; repeatable
    #[arg(long, value_name = "[MODULE=]FUNCTION[@ALIAS|:VERSION]")]
    import: Vec<String>,
    /// A file that the function finds below its working directory, like a wheel; repeatable
    #[arg(long, value_name = "PATH[:GUESTPATH]")]
    file: Vec<String>,
    /// An environment variable that the function finds; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    env: Vec<String>,
    /// An alias that is to point to this version, beside `latest`; repeatable
    #[arg(long, value_name = "ALIAS")]
    alias: Vec<String>,
    /// Leave `latest` where it is
    #[arg(long)]
    keep_latest: bool,
    /// What the version is, for people
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A label to find the version by; repeatable
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    /// A declared input: string, number, boolean, object, array or file; with ? it may be absent; repeatable
    #[arg(long, value_name = "NAME:TYPE[?]", value_parser = variable)]
    input: Vec<Variable>,
    /// A declared output; repeatable
    #[arg(long, value_name = "NAME:TYPE[?]", value_parser = variable)]
    output: Vec<Variable>,
    /// Convert inputs that are not of their type: strictly, where they say the same in another form ("12.5"
    /// for 12.5); or by Dify's rule, which makes 0 of "abc" and null of what it cannot convert
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
    #[arg(long, value_name = "BYTES", value_parser = units::limit_of_bytes)]
    memory: Option<Bytes>,
    /// Limit of fuel, like 1000000 or 1e9
    #[arg(long, value_name = "N", value_parser = units::limit_of_number)]
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

/// Runs the command.
pub(crate) async fn put(arguments: PutArguments) -> CommandResult {
    let shown = arguments.program.to_string_lossy().into_owned();
    let dialect = Dialect::of(arguments.language, &shown).ok_or_else(|| {
        CommandError::usage(format!("cannot tell the language of '{shown}' by its ending: add --language"))
    })?;
    let language = dialect.language();
    // Without its folder: the same program has the same version wherever it lies.
    let file_name = arguments.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let program = Program {
        language,
        entry: Entry::Main,
        source: read_text(&arguments.program, "the program")?,
        file_name: dialect.file_name(file_name),
        modules: modules(&arguments.module, language)?,
        bigint: false,
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
        keep_latest: arguments.keep_latest,
        description: arguments.description.unwrap_or_default(),
        labels: arguments.label.into_iter().collect(),
        env: environment(&arguments.env)?,
        files: files(&arguments.file)?,
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
    fn variables_and_imports_are_short() {
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
