//! An outcome as Dify shows it to a person.

use super::tail;
use ampoule_api::part_of;
use ampoule_model::{Failure, Outcome, Status};
use bytes::Bytes;
use std::sync::Arc;

/// The exit status of a process that was killed, which is what a limit amounts to.
const KILLED: i32 = -1;

/// `data` of the envelope. Its texts are the outcome's own: what is printed is the result, and may be large.
pub(crate) struct Data {
    pub(super) stdout: Bytes,
    /// Printed, and what an interpreter prints there when it ends by an exception.
    pub(super) stderr: [Bytes; 2],
    /// Empty: the node succeeded. Else it is what the person reads.
    pub(super) error: Bytes,
    pub(super) exit_code: i32,
}

pub(crate) fn data<T: AsRef<Outcome> + Send + Sync + 'static>(answer: &Arc<T>) -> Data {
    let outcome: &Outcome = (**answer).as_ref();
    let stdout = part_of(answer, |answer| answer.as_ref().stdout.as_bytes());
    let stderr = part_of(answer, |answer| answer.as_ref().stderr.as_bytes());
    let Some(failure) = &outcome.failure else {
        return Data { stdout, stderr: [stderr, Bytes::new()], error: Bytes::new(), exit_code: 0 };
    };
    let traceback = tail::tidied(&failure.traceback);
    let error = error(outcome.status, failure, &traceback).into();
    let exit_code = exit_code(outcome.status, failure);
    Data { stdout, stderr: [stderr, traceback.into()], error, exit_code }
}

/// The plain reason, then where.
fn error(status: Status, failure: &Failure, traceback: &str) -> String {
    let reason = match status {
        // The word that Dify's sandbox has for it.
        Status::TimedOut => format!("timeout: {}", failure.message),
        _ if failure.message.is_empty() => failure.kind.clone(),
        _ => format!("{}: {}", failure.kind, failure.message),
    };
    match traceback.trim_end() {
        "" => reason,
        traceback => format!("{reason}\n\n{traceback}"),
    }
}

fn exit_code(status: Status, failure: &Failure) -> i32 {
    match status {
        Status::Completed => 0,
        Status::Raised | Status::InvalidResult => chosen_code(failure).unwrap_or(1),
        _ => KILLED,
    }
}

/// The code with which a program ended itself: `SystemExit: 3`, `… by process.exit(3)`.
fn chosen_code(failure: &Failure) -> Option<i32> {
    let code = match failure.kind.as_str() {
        "SystemExit" => failure.message.parse::<i32>().ok()?,
        "ProcessExit" => failure.message.rsplit_once('(')?.1.strip_suffix(')')?.parse::<i32>().ok()?,
        _ => return None,
    };
    // As the system hands it on: its lowest byte.
    Some(code & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(kind: &str, message: &str) -> Failure {
        Failure { kind: kind.into(), message: message.into(), ..Failure::default() }
    }

    #[test]
    fn the_reason_comes_first_and_then_the_traceback() {
        let raised = failure("ValueError", "bad");
        let traceback = "Traceback …\nValueError: bad\n";
        assert_eq!(
            error(Status::Raised, &raised, traceback),
            "ValueError: bad\n\nTraceback …\nValueError: bad"
        );
        let late = failure("TimedOut", "stopped after 1 s of wall time: do less");
        assert_eq!(error(Status::TimedOut, &late, ""), "timeout: stopped after 1 s of wall time: do less");
        assert_eq!(error(Status::Raised, &failure("KeyboardInterrupt", ""), ""), "KeyboardInterrupt");
    }

    #[test]
    fn exit_codes_are_those_of_a_process() {
        assert_eq!(exit_code(Status::Raised, &failure("ValueError", "7")), 1);
        assert_eq!(exit_code(Status::Raised, &failure("SystemExit", "3")), 3);
        assert_eq!(exit_code(Status::Raised, &failure("SystemExit", "a reason")), 1);
        assert_eq!(exit_code(Status::Raised, &failure("ProcessExit", "… by process.exit(260)")), 4);
        for status in [Status::TimedOut, Status::OutOfMemory, Status::FuelExhausted, Status::OutputLimit] {
            assert_eq!(exit_code(status, &failure("Any", "")), -1);
        }
    }
}
