//! How an execution ended, in words: the outcome of a guest that has answered or was stopped.
//!
//! What a guest has answered is looked at with suspicion: all of it may be the program's own. Whatever takes
//! time that grows with it is done piece by piece, as long as the guest has its seat.

use crate::execute::response::{FOLDER, MAX_CODE, MAX_FILES, Response, Unusable};
use crate::execute::work::Work;
use crate::guest::Guest;
use crate::host::Stop;
use crate::json::JsonCheck;
use crate::schedule::{CpuLease, Over};
use ampoule_model::message::Kind;
use ampoule_model::{Failure, Language, Limit, Limits, Outcome, Pattern, Status, Usage};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::{Trap, WasmBacktrace};

/// Bytes that are looked at before others get their turn: less than a millisecond.
const PIECE: usize = 256 << 10;

/// Looking at a character of a name for a pattern takes as long as looking at so many bytes.
const PLACES: usize = 16;

/// How the call into the guest ended.
pub(crate) enum Ending {
    /// The guest returned; its response lies there.
    Answered(u64),
    /// A limit stopped it.
    Stopped(Limit),
    /// It waited too long for a processor, or for memory.
    Waited,
    /// The engine is shutting down.
    Shutdown,
    /// The host has no more memory for it.
    NoMemory,
    /// The native stack was used up: the language's own recursion error, met too deep to be raised.
    StackOverflow,
    /// The program ended its interpreter.
    Exited(i32),
    /// A trap that no limit explains.
    Fault(String),
}

pub(crate) fn classify(error: &wasmtime::Error, guest: &Guest) -> Ending {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return match stop {
            Stop::Limit(limit) => Ending::Stopped(*limit),
            Stop::Exit(code) if !guest.live.store.data().growth.refused => Ending::Exited(*code),
            Stop::Exit(_) => Ending::Stopped(Limit::Memory),
            Stop::Misuse(_) if guest.live.store.data().growth.refused => Ending::Stopped(Limit::Memory),
            Stop::Misuse(reason) => Ending::Fault((*reason).to_owned()),
            Stop::Waiting => Ending::Waited,
            Stop::Shutdown => Ending::Shutdown,
            Stop::NoMemory => Ending::NoMemory,
            Stop::GivenUp => Ending::Fault(stop.to_string()),
        };
    }
    if guest.was_cut_off() {
        return Ending::Stopped(Limit::WallTime);
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Ending::StackOverflow,
        // An interpreter that was refused memory in a place that cannot raise ends in a trap.
        _ if guest.live.store.data().growth.refused => Ending::Stopped(Limit::Memory),
        Some(trap) => Ending::Fault(trap.to_string() + &backtrace(error)),
        None => Ending::Fault(format!("{error:#}")),
    }
}

/// Where a guest trapped; there is none but with [`crate::EngineConfig::debug_guest`].
fn backtrace(error: &wasmtime::Error) -> String {
    error
        .downcast_ref::<WasmBacktrace>()
        .map_or_else(String::new, |trace| format!("\nin the guest:\n{trace}"))
}

/// An outcome, and what compiling or preparing left beside it: code, a signature.
pub(crate) type Concluded = (Outcome, Option<Arc<[u8]>>, Option<String>);

pub(crate) async fn conclude(guest: &Guest, ending: Ending, work: &Work, turn: &mut CpuLease) -> Concluded {
    let limits = &work.limits;
    let outcome = match ending {
        Ending::Answered(packed) => {
            let anywhere = !work.output_files.is_empty();
            let response = guest.response(packed).ok_or(Unusable::Malformed);
            let decoded = response.and_then(|bytes| Response::decode(bytes, anywhere));
            match decoded {
                Ok(response) => return answered(guest, &response, work, turn).await,
                Err(unusable) => return (of_unusable(&unusable), None, None),
            }
        }
        Ending::Stopped(limit) => stopped(limit, limits, guest),
        Ending::StackOverflow => failed(Status::Raised, recursion_failure(work.image.language())),
        Ending::Exited(code) => failed(
            Status::Raised,
            Failure {
                kind: "SystemExit".into(),
                message: format!("the program ended its interpreter with exit code {code}"),
                ..Failure::default()
            },
        ),
        // Their executions are no outcomes.
        Ending::Waited | Ending::Shutdown | Ending::NoMemory => fault("it waited too long"),
        Ending::Fault(reason) => fault(&reason),
    };
    (outcome, None, None)
}

