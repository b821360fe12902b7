//! From words to proto.

use crate::times::{duration_to_proto, unix_nanos_to_proto};
use crate::v1;
use ampoule_model as world;
use ampoule_model::manifest::Manifest;

/// What a client sends for `request`.
pub fn request_to_proto(request: world::Request) -> v1::ExecuteRequest {
    v1::ExecuteRequest {
        source: Some(source_to_proto(request.program, request.image)),
        function: None,
        input_json: request.input_json,
        files: files(request.files),
        limits: Some(limits_to_proto(&request.limits)),
        deterministic: request.deterministic.map(|fixed| v1::Deterministic {
            seed: fixed.seed,
            now: Some(unix_nanos_to_proto(fixed.now_unix_nanos)),
        }),
        env: request.environment.into_iter().collect(),
        stdin: request.stdin,
        stdin_text: String::new(),
        output_files: request.output_files,
        idempotency_key: request.idempotency_key,
    }
}

pub(crate) fn source_to_proto(program: world::Program, image: Option<String>) -> v1::Source {
    v1::Source {
        language: language_of(&program).into(),
        code: program.source,
        entry: entry(program.entry).into(),
        image: image.unwrap_or_default(),
        modules: program
            .modules
            .into_iter()
            .map(|module| v1::Module { name: module.name, code: module.source })
            .collect(),
        file_name: program.file_name,
        bigint: program.bigint,
    }
}

fn language_of(program: &world::Program) -> v1::Language {
    match program.language {
        world::Language::Javascript if world::is_typescript(&program.file_name) => v1::Language::Typescript,
        other => language(other),
    }
}

pub(crate) fn limits_to_proto(limits: &world::RequestedLimits) -> v1::Limits {
    v1::Limits {
        wall_time: limits.wall_time.map(duration_to_proto),
        cpu_time: limits.cpu_time.map(duration_to_proto),
        memory_bytes: limits.memory_bytes.unwrap_or(0),
        fuel: limits.fuel.unwrap_or(0),
        output_bytes: limits.output_bytes.unwrap_or(0),
        result_bytes: limits.result_bytes.unwrap_or(0),
    }
}

/// What a server answers for `outcome`; moves its texts and files. `function_version` is empty for a program
/// that came along.
pub fn execution_to_proto(
    outcome: world::Outcome,
    image_digest: &str,
    function_version: &str,
) -> v1::ExecuteResponse {
    let usage = outcome.usage;
    v1::ExecuteResponse {
        status: status(outcome.status).into(),
        result_json: outcome.result_json,
        stdout: outcome.stdout,
        stderr: outcome.stderr,
        stdout_truncated: outcome.stdout_truncated,
        stderr_truncated: outcome.stderr_truncated,
        failure: outcome.failure.map(|failure| v1::Failure {
            r#type: failure.kind,
            message: failure.message,
            traceback: failure.traceback,
            line: failure.line,
            column: failure.column,
        }),
        files: files(outcome.files),
        usage: Some(v1::Usage {
            fuel: usage.fuel,
            wall_time: Some(duration_to_proto(usage.wall_time)),
            sleep_time: Some(duration_to_proto(usage.sleep_time)),
            wait_time: Some(duration_to_proto(usage.wait_time)),
            cpu_time: Some(duration_to_proto(usage.cpu_time)),
            peak_memory_bytes: usage.peak_memory_bytes,
            output_bytes: usage.output_bytes,
            queue_time: Some(duration_to_proto(usage.queue_time)),
        }),
        image_digest: image_digest.to_owned(),
        function_version: function_version.to_owned(),
    }
}

/// What a server says of an image.
pub fn image_to_proto(manifest: &Manifest) -> v1::Image {
    let mut packages: Vec<v1::Package> = manifest
        .packages
        .iter()
        .map(|package| v1::Package {
            name: package.name.clone(),
            version: package.version.clone(),
            licence: package.licence.clone(),
            sha256: package.sha256.clone(),
            native: package.native,
            modules: package.modules.clone(),
            preimported: package.preimported,
        })
        .collect();
    packages.sort_by(|one, other| one.name.cmp(&other.name));
    v1::Image {
        name: manifest.name.clone(),
        digest: manifest.digest.clone(),
        language: language(manifest.language).into(),
        version: manifest.version.clone(),
        packages,
        initial_memory_bytes: manifest.initial_memory_bytes,
    }
}

fn language(language: world::Language) -> v1::Language {
    match language {
        world::Language::Python => v1::Language::Python,
        world::Language::Javascript => v1::Language::Javascript,
    }
}

fn entry(entry: world::Entry) -> v1::Entry {
    match entry {
        world::Entry::Main => v1::Entry::Main,
        world::Entry::Body => v1::Entry::Body,
        world::Entry::Script => v1::Entry::Script,
    }
}

pub(crate) fn status(status: world::Status) -> v1::Status {
    match status {
        world::Status::Completed => v1::Status::Completed,
        world::Status::Raised => v1::Status::Raised,
        world::Status::InvalidResult => v1::Status::InvalidResult,
        world::Status::FuelExhausted => v1::Status::FuelExhausted,
        world::Status::TimedOut => v1::Status::TimedOut,
        world::Status::OutOfMemory => v1::Status::OutOfMemory,
        world::Status::OutputLimit => v1::Status::OutputLimit,
        world::Status::Internal => v1::Status::Internal,
    }
}

fn files(files: Vec<world::File>) -> Vec<v1::File> {
    files.into_iter().map(|file| v1::File { path: file.path, content: file.content }).collect()
}
