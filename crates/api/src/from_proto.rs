//! From proto to words.

use crate::functions::reference;
use crate::times::{duration_from_proto, unix_nanos_from_proto};
use crate::v1;
use ampoule_model as world;
use std::borrow::Cow;
use std::time::Duration;

/// A message that has no meaning in words. Its text names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub struct InvalidMessage {
    /// The field's path, e.g. `source.language`.
    pub field: Cow<'static, str>,
    /// What it is and what it may be.
    pub reason: String,
}

/// An answered execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// How it ended and what it left.
    pub outcome: world::Outcome,
    /// The image it ran in.
    pub image_digest: String,
    /// The version of the function that was called; empty for a program that came along.
    pub function_version: String,
}

impl AsRef<world::Outcome> for Execution {
    fn as_ref(&self) -> &world::Outcome {
        &self.outcome
    }
}

/// What a client asks, in words. Only what proto itself leaves open is checked here: numbers that are no
/// language or entry, times that are none. The rest is admission's.
pub fn request_from_proto(request: v1::ExecuteRequest) -> Result<world::Invocation, InvalidMessage> {
    let limits = limits(request.limits)?;
    let files = files(request.files);
    let environment = request.env.into_iter().collect();
    let stdin = stdin(request.stdin, request.stdin_text)?;
    let output_files = request.output_files;
    let deterministic = request.deterministic.map(deterministic).transpose()?;
    match (request.source, request.function) {
        (None, None) => Err(invalid("source", "is missing: give a program, or name a function")),
        (Some(_), Some(_)) => Err(invalid("function", "is given together with source: give one of them")),
        (Some(source), None) => {
            let (program, image) = program(source)?;
            Ok(world::Invocation::Program(world::Request {
                program,
                image,
                input_json: request.input_json,
                files,
                environment,
                stdin,
                output_files,
                limits,
                deterministic,
                idempotency_key: request.idempotency_key,
            }))
        }
        (None, Some(function)) => Ok(world::Invocation::Function(world::FunctionCall {
            function: reference(function),
            input_json: request.input_json,
            files,
            environment,
            stdin,
            output_files,
            limits,
            deterministic,
            idempotency_key: request.idempotency_key,
        })),
    }
}

/// The same of the request that a batch's inputs are for.
pub fn batch_request_from_proto(
    request: Option<v1::ExecuteRequest>,
) -> Result<world::Invocation, InvalidMessage> {
    request_from_proto(request.ok_or_else(|| invalid("request", "is missing: give a program"))?)
}

fn stdin(bytes: Vec<u8>, text: String) -> Result<Vec<u8>, InvalidMessage> {
    match (bytes.is_empty(), text.is_empty()) {
        (false, false) => Err(invalid("stdin_text", "is given together with stdin: give one of them")),
        (_, true) => Ok(bytes),
        (true, false) => Ok(text.into_bytes()),
    }
}

/// A program, and the image that it asks for.
pub(crate) fn program(source: v1::Source) -> Result<(world::Program, Option<String>), InvalidMessage> {
    let program = world::Program {
        language: language(source.language)?,
        entry: entry(source.entry)?,
        source: source.code,
        file_name: file_name(source.language, source.file_name)?,
        modules: source
            .modules
            .into_iter()
            .map(|module| world::Module { name: module.name, source: module.code })
            .collect(),
        bigint: source.bigint,
    };
    Ok((program, Some(source.image).filter(|image| !image.is_empty())))
}

/// What a server answered, in words.
pub fn execution_from_proto(response: v1::ExecuteResponse) -> Result<Execution, InvalidMessage> {
    let usage = response.usage.unwrap_or_default();
    let outcome = world::Outcome {
        status: status(response.status)?,
        result_json: response.result_json,
        stdout: response.stdout,
        stderr: response.stderr,
        stdout_truncated: response.stdout_truncated,
        stderr_truncated: response.stderr_truncated,
        failure: response.failure.map(|failure| world::Failure {
            kind: failure.r#type,
            message: failure.message,
            traceback: failure.traceback,
            line: failure.line,
            column: failure.column,
        }),
        files: files(response.files),
        usage: world::Usage {
            fuel: usage.fuel,
            wall_time: time_used("usage.wall_time", usage.wall_time)?,
            sleep_time: time_used("usage.sleep_time", usage.sleep_time)?,
            wait_time: time_used("usage.wait_time", usage.wait_time)?,
            cpu_time: time_used("usage.cpu_time", usage.cpu_time)?,
            peak_memory_bytes: usage.peak_memory_bytes,
            output_bytes: usage.output_bytes,
            queue_time: time_used("usage.queue_time", usage.queue_time)?,
        },
    };
    Ok(Execution {
        outcome,
        image_digest: response.image_digest,
        function_version: response.function_version,
    })
}

pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, reason: impl Into<String>) -> InvalidMessage {
    InvalidMessage { field: field.into(), reason: reason.into() }
}

fn language(number: i32) -> Result<world::Language, InvalidMessage> {
    match v1::Language::try_from(number) {
        Ok(v1::Language::Python) => Ok(world::Language::Python),
        Ok(v1::Language::Javascript | v1::Language::Typescript) => Ok(world::Language::Javascript),
        Ok(v1::Language::Unspecified) => {
            Err(invalid("source.language", format!("is not set: use {LANGUAGES}")))
        }
        Err(_) => {
            Err(invalid("source.language", format!("is {number}, which is no language: use {LANGUAGES}")))
        }
    }
}

