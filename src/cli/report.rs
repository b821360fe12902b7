//! What `ampoule run` prints of an execution: for people, or as one JSON object.

use super::pretty::pretty;
use super::{CommandResult, Exit, say, write_stdout};
use ampoule_api::{Execution, ResultForm, answer_to_json};
use ampoule_model::{Entry, Outcome, Status};
use std::io::{self, Write};
use std::sync::Arc;

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

/// One JSON object on one line: what is answered over HTTP.
pub(crate) fn print_json(execution: &Arc<Execution>) -> CommandResult<()> {
    let Execution { image_digest, function_version, .. } = &**execution;
    let mut pieces = answer_to_json(execution, image_digest, function_version, ResultForm::Value);
    while let Some(piece) = pieces.next_piece() {
        write_stdout(&piece)?;
    }
    write_stdout(b"\n")
}
