//! Streams: what a program prints while it runs, then how it ended. And batches, with their line in the log.
//! For all transports.

use crate::batch::BatchRun;
use crate::capacity::unread::Unread;
use crate::error::Error;
use crate::error_code::ErrorCode;
use crate::observe::request_log::RequestRecord;
use crate::service::{Call, Execution, Service};
use ampoule_engine::{OutputChunk, OutputStream, Stream};
use ampoule_model::Invocation;
use std::collections::VecDeque;
use std::time::Instant;
use tokio::task::{JoinError, JoinSet};

/// What a stream tells.
#[derive(Debug)]
pub enum StreamEvent {
    /// Printed: whole characters; bytes that are not UTF-8 are replaced.
    Printed(Stream, String),
    /// How it ended; the last event. What was printed is not in it, as it was told already.
    Ended(Box<Execution>),
}

/// Why something was not executed.
#[derive(Debug)]
pub enum Unexecuted {
    /// It was refused.
    Refused(Error),
    /// The call's own deadline passed, and it was stopped.
    DeadlinePassed,
}

/// An execution whose output is told while it runs. It is a task of its own: it goes on, and ends at its
/// limits, whether anybody asks for its events or not, and holds its slot no longer than it runs. Dropping
/// this stops it.
#[derive(Debug)]
pub struct StreamRun {
    /// None: it has ended.
    execution: Option<JoinSet<Ended>>,
    output_stream: OutputStream,
    text: [PrintedText; 2],
    /// What is still to be told.
    events: VecDeque<Result<StreamEvent, Unexecuted>>,
    /// How it ended, and the memory of what was printed and is not told yet. None: it runs, or its end was
    /// told.
    ended: Option<Box<(Execution, Unread)>>,
}

/// How an execution ended.
type Ended = Result<Box<(Execution, Unread)>, Unexecuted>;

impl Service {
    /// Begins an execution and tells its output while it runs. Its line in the log is written when it has
    /// ended.
    pub fn stream(&self, call: Call, asked: Invocation, line: RequestRecord) -> StreamRun {
        let output_stream = OutputStream::default();
        let mut execution = JoinSet::new();
        execution.spawn({
            let (service, output_stream) = (self.clone(), output_stream.clone());
            async move {
                let executed = service.execute_streamed(&call, asked, &output_stream);
                let ended = match call.deadline {
                    Some(end) => tokio::time::timeout_at(end.into(), executed).await,
                    None => Ok(executed.await),
                };
                let unexecuted = match ended {
                    Ok(Ok(execution)) => {
                        line.finish_executed(&execution);
                        let unread = service.printed(&call.tenant, output_stream.unread_bytes());
                        return Ok(Box::new((execution, unread)));
                    }
                    Ok(Err(error)) => Unexecuted::Refused(error),
                    Err(_) => Unexecuted::DeadlinePassed,
                };
                unexecuted.log(line);
                Err(unexecuted)
            }
        });
        let (text, events) = Default::default();
        StreamRun { execution: Some(execution), output_stream, text, events, ended: None }
    }
}

impl Unexecuted {
    /// What its sender can do about it.
    pub fn code(&self) -> ErrorCode {
        match self {
            Unexecuted::Refused(error) => error.code(),
            Unexecuted::DeadlinePassed => ErrorCode::DeadlineExceeded,
        }
    }

    /// The name of its code.
    pub fn name(&self) -> &'static str {
        self.code().name()
    }

    fn log(&self, line: RequestRecord) {
        if let Unexecuted::Refused(error) = self {
            line.set_error(error);
            error.log(line.id());
        }
        line.finish_refused(self.name());
    }
}

impl StreamRun {
    /// The next event; none after the last.
    pub async fn next(&mut self) -> Option<Result<StreamEvent, Unexecuted>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if let Some(execution) = &mut self.execution {
                tokio::select! {
                    // What was printed goes before how it ended.
                    biased;
                    pieces = self.output_stream.next() => self.printed(pieces),
                    ended = execution.join_next() => self.ended(ended),
                }
                continue;
            }
            let pieces = self.output_stream.take();
            if pieces.is_empty() {
                let (execution, unread) = *self.ended.take()?;
                self.end(execution);
                drop(unread);
            } else {
                self.printed(pieces);
            }
        }
    }

    fn printed(&mut self, pieces: Vec<OutputChunk>) {
        for OutputChunk { stream, bytes } in pieces {
            let text = self.text[stream as usize].push(&bytes);
            self.tell(stream, text);
        }
    }

    fn ended(&mut self, ended: Option<Result<Ended, JoinError>>) {
        self.execution = None;
        let unexecuted = match ended {
            Some(Ok(Ok(ended))) => {
                self.ended = Some(ended);
                return;
            }
            Some(Ok(Err(unexecuted))) => unexecuted,
            // A bug, which has its line in the log.
            Some(Err(_)) | None => Unexecuted::Refused(Error::Panicked),
        };
        // What is not told yet is of no use.
        while !self.output_stream.take().is_empty() {}
        self.events.push_back(Err(unexecuted));
    }

    /// Tells how it ended, after all that was printed.
    fn end(&mut self, execution: Execution) {
        for (stream, truncated) in [
            (Stream::Stdout, execution.outcome.stdout_truncated),
            (Stream::Stderr, execution.outcome.stderr_truncated),
        ] {
            let rest = self.text[stream as usize].finish(truncated);
            self.tell(stream, rest);
        }
        self.events.push_back(Ok(StreamEvent::Ended(Box::new(execution))));
    }

    fn tell(&mut self, stream: Stream, text: String) {
        if !text.is_empty() {
            self.events.push_back(Ok(StreamEvent::Printed(stream, text)));
        }
    }
}

/// A batch that runs, and its line in the log. Dropping it stops what is left.
pub struct BatchStream {
    run: BatchRun,
    /// None: it is written, and all is told.
    line: Option<RequestRecord>,
    /// Items that were executed, and that were not.
    counts: (usize, usize),
}

/// An item that has ended: its place among the inputs, from 0, and its answer.
pub type BatchItem = (usize, Result<Execution, Error>);

impl BatchRun {
    /// The same, with its line in the log.
    pub fn logged(self, line: RequestRecord) -> BatchStream {
        BatchStream { run: self, line: Some(line), counts: (0, 0) }
    }
}

impl BatchStream {
    /// The next item that has ended, until the call's deadline; none after the last.
    pub async fn next(&mut self, deadline: Option<Instant>) -> Option<Result<BatchItem, Unexecuted>> {
        let line = self.line.as_ref()?;
        let ended = match deadline {
            None => self.run.next().await,
            Some(end) => match tokio::time::timeout_at(end.into(), self.run.next()).await {
                Ok(ended) => ended,
                Err(_) => {
                    Unexecuted::DeadlinePassed.log(self.line.take()?);
                    return Some(Err(Unexecuted::DeadlinePassed));
                }
            },
        };
        match &ended {
            Some((_, Ok(execution))) => {
                line.item_executed(execution);
                self.counts.0 += 1;
            }
            Some((_, Err(error))) => {
                error.log(line.id());
                line.item_refused(error);
                self.counts.1 += 1;
            }
            None => self.line.take()?.finish_batch(self.counts.0, self.counts.1),
        }
        ended.map(Ok)
    }

    /// Items that were executed so far, and that were not.
    pub fn counts(&self) -> (usize, usize) {
        self.counts
    }
}

/// Bytes as text, whole characters at a time.
#[derive(Debug, Default)]
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
