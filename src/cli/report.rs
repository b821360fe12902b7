//! What `ampoule run` prints of an execution: for people, or as one JSON object.

use super::pretty::pretty;
use super::{CommandResult, Exit, say, write_stdout};
use ampoule_api::Execution;
use ampoule_world::{Entry, Outcome, Status};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use std::io::{self, Write};
use std::time::Duration;

/// How `ampoule run` ends.
pub(crate) fn exit_of(status: Status) -> Exit {
    match status {
        Status::Completed => Exit::Success,
        Status::Raised | Status::InvalidResult => Exit::Failed,
        Status::FuelExhausted | Status::TimedOut | Status::OutOfMemory | Status::OutputLimit => Exit::Limit,
        Status::Internal => Exit::Infrastructure,
    }
}

/// The program's output as it is, then its result or its failure.
///
/// What was printed already is not in the outcome; whether it ended its last line is `at_line_start`.
pub(crate) fn print_for_people(outcome: &Outcome, entry: Entry, at_line_start: bool) -> CommandResult<()> {
    let mut stdout = outcome.stdout.clone();
    // A script's result is null, always; its stdout is the answer and stays as it is.
    if outcome.status == Status::Completed && entry != Entry::Script {
        let open = if stdout.is_empty() { !at_line_start } else { !stdout.ends_with('\n') };
        if open {
            stdout.push('\n');
        }
        stdout.push_str(&pretty(&outcome.result_json));
        stdout.push('\n');
    }
    write_stdout(stdout.as_bytes())?;
    write_stderr(&outcome.stderr);
    for (name, truncated) in [("stdout", outcome.stdout_truncated), ("stderr", outcome.stderr_truncated)] {
        if truncated {
            say(format_args!("{name} was cut at the output limit"));
        }
    }
    if let Some(failure) = &outcome.failure {
        if !failure.traceback.is_empty() {
            write_stderr(&failure.traceback);
            if !failure.traceback.ends_with('\n') {
                write_stderr("\n");
            }
        }
        // A traceback of the language ends with the exception; everything else needs the message.
        if failure.traceback.is_empty() || outcome.status != Status::Raised {
            say(format_args!("{}: {}: {}", outcome.status.name(), failure.kind, failure.message));
        }
    }
    Ok(())
}

fn write_stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// One JSON object on one line, with the fields of ExecuteResponse.
pub(crate) fn print_json(execution: &Execution) -> CommandResult<()> {
    let mut line = serde_json::to_vec(&Report::of(execution)).expect("texts and numbers are JSON");
    line.push(b'\n');
    write_stdout(&line)
}

/// ExecuteResponse in JSON: durations as in proto's own JSON (`"0.25s"`), contents as base64.
#[derive(Serialize)]
struct Report<'a> {
    status: &'static str,
    result_json: &'a str,
    stdout: &'a str,
    stderr: &'a str,
    stdout_truncated: bool,
    stderr_truncated: bool,
    failure: Option<FailureReport<'a>>,
    files: Vec<FileReport<'a>>,
    usage: UsageReport,
    image_digest: &'a str,
}

#[derive(Serialize)]
struct FailureReport<'a> {
    r#type: &'a str,
    message: &'a str,
    traceback: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct FileReport<'a> {
    path: &'a str,
    content: String,
}

#[derive(Serialize)]
struct UsageReport {
    fuel: u64,
    wall_time: String,
    cpu_time: String,
    sleep_time: String,
    wait_time: String,
    peak_memory_bytes: u64,
    output_bytes: u64,
    queue_time: String,
}

impl<'a> Report<'a> {
    fn of(execution: &'a Execution) -> Self {
        let outcome = &execution.outcome;
        let usage = &outcome.usage;
        Report {
            status: outcome.status.name(),
            result_json: &outcome.result_json,
            stdout: &outcome.stdout,
            stderr: &outcome.stderr,
            stdout_truncated: outcome.stdout_truncated,
            stderr_truncated: outcome.stderr_truncated,
            failure: outcome.failure.as_ref().map(|failure| FailureReport {
                r#type: &failure.kind,
                message: &failure.message,
                traceback: &failure.traceback,
                line: failure.line,
                column: failure.column,
            }),
            files: outcome
                .files
                .iter()
                .map(|file| FileReport { path: &file.path, content: STANDARD.encode(&file.content) })
                .collect(),
            usage: UsageReport {
                fuel: usage.fuel,
                wall_time: seconds(usage.wall_time),
                cpu_time: seconds(usage.cpu_time),
                sleep_time: seconds(usage.sleep_time),
                wait_time: seconds(usage.wait_time),
                peak_memory_bytes: usage.peak_memory_bytes,
                output_bytes: usage.output_bytes,
                queue_time: seconds(usage.queue_time),
            },
            image_digest: &execution.image_digest,
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:09}s", duration.as_secs(), duration.subsec_nanos())
}
