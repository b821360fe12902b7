//! Requests on their way: their memory counts as their tenant's, and they do not take for ever to arrive.

use crate::status;
use ampoule_service::{BodyReservation, Service, Tenant};
use bytes::{Buf, Bytes};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;
use tonic::Status;
use tonic::body::Body;

/// How long a message may take to arrive: one of the largest size at less than 1 MiB a second.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(60);

/// Before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// A request's body whose memory is set aside as its messages begin.
struct Received {
    body: Body,
    incoming: BodyReservation,
    /// The largest message that is taken; larger ones are refused by who decodes them.
    largest: usize,
    prefix: Prefix,
    /// Messages that have begun. A call takes one; whoever decodes it reads on to the end, and would read on
    /// for ever.
    messages: usize,
    /// Made when there is something to wait for.
    late: Option<Pin<Box<Sleep>>>,
}

/// A request's body, accounted for.
pub(crate) fn receiving(service: &Service, tenant: &Tenant, largest: usize, body: Body) -> Body {
    let incoming = service.receive(tenant);
    Body::new(Received { body, incoming, largest, prefix: Prefix::default(), messages: 0, late: None })
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            this.incoming.wait().map_err(|error| {
                this.incoming.count_refused(&error);
                status::of_error(&error)
            })?;
            let late = this.late.get_or_insert_with(|| Box::pin(tokio::time::sleep(MESSAGE_TIMEOUT)));
            ready!(late.as_mut().poll(context));
            return Poll::Ready(Some(Err(Status::deadline_exceeded(format!(
                "the message did not arrive within {} s: send it in one go",
                MESSAGE_TIMEOUT.as_secs()
            )))));
        };
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            for length in this.prefix.messages_in(bytes) {
                this.messages += 1;
                if this.messages > 1 {
                    return Poll::Ready(Some(Err(several_messages())));
                }
                if length as usize <= this.largest {
                    this.incoming.expect(length.into()).map_err(|error| {
                        this.incoming.count_refused(&error);
                        status::of_error(&error)
                    })?;
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Of a call that sends more than it takes.
fn several_messages() -> Status {
    Status::invalid_argument("the call sends several messages and takes one: send one call for each")
}

/// The most messages of a call to reflection, which asks for one file after another; health takes one.
const MOST_ASIDE: usize = 64;

/// The body of a call of somebody who may be unknown: with few messages, and all of it within a time.
pub(crate) fn few_messages(body: Body) -> Body {
    Body::new(Few { body, prefix: Prefix::default(), messages: 0 })
}

struct Few {
    body: Body,
    prefix: Prefix,
    messages: usize,
}

impl http_body::Body for Few {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame
            && let Some(bytes) = frame.data_ref()
        {
            this.messages += this.prefix.messages_in(bytes).len();
            if this.messages > MOST_ASIDE {
                return Poll::Ready(Some(Err(Status::resource_exhausted(format!(
                    "the call has sent more than {MOST_ASIDE} messages: send others in another call"
                )))));
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Finds the messages in a body, however it is cut into frames.
#[derive(Default)]
struct Prefix {
    /// The beginning of a prefix.
    begun: Vec<u8>,
    /// What is left of the message that began last.
    left: usize,
}

impl Prefix {
    /// Lengths of the messages whose prefix ends in `bytes`.
    fn messages_in(&mut self, mut bytes: &[u8]) -> Vec<u32> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let rest = self.left.min(bytes.len());
            bytes.advance(rest);
            self.left -= rest;
            if bytes.is_empty() {
                break;
            }
            let missing = (PREFIX - self.begun.len()).min(bytes.len());
            self.begun.extend_from_slice(&bytes[..missing]);
            bytes.advance(missing);
            if let [_, length @ ..] = self.begun.as_slice()
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                let length = u32::from_be_bytes(length);
                found.push(length);
                self.left = length as usize;
                self.begun.clear();
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_however_the_body_is_cut() {
        let mut body = Vec::new();
        let lengths = [0_u32, 3, 300, 0, 1];
        for length in lengths {
            body.push(0);
            body.extend(length.to_be_bytes());
            body.extend(vec![7; length as usize]);
        }
        for size in 1..body.len() {
            let mut prefix = Prefix::default();
            let found: Vec<u32> = body.chunks(size).flat_map(|bytes| prefix.messages_in(bytes)).collect();
            assert_eq!(found, lengths, "by {size}");
        }
    }
}
