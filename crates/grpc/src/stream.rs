//! `ExecuteStream`: what a program prints while it runs, then its outcome.

use crate::execution::{refusal, to_proto};
use crate::status;
use ampoule_api::v1::execute_stream_response::Event;
use ampoule_api::v1::{ExecuteRequest, ExecuteStreamResponse};
use ampoule_service::{Call, Error, Execution, OutputTap, Piece, RequestLine, Service, Stream as Printed};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tonic::Status;

/// Messages of one call. Dropping it stops the execution.
pub(crate) type ExecutionStream = Pin<Box<dyn Stream<Item = Result<ExecuteStreamResponse, Status>> + Send>>;

struct Running {
    /// None: it has ended.
    execution: Option<BoxFuture<'static, Result<Execution, Error>>>,
    tap: OutputTap,
    text: [PrintedText; 2],
    /// What is still to be sent.
    events: VecDeque<Result<ExecuteStreamResponse, Status>>,
    /// None: it is written.
    line: Option<RequestLine>,
}

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
            let refusal = status::of_invalid_message(&error);
            line.refused(status::name(refusal.code()));
            return Box::pin(stream::iter([Err(refusal)]));
        }
    };
    line.understood(&request);
    let tap = OutputTap::default();
    let execution = {
        let tap = tap.clone();
        async move { service.execute_streamed(&call, request, &tap).await }
    };
    let running = Running {
        execution: Some(Box::pin(execution)),
        tap,
        text: Default::default(),
        events: VecDeque::new(),
        line: Some(line),
    };
    let end = time_left.map(|left| tokio::time::Instant::now() + left);
    Box::pin(stream::unfold(running, move |mut running| async move {
        let event = running.next(end).await?;
        Some((event, running))
    }))
}

impl Running {
    async fn next(
        &mut self,
        end: Option<tokio::time::Instant>,
    ) -> Option<Result<ExecuteStreamResponse, Status>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let execution = self.execution.as_mut()?;
            let deadline = async {
                match end {
                    Some(end) => tokio::time::sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // What was printed goes before how it ended.
                biased;
                pieces = self.tap.next() => self.printed(pieces),
                ended = execution => self.ended(ended),
                () = deadline => self.refused(status::deadline_exceeded()),
            }
        }
    }

    fn printed(&mut self, pieces: Vec<Piece>) {
        for Piece { stream, bytes } in pieces {
            let text = self.text[stream as usize].push(&bytes);
            self.send(stream, text);
        }
    }

    fn ended(&mut self, ended: Result<Execution, Error>) {
        let execution = match ended {
            Ok(execution) => execution,
            Err(error) => {
                let id = self.line.as_ref().map_or("", RequestLine::id).to_owned();
                return self.refused(refusal(&error, &id));
            }
        };
        self.execution = None;
        let pieces = self.tap.take();
        self.printed(pieces);
        for (stream, truncated) in [
            (Printed::Stdout, execution.outcome.stdout_truncated),
            (Printed::Stderr, execution.outcome.stderr_truncated),
        ] {
            let rest = self.text[stream as usize].finish(truncated);
            self.send(stream, rest);
        }
        if let Some(line) = self.line.take() {
            line.executed(&execution);
        }
        let outcome = to_proto(execution);
        self.events.push_back(Ok(ExecuteStreamResponse { event: Some(Event::Outcome(outcome)) }));
    }

    fn refused(&mut self, refusal: Status) {
        self.execution = None;
        if let Some(line) = self.line.take() {
            line.refused(status::name(refusal.code()));
        }
        self.events.push_back(Err(refusal));
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
