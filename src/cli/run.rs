//! `ampoule run`: one program, in process or on a server.

use super::dialect::Dialect;
use super::flags;
use super::modules::modules;
use super::output::Printer;
use super::remote::{CallerArguments, Remote};
use super::report::{exit_of, print_for_people, print_json};
use super::saved::save;
use super::stdin::own_stdin;
use super::times::unix_nanos;
use super::{CommandError, CommandResult, say};
use crate::units::{self, Bytes, Span};
use crate::{images, runtime};
use ampoule_api::Execution;
use ampoule_api::v1::execute_stream_response::Event;
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::{DEFAULT_NOW_UNIX_NANOS, Deterministic, Entry, File, Program, Request, RequestedLimits};
use ampoule_service::{Call, Error, Images, OutputStream, Service, ServiceConfig, default_images_folder};
use clap::Args;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

/// Run a program in a fresh guest
///
/// Prints the program's stdout and stderr as they are and its result as JSON on stdout. Stdin, unless it is a
/// terminal, is the program's. Exit status: 0 completed, 1 raised or invalid result, 2 usage, 3 stopped by a
/// limit, 4 infrastructure.
#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The program; '-' reads it from stdin
    #[arg(value_name = "FILE|-")]
    program: PathBuf,
    /// python, javascript or typescript [default: by the file's ending]
    #[arg(long, value_name = "L")]
    language: Option<Dialect>,
    /// How the program is entered: main, body or script
    #[arg(long, default_value = "main")]
    entry: Entry,
    /// The image to run in [default: the language's own]
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// The input: one JSON object [default: {}]
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Read the input from a file; '-' is stdin
    #[arg(long, value_name = "F", conflicts_with = "input")]
    input_file: Option<PathBuf>,
    /// A module the program can import, or a folder of them as a package; repeatable
    #[arg(long, value_name = "NAME=PATH")]
    module: Vec<String>,
    /// A file below the program's working directory; repeatable
    #[arg(long, value_name = "PATH[:GUESTPATH]")]
    file: Vec<String>,
    /// An environment variable; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    env: Vec<String>,
    /// JavaScript: integers of the input beyond 2^53 are BigInts
    #[arg(long)]
    bigint: bool,
    /// Leave stdin alone: the program finds its own at its end
    #[arg(long)]
    no_stdin: bool,
    /// Files that come back beside those below out/, like '*.csv' or 'reports/**'; repeatable
    #[arg(long, value_name = "PATTERN")]
    output_file: Vec<String>,
    /// Limit of real time, running and sleeping, like 10s
    #[arg(long, value_name = "SPAN", value_parser = units::limit_of_time, allow_negative_numbers = true)]
    timeout: Option<Span>,
    /// Limit of processor time, like 5s
    #[arg(long, value_name = "SPAN", value_parser = units::limit_of_time, allow_negative_numbers = true)]
    cpu_time: Option<Span>,
    /// Limit of memory beyond the image's own, like 256MiB
    #[arg(long, value_name = "BYTES", value_parser = units::limit_of_bytes, allow_negative_numbers = true)]
    memory: Option<Bytes>,
    /// Limit of fuel, like 1000000 or 1e9
    #[arg(long, value_name = "N", value_parser = units::limit_of_number, allow_negative_numbers = true)]
    fuel: Option<u64>,
    /// Fix randomness and time, seeded by N
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Fix randomness and time, starting at T, like 2025-01-01T00:00:00Z
    #[arg(long, value_name = "T", value_parser = unix_nanos)]
    now: Option<i64>,
    /// Print one JSON object, as it is answered over HTTP
    #[arg(long)]
    json: bool,
    /// Save the files that come back below this folder, out/a as DIR/a
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Run on the server at URL, like https://ampoule.example or http://127.0.0.1:50051, instead of in
    /// process
    #[arg(long, value_name = "URL")]
    addr: Option<String>,
    /// Say where in the image a guest trapped, by the names of its functions: for those who work on images
    #[arg(long, conflicts_with = "addr")]
    debug_guest: bool,
    #[command(flatten)]
    caller: CallerArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: RunArguments) -> CommandResult {
    let request = request(&arguments)?;
    let entry = request.program.entry;
    let tokio = runtime::for_guests()
        .map_err(|error| CommandError::infrastructure(format!("no threads: {error}")))?;
    // What is printed is shown as it comes; as JSON it is told at the end.
    let printer = (!arguments.json).then(Printer::default);
    let execution = match &arguments.addr {
        Some(address) => {
            tokio.block_on(execute_on_server(address, &arguments.caller, request, printer.as_ref()))?
        }
        None => {
            let service = local_service(&request, arguments.debug_guest)?;
            tokio.block_on(execute_here(&service, request, printer.as_ref()))?
        }
    };
    let execution = Arc::new(execution);
    if arguments.json {
        print_json(&execution)?;
    } else {
        let at_line_start = printer.as_ref().is_none_or(Printer::is_at_line_start);
        print_for_people(&execution.outcome, entry, at_line_start)?;
    }
    let files = &execution.outcome.files;
    match &arguments.out {
        Some(folder) => save(folder, files)?,
        None if !files.is_empty() && !arguments.json => {
            say(format_args!("{} files came back; --out DIR saves them", files.len()));
        }
        None => {}
    }
    Ok(exit_of(execution.outcome.status))
}