async fn answered(guest: &Guest, response: &Response<'_>, work: &Work, turn: &mut CpuLease) -> Concluded {
    let limits = &work.limits;
    let has_result = work.entry_point.is_to_the_end();
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
    let files = if work.output_files.is_empty() {
        "files below out/"
    } else {
        "files below out/ and of output_files"
    };
    if response.too_many_files {
        let message = format!("there are more than {MAX_FILES} {files}: write fewer, or one archive");
        return (limit_outcome(Status::OutputLimit, "OutputLimit", message), None, None);
    }
    if response.file_bytes() > limits.file_bytes {
        let message = format!(
            "the {files} take {} bytes, the limit is {} bytes: write less",
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
    if response.code.is_some_and(|code| code.len() > MAX_CODE) {
        let message = format!("the compiled program takes more than {MAX_CODE} bytes: make it shorter");
        return (limit_outcome(Status::OutputLimit, "OutputLimit", message), None, None);
    }
    if !are_asked_for(response, &work.output_files, turn).await {
        return (of_unusable(&Unusable::Malformed), None, None);
    }
    let mut outcome = empty(status);
    if status == Status::Completed {
        match std::str::from_utf8(response.result) {
            Ok(json) if !has_result || is_json(json, turn).await => outcome.result_json = json.to_owned(),
            Ok(_) => {
                return (
                    fault("its result is not JSON; the program may have damaged its own memory"),
                    None,
                    None,
                );
            }
            Err(_) => {
                return (
                    fault("its result is not UTF-8; the program may have damaged its own memory"),
                    None,
                    None,
                );
            }
        }
    } else {
        outcome.failure = Some(response.failure.clone());
    }
    outcome.files = response.copy_files();
    (outcome, response.code.map(Arc::from), response.signature.map(str::to_owned))
}

/// Whether all files lie below `out/`, or where a pattern says.
async fn are_asked_for(response: &Response<'_>, patterns: &[String], turn: &mut CpuLease) -> bool {
    let patterns: Vec<Pattern> = patterns.iter().map(|pattern| Pattern::new(pattern)).collect();
    let mut looked_at = 0;
    for (name, _) in response.files.iter().filter(|(name, _)| !name.starts_with(FOLDER)) {
        if !patterns.iter().any(|pattern| pattern.matches(name)) {
            return false;
        }
        looked_at += name.len() * patterns.len();
        if looked_at > PIECE / PLACES {
            looked_at = 0;
            if turn.let_others().await == Err(Over::GivenUp) {
                return false;
            }
        }
    }
    true
}

/// Whether a result is JSON, as clients are promised.
async fn is_json(text: &str, turn: &mut CpuLease) -> bool {
    let mut check = JsonCheck::default();
    for piece in text.as_bytes().chunks(PIECE) {
        if !check.push(piece) {
            return false;
        }
        if text.len() > PIECE && turn.let_others().await == Err(Over::GivenUp) {
            return false;
        }
    }
    check.is_whole()
}

fn of_unusable(unusable: &Unusable) -> Outcome {
    match unusable {
        Unusable::Malformed => fault("its answer is malformed; the program may have damaged its own memory"),
        Unusable::FileName(name) => {
            let message =
                format!("the name of a file that is to come back is not UTF-8: {name:?}; rename it");
            failed(
                Status::InvalidResult,
                Failure { kind: "InvalidFileName".into(), message, ..Failure::default() },
            )
        }
    }
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
        Limit::CpuTime => (
            Status::TimedOut,
            "TimedOut",
            format!(
                "stopped after {} of processor time: do less or raise limits.cpu_time",
                seconds(limits.cpu_time)
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
pub(crate) async fn output_text(mut bytes: Vec<u8>, truncated: bool, turn: &mut CpuLease) -> String {
    if truncated {
        bytes.truncate(bytes.len() - unfinished(&bytes));
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let (mut text, mut rest) = (String::with_capacity(bytes.len()), &bytes[..]);
    while !rest.is_empty() {
        let mut piece = &rest[..rest.len().min(PIECE)];
        if piece.len() < rest.len() {
            // A character that goes on in the next piece stays whole.
            piece = &piece[..piece.len() - unfinished(piece)];
        }
        text.push_str(&String::from_utf8_lossy(piece));
        rest = &rest[piece.len()..];
        if turn.let_others().await == Err(Over::GivenUp) {
            break;
        }
    }
    text
}

/// Bytes at the end that may be the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    let begins = |start: &usize| {
        std::str::from_utf8(&tail[*start..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (0..tail.len()).find(begins).map_or(0, |start| tail.len() - start)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}
