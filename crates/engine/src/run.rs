//! One execution from job to outcome: request, guest, limits, words for what happened.

use crate::checkpoint::Checkpoint;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guest::{Door, Guest};
use crate::host::{GuestState, Stop};
use crate::image::Image;
use crate::job::{Compilation, Compiled, Job, Start};
use crate::response::{MAX_FILES, Response};
use crate::schedule::Turn;
use crate::timing::CpuTimed;
use ampoule_world::message::{Kind, MessageWriter, tag};
use ampoule_world::{Failure, Language, Limit, Limits, Outcome, Status, Usage};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use wasmtime::Trap;

impl Engine {
    /// Compiles a program in a guest of its own that runs nothing of it.
    ///
    /// For [`ampoule_world::Entry::Body`] the code depends on the input's keys, so `job.input_json` must be the same
    /// for every execution that uses the code: pass the keys with null values.
    /// Needs a tokio runtime with time enabled.
    pub async fn compile(&self, image: &Image, job: &Job<'_>) -> Result<Compilation, EngineError> {
        let Entered { outcome, code, .. } = self.enter(image, job, Door::Compile).await?;
        Ok(match code {
            Some(code) if outcome.status == Status::Completed => Compilation::Ready(Compiled {
                code,
                fuel: outcome.usage.fuel,
                cpu_time: outcome.usage.cpu_time,
                image_digest: Arc::clone(&image.inner.digest),
                last_fuel: Arc::default(),
            }),
            _ => Compilation::Failed(Box::new(outcome)),
        })
    }

    /// Runs a program, or calls one that was prepared, in a fresh guest. Dropping the future stops the guest within one
    /// slice of fuel. Needs a tokio runtime with time enabled.
    pub async fn run(&self, image: &Image, job: &Job<'_>) -> Result<Outcome, EngineError> {
        let door = match job.start {
            Start::Program { .. } => Door::Run,
            Start::Checkpoint(_) => Door::Call,
        };
        let Entered { outcome, answered, guest, .. } = self.enter(image, job, door).await?;
        if let Start::Program { compiled: Some(compiled), .. } = job.start {
            compiled.last_fuel.store(outcome.usage.fuel.saturating_sub(compiled.fuel), Ordering::Relaxed);
            if answered && (guest.was_kept() || self.computes_long(job)) {
                guest.keep(self).await?;
            }
        }
        Ok(outcome)
    }

    /// Whether it is a program that computed for long the last time.
    fn computes_long(&self, job: &Job<'_>) -> bool {
        let Start::Program { compiled: Some(compiled), .. } = job.start else { return false };
        compiled.last_fuel.load(Ordering::Relaxed) >= self.inner.config.kept_from_fuel
    }

    pub(crate) async fn enter(
        &self,
        image: &Image,
        job: &Job<'_>,
        door: Door,
    ) -> Result<Entered, EngineError> {
        let arrived = Instant::now();
        let turn = Turn::begin(&self.inner.seats, job.share).await;
        let started = Instant::now();
        let checkpoint = checkpoint_of(image, job, door)?;
        let limits = remaining(job);
        let request = request(image, job);
        let image_bytes = image.manifest().initial_memory_bytes;
        let slice = self.inner.config.fuel_slice;
        let state = GuestState::new(&limits, image_bytes, slice, job.deterministic, turn, job.tap.cloned());
        let mut guest = if door == Door::Run && self.computes_long(job) {
            Guest::start_kept(self, image, door, state).await?
        } else {
            Guest::start(self, image, door, state).await?
        };
        let mut cpu_time = Duration::ZERO;
        let called = {
            let call = pin!(async {
                if let Some(checkpoint) = checkpoint {
                    checkpoint.restore(&mut guest).await?;
                }
                guest.call(&request).await
            });
            let call = CpuTimed { future: call, total: &mut cpu_time };
            tokio::time::timeout(limits.wall_time, call).await
        };
        let ending = match called {
            Err(_) => Ending::Stopped(Limit::WallTime),
            Ok(Ok(packed)) => Ending::Answered(packed),
            Ok(Err(error)) => classify(&error, &guest),
        };
        let answered = matches!(ending, Ending::Answered(_));
        let (mut outcome, code, signature) = conclude(&guest, ending, &job.limits, image.language());
        let compiling = job.limits.fuel - limits.fuel;
        // The last charge may go beyond the limit; nobody is told to have used more than they had.
        outcome.usage.fuel = guest.fuel_used().min(limits.fuel) + compiling;
        outcome.usage.peak_memory_bytes = guest.memory_bytes();
        outcome.usage.cpu_time = cpu_time;
        let output = &mut guest.live.store.data_mut().output;
        outcome.usage.output_bytes = output.written;
        outcome.stdout = output_text(std::mem::take(&mut output.stdout), output.stdout_truncated);
        outcome.stderr = output_text(std::mem::take(&mut output.stderr), output.stderr_truncated);
        outcome.stdout_truncated = output.stdout_truncated;
        outcome.stderr_truncated = output.stderr_truncated;
        outcome.usage.wall_time = started.elapsed();
        outcome.usage.queue_time = started - arrived;
        Ok(Entered { outcome, answered, code, signature, guest })
    }
}