fn request(arguments: &RunArguments) -> CommandResult<Request> {
    let from_stdin = arguments.program.as_os_str() == "-";
    let shown = arguments.program.to_string_lossy();
    let dialect = match Dialect::of(arguments.language, &shown) {
        Some(dialect) => dialect,
        None => {
            if !from_stdin && !arguments.program.exists() {
                read_text(&arguments.program, "the program")?;
            }
            return Err(CommandError::usage(format!(
                "cannot tell the language of '{shown}' by its ending: add --language python, javascript or typescript"
            )));
        }
    };
    if from_stdin && arguments.input_file.as_deref() == Some(Path::new("-")) {
        return Err(CommandError::usage("stdin cannot be both the program and the input"));
    }
    let source = read_text(&arguments.program, "the program")?;
    let language = dialect.language();
    let program = Program {
        language,
        entry: arguments.entry,
        // Editors on Windows begin files with a mark that is no part of the program.
        source: source.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(source),
        file_name: dialect.file_name(if from_stdin { "<stdin>".into() } else { shown.into_owned() }),
        modules: modules(&arguments.module, language)?,
        bigint: arguments.bigint,
    };
    let input_json = match (&arguments.input, &arguments.input_file) {
        (Some(json), _) => json.clone(),
        (None, Some(path)) => read_text(path, "--input-file")?,
        (None, None) => String::new(),
    };
    let deterministic = (arguments.seed.is_some() || arguments.now.is_some()).then(|| Deterministic {
        seed: arguments.seed.unwrap_or(0),
        now_unix_nanos: arguments.now.unwrap_or(DEFAULT_NOW_UNIX_NANOS),
    });
    Ok(Request {
        program,
        image: arguments.image.clone(),
        input_json,
        files: arguments.file.iter().map(|text| file(text)).collect::<CommandResult<_>>()?,
        environment: arguments.env.iter().map(|text| variable(text)).collect::<CommandResult<_>>()?,
        // After all else that may be read from it.
        stdin: if arguments.no_stdin { Vec::new() } else { own_stdin()? },
        output_files: arguments.output_file.clone(),
        limits: RequestedLimits {
            wall_time: arguments.timeout.map(|span| span.0),
            cpu_time: arguments.cpu_time.map(|span| span.0),
            memory_bytes: arguments.memory.map(|bytes| bytes.0),
            fuel: arguments.fuel,
            output_bytes: None,
            result_bytes: None,
            file_bytes: (),
        },
        deterministic,
        idempotency_key: String::new(),
    })
}

/// `what`: where on the command line the path stands.
fn read(path: &Path, what: &str) -> CommandResult<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    read.map_err(|error| CommandError::usage(format!("{what}: cannot read '{}': {error}", path.display())))?;
    Ok(bytes)
}

