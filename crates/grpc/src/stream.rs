//! `ExecuteStream`: what a program prints while it runs, then its outcome.

use crate::execution::{invalid, refusal, refused, to_proto};
use crate::status;
use ampoule_api::v1::execute_stream_response::Event;
use ampoule_api::v1::{ExecuteRequest, ExecuteStreamResponse};
use ampoule_service::{
    Call, Error, Execution, OutputTap, Piece, RequestLine, Service, Stream as Printed, Unread,
};
use futures_util::Stream;
use futures_util::stream;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tonic::Status;

/// Messages of one call. Dropping it stops the execution.
pub(crate) type ExecutionStream = Pin<Box<dyn Stream<Item = Result<ExecuteStreamResponse, Status>> + Send>>;

/// What is read by the client. The execution is a task of its own: it goes on, and ends at its limits, whether the
/// client reads or not, and holds its slot no longer than it runs.
struct Reading {
    /// None: its end was read. Dropping it stops the execution.
    execution: Option<JoinSet<Ended>>,
    tap: OutputTap,
    text: [PrintedText; 2],
    /// What is still to be sent.
    events: VecDeque<Result<ExecuteStreamResponse, Status>>,
    /// The memory of what was printed and is not sent yet, once the execution's own is given back.
    unread: Option<Unread>,
}

/// How an execution ended.
type Ended = Result<Box<(Execution, Unread)>, Status>;

/// Begins an execution and streams it.
pub(crate) fn execute(
    service: Service,
    call: Call,
    time_left: Option<Duration>,
    request: ExecuteRequest,
    mut line: RequestLine,
) -> ExecutionStream {
    let request = match ampoule_api::request_from_proto(request) {
        Ok(request) => request,
        Err(error) => {
            let refusal = invalid(&error, &line);
            line.refused(status::name(refusal.code()));
            return Box::pin(stream::iter([Err(refusal)]));
        }
    };
    line.understood(&request);
    let tap = OutputTap::default();
    let end = time_left.map(|left| tokio::time::Instant::now() + left);
    let mut execution = JoinSet::new();
    execution.spawn({
        let tap = tap.clone();
        async move {
            let executed = service.execute_streamed(&call, request, &tap);
            let ended = match end {
                Some(end) => tokio::time::timeout_at(end, executed).await,
                None => Ok(executed.await),
            };
            let refused = match ended {
                Ok(Ok(execution)) => {
                    line.executed(&execution);
                    let unread = service.printed(&call.tenant, tap.unread_bytes());
                    return Ok(Box::new((execution, unread)));
                }
                Ok(Err(error)) => self::refused(&error, &line),
                Err(_) => status::deadline_exceeded(),
            };
            line.refused(status::name(refused.code()));
            Err(refused)
        }
    });
    let text = Default::default();
    let reading = Reading { execution: Some(execution), tap, text, events: VecDeque::new(), unread: None };
    Box::pin(stream::unfold(reading, |mut reading| async move {
        let event = reading.next().await?;
        Some((event, reading))
    }))
}

impl Reading {
    async fn next(&mut self) -> Option<Result<ExecuteStreamResponse, Status>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let execution = self.execution.as_mut()?;
            tokio::select! {
                // What was printed goes before how it ended.
                biased;
                pieces = self.tap.next() => self.printed(pieces),
                ended = execution.join_next() => self.ended(ended),
            }
        }
    }

    fn printed(&mut self, pieces: Vec<Piece>) {
        for Piece { stream, bytes } in pieces {
            let text = self.text[stream as usize].push(&bytes);
            self.send(stream, text);
        }
    }

    fn ended(&mut self, ended: Option<Result<Ended, JoinError>>) {
        self.execution = None;
        let (execution, unread) = match ended {
            Some(Ok(Ok(ended))) => *ended,
            Some(Ok(Err(refusal))) => return self.events.push_back(Err(refusal)),
            // A bug, which has its line in the log.
            Some(Err(_)) | None => return self.events.push_back(Err(refusal(&Error::Panicked, ""))),
        };
        self.unread = Some(unread);
        let pieces = self.tap.take();
        self.printed(pieces);
        for (stream, truncated) in [
            (Printed::Stdout, execution.outcome.stdout_truncated),
            (Printed::Stderr, execution.outcome.stderr_truncated),
        ] {
            let rest = self.text[stream as usize].finish(truncated);
            self.send(stream, rest);
        }
        let outcome = to_proto(execution);
        self.events.push_back(Ok(ExecuteStreamResponse { event: Some(Event::Outcome(outcome)) }));
    }

    fn send(&mut self, stream: Printed, text: String) {
        if text.is_empty() {
            return;
        }
        let event = match stream {
            Printed::Stdout => Event::Stdout(text),
            Printed::Stderr => Event::Stderr(text),
        };
        self.events.push_back(Ok(ExecuteStreamResponse { event: Some(event) }));
    }
}

/// Bytes as text, whole characters at a time.
#[derive(Default)]
struct PrintedText {
    /// The beginning of a character.
    rest: Vec<u8>,
}

impl PrintedText {
    fn push(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(_) => self.rest.len(),
            Err(_) => self.rest.len() - unfinished(&self.rest),
        };
        let rest = self.rest.split_off(whole);
        String::from_utf8_lossy(&std::mem::replace(&mut self.rest, rest)).into_owned()
    }

    /// A character that was cut in two by truncation is dropped rather than replaced.
    fn finish(&mut self, truncated: bool) -> String {
        let rest = std::mem::take(&mut self.rest);
        if truncated { String::new() } else { String::from_utf8_lossy(&rest).into_owned() }
    }
}

/// Bytes at the end that may become a character.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    (0..tail.len())
        .map(|start| &tail[start..])
        .find(|end| {
            std::str::from_utf8(end)
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::PrintedText;

    #[test]
    fn characters_are_never_cut_in_two() {
        let whole = "a\u{e9}\u{20ac}\u{1f600}z";
        for size in 1..whole.len() {
            let mut text = PrintedText::default();
            let mut read: String = whole.as_bytes().chunks(size).map(|bytes| text.push(bytes)).collect();
            read += &text.finish(false);
            assert_eq!(read, whole, "by {size}");
        }
    }

    #[test]
    fn what_is_no_text_is_replaced_and_what_was_cut_off_is_dropped() {
        let mut text = PrintedText::default();
        assert_eq!(text.push(b"a\xff\xc3"), "a\u{fffd}");
        assert_eq!(text.push(b"b\xc3"), "\u{fffd}b");
        assert_eq!(text.finish(false), "\u{fffd}");
        text.push(b"\xe2\x82");
        assert_eq!(text.finish(true), "");
    }
}