/// A guest that has answered or was stopped, and what came of it.
pub(crate) struct Entered {
    pub(crate) outcome: Outcome,
    /// It came to its end by itself.
    answered: bool,
    code: Option<Arc<[u8]>>,
    pub(crate) signature: Option<String>,
    pub(crate) guest: Guest,
}

/// The checkpoint that a call starts from, if it is one of this image. Only calls do.
fn checkpoint_of<'a>(
    image: &Image,
    job: &Job<'a>,
    door: Door,
) -> Result<Option<&'a Checkpoint>, EngineError> {
    let Start::Checkpoint(checkpoint) = job.start else { return Ok(None) };
    if door != Door::Call {
        return Err(EngineError::BadCheckpoint("a program is compiled and prepared from its source".into()));
    }
    checkpoint.check(image)?;
    Ok(Some(checkpoint))
}

/// The job's limits, less the fuel that compiling its program took.
fn remaining(job: &Job<'_>) -> Limits {
    let compiling = match job.start {
        Start::Program { compiled, .. } => compiled.map_or(0, |compiled| compiled.fuel),
        Start::Checkpoint(_) => 0,
    };
    Limits { fuel: job.limits.fuel.saturating_sub(compiling), ..job.limits }
}

fn request(image: &Image, job: &Job<'_>) -> Vec<u8> {
    let (source_bytes, code) = match job.start {
        Start::Program { program, compiled } => {
            (program.source.len(), compiled.filter(|compiled| compiled.image_digest == image.inner.digest))
        }
        Start::Checkpoint(_) => (0, None),
    };
    let files: usize = job.files.iter().map(|file| file.content.len() + 64).sum();
    let size = source_bytes + job.input_json.len() + code.map_or(0, |code| code.code.len()) + files + 1024;
    let mut message = MessageWriter::with_capacity(size);
    if let Start::Program { program, .. } = job.start {
        message
            .number(tag::ENTRY, program.entry.abi_number())
            .bytes(tag::FILE_NAME, program.file_name.as_bytes())
            .bytes(tag::SOURCE, program.source.as_bytes());
        if let Some(compiled) = code {
            message.bytes(tag::CODE, &compiled.code);
        }
    }
    message.bytes(tag::INPUT, job.input_json.as_bytes());
    if let Start::Program { program, .. } = job.start {
        for module in &program.modules {
            message.named(tag::MODULE, &module.name, module.source.as_bytes());
        }
    }
    for file in job.files {
        message.named(tag::FILE, &file.path, &file.content);
    }
    for (key, value) in job.environment {
        message.named(tag::ENV, key, value.as_bytes());
    }
    if job.deterministic.is_some() {
        message.bytes(tag::DETERMINISTIC, b"");
    }
    message.finish()
}

/// How the call into the guest ended.
enum Ending {
    /// The guest returned; its response lies there.
    Answered(u64),
    /// A limit stopped it.
    Stopped(Limit),
    /// The native stack was used up: the language's own recursion error, met too deep to be raised.
    StackOverflow,
    /// The program ended its interpreter.
    Exited(i32),
    /// A trap that no limit explains.
    Fault(String),
}

fn classify(error: &wasmtime::Error, guest: &Guest) -> Ending {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Limit(limit) => Ending::Stopped(*limit),
            Stop::Exit(code) if !guest.live.store.data().growth.refused => Ending::Exited(*code),
            Stop::Exit(_) => Ending::Stopped(Limit::Memory),
            Stop::Misuse(_) if guest.live.store.data().growth.refused => Ending::Stopped(Limit::Memory),
            Stop::Misuse(reason) => Ending::Fault((*reason).to_owned()),
        };
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Ending::StackOverflow,
        // An interpreter that was refused memory in a place that cannot raise ends in a trap.
        _ if guest.live.store.data().growth.refused => Ending::Stopped(Limit::Memory),
        Some(trap) => Ending::Fault(trap.to_string()),
        None => Ending::Fault(format!("{error:#}")),
    }
}

/// An outcome, and what compiling or preparing left beside it: code, a signature.
type Concluded = (Outcome, Option<Arc<[u8]>>, Option<String>);

fn conclude(guest: &Guest, ending: Ending, limits: &Limits, language: Language) -> Concluded {
    let outcome = match ending {
        Ending::Answered(packed) => match guest.response(packed).and_then(Response::decode) {
            Some(response) => return answered(guest, &response, limits),
            None => fault("the guest's answer is malformed; the program may have damaged its own memory"),
        },
        Ending::Stopped(limit) => stopped(limit, limits, guest),
        Ending::StackOverflow => failed(Status::Raised, recursion_failure(language)),
        Ending::Exited(code) => failed(
            Status::Raised,
            Failure {
                kind: "SystemExit".into(),
                message: format!("the program ended its interpreter with exit code {code}"),
                ..Failure::default()
            },
        ),
        Ending::Fault(reason) => fault(&reason),
    };
    (outcome, None, None)
}