pub(crate) fn read_text(path: &Path, what: &str) -> CommandResult<String> {
    String::from_utf8(read(path, what)?).map_err(|error| {
        CommandError::usage(format!("{what}: {} is not UTF-8 text: {}", path.display(), error.utf8_error()))
    })
}

/// `PATH:GUESTPATH`, or `PATH` for a file of the same name in the working directory.
pub(crate) fn file(text: &str) -> CommandResult<File> {
    let (host, guest) = match text.rsplit_once(':') {
        Some((host, guest)) => (Path::new(host), guest.to_owned()),
        None => {
            let host = Path::new(text);
            let name = host.file_name().ok_or_else(|| {
                CommandError::usage(format!("--file '{text}' names no file: write PATH:GUESTPATH"))
            })?;
            (host, name.to_string_lossy().into_owned())
        }
    };
    Ok(File { path: guest, content: read(host, "--file")? })
}

pub(crate) fn variable(text: &str) -> CommandResult<(String, String)> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| CommandError::usage(format!("--env '{text}' lacks its value: write KEY=VALUE")))
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "write a whole number from 0 to 18446744073709551615".to_owned())
}

/// A service with one image and room for one execution.
fn local_service(request: &Request, debug_guest: bool) -> CommandResult<Service> {
    let name = request.image.clone().unwrap_or_else(|| request.program.language.name().to_owned());
    let folder = default_images_folder();
    let names = [name];
    images::ensure(&folder, &names)?;
    let defaults = ServiceConfig::default();
    let engine = EngineConfig { slots: 1, debug_guest, ..defaults.engine };
    let config = ServiceConfig { engine, ..defaults };
    let engine = Engine::new(config.engine.clone()).map_err(CommandError::infrastructure)?;
    let images = Images::load(&engine, &folder, &names).map_err(CommandError::infrastructure)?;
    Ok(Service::new(config, engine, images))
}

async fn execute_here(
    service: &Service,
    request: Request,
    printer: Option<&Printer>,
) -> CommandResult<Execution> {
    let executed = match printer {
        None => service.execute(request).await,
        Some(printer) => {
            let tenant = service.open_tenant().ok_or_else(|| CommandError::infrastructure("no tenant"))?;
            let (call, output_stream) = (Call::new(tenant), OutputStream::default());
            let mut executing = pin!(service.execute_streamed(&call, request, &output_stream));
            loop {
                tokio::select! {
                    biased;
                    pieces = output_stream.next() => printer.pieces(pieces)?,
                    executed = &mut executing => {
                        printer.pieces(output_stream.take())?;
                        break executed;
                    }
                }
            }
        }
    };
    match executed {
        Ok(ampoule_service::Execution { outcome, image_digest, function_version, .. }) => {
            Ok(Execution { outcome, image_digest, function_version })
        }
        Err(error @ Error::Invalid { .. }) => Err(CommandError::usage(flags::named(&error.to_string()))),
        Err(error) => Err(CommandError::infrastructure(error)),
    }
}

async fn execute_on_server(
    address: &str,
    caller: &CallerArguments,
    request: Request,
    printer: Option<&Printer>,
) -> CommandResult<Execution> {
    let remote = Remote::connect(address, caller).await?;
    // The server bounds its answers by its own limits.
    let mut client =
        ExecutionServiceClient::new(remote.channel.clone()).max_decoding_message_size(usize::MAX);
    let request = remote.ask(ampoule_api::request_to_proto(request));
    let refused = |status| remote.refused(&status);
    let answer = match printer {
        None => client.execute(request).await.map_err(refused)?.into_inner(),
        Some(printer) => {
            let mut events = client.execute_stream(request).await.map_err(refused)?.into_inner();
            loop {
                match events.message().await.map_err(refused)?.and_then(|response| response.event) {
                    Some(Event::Stdout(text)) => printer.stdout(text.as_bytes())?,
                    Some(Event::Stderr(text)) => printer.stderr(text.as_bytes()),
                    Some(Event::Outcome(answer)) => break answer,
                    None => return Err(remote.odd("stream ended without an outcome")),
                }
            }
        }
    };
    ampoule_api::execution_from_proto(answer).map_err(|error| remote.odd(error))
}