const LANGUAGES: &str = "LANGUAGE_PYTHON, LANGUAGE_JAVASCRIPT or LANGUAGE_TYPESCRIPT";

/// The file name of a program, which tells the guest that it is TypeScript.
fn file_name(language: i32, name: String) -> Result<String, InvalidMessage> {
    if v1::Language::try_from(language) != Ok(v1::Language::Typescript) || world::is_typescript(&name) {
        return Ok(name);
    }
    if name.is_empty() {
        return Ok(world::TYPESCRIPT_FILE_NAME.to_owned());
    }
    Err(invalid("source.file_name", "is not that of a TypeScript program: let it end in .ts, .mts or .cts"))
}

fn entry(number: i32) -> Result<world::Entry, InvalidMessage> {
    match v1::Entry::try_from(number) {
        Ok(v1::Entry::Unspecified | v1::Entry::Main) => Ok(world::Entry::Main),
        Ok(v1::Entry::Body) => Ok(world::Entry::Body),
        Ok(v1::Entry::Script) => Ok(world::Entry::Script),
        Err(_) => Err(invalid(
            "source.entry",
            format!("is {number}, which is no entry: use ENTRY_MAIN, ENTRY_BODY or ENTRY_SCRIPT"),
        )),
    }
}

fn status(number: i32) -> Result<world::Status, InvalidMessage> {
    match v1::Status::try_from(number) {
        Ok(v1::Status::Completed) => Ok(world::Status::Completed),
        Ok(v1::Status::Raised) => Ok(world::Status::Raised),
        Ok(v1::Status::InvalidResult) => Ok(world::Status::InvalidResult),
        Ok(v1::Status::FuelExhausted) => Ok(world::Status::FuelExhausted),
        Ok(v1::Status::TimedOut) => Ok(world::Status::TimedOut),
        Ok(v1::Status::OutOfMemory) => Ok(world::Status::OutOfMemory),
        Ok(v1::Status::OutputLimit) => Ok(world::Status::OutputLimit),
        Ok(v1::Status::Internal) => Ok(world::Status::Internal),
        Ok(v1::Status::Unspecified) | Err(_) => Err(invalid(
            "status",
            format!("is {number}, which this client does not know: it may be older than the server"),
        )),
    }
}

pub(crate) fn files(files: Vec<v1::File>) -> Vec<world::File> {
    files.into_iter().map(|file| world::File { path: file.path, content: file.content }).collect()
}

pub(crate) fn limits(limits: Option<v1::Limits>) -> Result<world::RequestedLimits, InvalidMessage> {
    let limits = limits.unwrap_or_default();
    let time = |field: &'static str, given: &Option<_>| match given {
        None => Ok(None),
        Some(given) => match duration_from_proto(given) {
            Some(duration) => Ok(Some(duration).filter(|duration| !duration.is_zero())),
            None => Err(invalid(field, "is negative or malformed: give a positive duration")),
        },
    };
    let given = |number: u64| Some(number).filter(|number| *number > 0);
    Ok(world::RequestedLimits {
        wall_time: time("limits.wall_time", &limits.wall_time)?,
        cpu_time: time("limits.cpu_time", &limits.cpu_time)?,
        memory_bytes: given(limits.memory_bytes),
        fuel: given(limits.fuel),
        output_bytes: given(limits.output_bytes),
        result_bytes: given(limits.result_bytes),
        file_bytes: (),
    })
}

fn deterministic(fixed: v1::Deterministic) -> Result<world::Deterministic, InvalidMessage> {
    let now_unix_nanos = match &fixed.now {
        None => world::DEFAULT_NOW_UNIX_NANOS,
        Some(now) => unix_nanos_from_proto(now).ok_or_else(|| {
            invalid("deterministic.now", "is malformed or not between the years 1970 and 2262")
        })?,
    };
    Ok(world::Deterministic { seed: fixed.seed, now_unix_nanos })
}

fn time_used(
    field: &'static str,
    duration: Option<pbjson_types::Duration>,
) -> Result<Duration, InvalidMessage> {
    duration_from_proto(&duration.unwrap_or_default())
        .ok_or_else(|| invalid(field, "is negative or malformed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(language: v1::Language, file_name: &str) -> Result<world::Program, String> {
        let source = v1::Source {
            language: language.into(),
            code: "x".into(),
            file_name: file_name.into(),
            ..v1::Source::default()
        };
        program(source).map(|(program, _)| program).map_err(|problem| problem.field.into_owned())
    }

    #[test]
    fn typescript_is_javascript_of_such_a_file_name_and_back() {
        for (name, file_name) in
            [("", "main.ts"), ("step.ts", "step.ts"), ("a.mts", "a.mts"), ("a.cts", "a.cts")]
        {
            let program = asked(v1::Language::Typescript, name).unwrap();
            assert_eq!((program.language, &*program.file_name), (world::Language::Javascript, file_name));
            let source = crate::to_proto::source_to_proto(program, None);
            assert_eq!((source.language(), &*source.file_name), (v1::Language::Typescript, file_name));
        }
        assert_eq!(asked(v1::Language::Typescript, "step.js"), Err("source.file_name".into()));
        let plain = asked(v1::Language::Javascript, "").unwrap();
        assert_eq!((plain.language, &*plain.file_name), (world::Language::Javascript, ""));
        assert_eq!(crate::to_proto::source_to_proto(plain, None).language(), v1::Language::Javascript);
    }
}