fn answered(guest: &Guest, response: &Response<'_>, limits: &Limits) -> Concluded {
    let status = match response.kind {
        Kind::Completed => Status::Completed,
        Kind::Raised => Status::Raised,
        Kind::InvalidResult => Status::InvalidResult,
        Kind::Memory => {
            let mut outcome = stopped(Limit::Memory, limits, guest);
            if let Some(failure) = &mut outcome.failure {
                failure.traceback = response.failure.traceback.clone();
                (failure.line, failure.column) = (response.failure.line, response.failure.column);
            }
            return (outcome, None, None);
        }
    };
    if response.too_many_files {
        let message =
            format!("there are more than {MAX_FILES} files below out/: write fewer, or one archive");
        return (limit_outcome(Status::OutputLimit, "OutputLimit", message), None, None);
    }
    if response.file_bytes() > limits.file_bytes {
        let message = format!(
            "the files below out/ take {} bytes, the limit is {} bytes: write less",
            response.file_bytes(),
            limits.file_bytes
        );
        return (limit_outcome(Status::OutputLimit, "OutputLimit", message), None, None);
    }
    if response.result.len() as u64 > limits.result_bytes {
        let message = format!(
            "the result takes {} bytes as JSON, the limit is {} bytes: return less or raise limits.result_bytes",
            response.result.len(),
            limits.result_bytes
        );
        return (limit_outcome(Status::OutputLimit, "OutputLimit", message), None, None);
    }
    let mut outcome = empty(status);
    if status == Status::Completed {
        match std::str::from_utf8(response.result) {
            Ok(json) => outcome.result_json = json.to_owned(),
            Err(_) => return (fault("the guest's result is not UTF-8"), None, None),
        }
    } else {
        outcome.failure = Some(response.failure.clone());
    }
    outcome.files = response.copy_files();
    (outcome, response.code.map(Arc::from), response.signature.map(str::to_owned))
}

fn stopped(limit: Limit, limits: &Limits, guest: &Guest) -> Outcome {
    let (status, kind, message) = match limit {
        Limit::WallTime => (
            Status::TimedOut,
            "TimedOut",
            format!(
                "stopped after {} of wall time: do less or raise limits.wall_time",
                seconds(limits.wall_time)
            ),
        ),
        Limit::Fuel => (
            Status::FuelExhausted,
            "FuelExhausted",
            format!("stopped after {} units of fuel: do less or raise limits.fuel", limits.fuel),
        ),
        Limit::Memory => (
            Status::OutOfMemory,
            "OutOfMemory",
            format!(
                "more memory was needed than the limit of {} beyond the image's own ({} in use at the end): use less or raise limits.memory_bytes",
                mebibytes(limits.memory_bytes),
                mebibytes(guest.memory_bytes())
            ),
        ),
        Limit::Output | Limit::Result | Limit::Files => (
            Status::OutputLimit,
            "OutputLimit",
            format!(
                "stopped after {} bytes on stdout and stderr together: print less or raise limits.output_bytes",
                limits.output_bytes
            ),
        ),
    };
    limit_outcome(status, kind, message)
}

fn recursion_failure(language: Language) -> Failure {
    let (kind, message) = match language {
        Language::Python => ("RecursionError", "maximum recursion depth exceeded"),
        Language::Javascript => ("RangeError", "Maximum call stack size exceeded"),
    };
    Failure {
        kind: kind.into(),
        message: message.into(),
        traceback: format!("{kind}: {message}\n"),
        ..Failure::default()
    }
}

fn limit_outcome(status: Status, kind: &str, message: String) -> Outcome {
    failed(status, Failure { kind: kind.into(), message, ..Failure::default() })
}

fn fault(reason: &str) -> Outcome {
    failed(
        Status::Internal,
        Failure {
            kind: "Internal".into(),
            message: format!("the guest failed: {reason}"),
            ..Failure::default()
        },
    )
}

fn failed(status: Status, failure: Failure) -> Outcome {
    Outcome { failure: Some(failure), ..empty(status) }
}

fn empty(status: Status) -> Outcome {
    Outcome {
        status,
        result_json: String::new(),
        stdout: String::new(),
        stderr: String::new(),
        stdout_truncated: false,
        stderr_truncated: false,
        failure: None,
        files: Vec::new(),
        usage: Usage::default(),
    }
}

/// Output as text. A character cut in two by truncation is dropped rather than replaced.
fn output_text(mut bytes: Vec<u8>, truncated: bool) -> String {
    if truncated {
        let end = bytes.utf8_chunks().last().map_or(0, |last| last.invalid().len());
        bytes.truncate(bytes.len() - end);
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}
