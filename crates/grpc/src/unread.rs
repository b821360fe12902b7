//! Answers on their way: their memory counts as their tenant's, and they do not lie unread for ever.

use ampoule_api::{PIECE, Pieces};
use ampoule_connection::Busy;
use ampoule_service::{Late, Reading, Service, Tenant};
use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Response};
use http_body::Frame;
use http_body_util::BodyExt;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::Status;
use tonic::body::Body;

/// What an answer takes beside its bytes until it is read: its stream, its head, its task.
const BESIDE: usize = 2 << 10;

/// Small answers that a connection has yet to write are not counted up to so many bytes: each connection is
/// granted more than that. Beyond it somebody asks on and on and reads nothing.
const UNCOUNTED: usize = 64 << 10;

/// An answer whose body is accounted for until it is read. `busy`: its request.
pub(crate) fn sending(
    service: &Service,
    tenant: &Tenant,
    busy: Option<&Busy>,
    answer: Response<Body>,
) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let body = match head.extensions.remove::<Pieces>() {
        Some(pieces) => match pieces.whole() {
            Some(message) => {
                let message = counted(service, tenant, busy, Frame::data(message));
                Body::new(There(VecDeque::from([message, Frame::trailers(fine())])))
            }
            None => reading(service, Made(Some(pieces))),
        },
        None => encoded(service, tenant, busy, body),
    };
    Response::from_parts(head, body)
}

/// A body that tonic encodes. What is small and there already needs nobody who looks after it.
fn encoded(service: &Service, tenant: &Tenant, busy: Option<&Busy>, mut body: Body) -> Body {
    if http_body::Body::is_end_stream(&body) {
        return body;
    }
    let mut there = VecDeque::new();
    let mut size = 0;
    while size <= PIECE
        && let Some(frame) = body.frame().now_or_never()
    {
        match frame {
            Some(Ok(frame)) => {
                size += frame.data_ref().map_or(0, Bytes::len);
                there.push_back(counted(service, tenant, busy, frame));
            }
            // tonic's encoder tells of errors in trailers, so this is none of its own.
            Some(Err(status)) => there.extend(last_frame(&status).ok()),
            None => return Body::new(There(there)),
        }
    }
    let (service, tenant) = (service.clone(), tenant.clone());
    let accounts = service.clone();
    let rest = body.map_frame(move |frame| counted(&accounts, &tenant, None, frame));
    reading(&service, Begun { there: There(there), rest })
}

/// A body that is given up where nobody reads it for so long.
pub(crate) fn given_up_after(unread: Duration, body: Body) -> Body {
    let late = |late: Late| last_frame(&Status::deadline_exceeded(late.to_string()));
    Body::new(Reading::new(body, unread, late))
}

fn counted(service: &Service, tenant: &Tenant, busy: Option<&Busy>, frame: Frame<Bytes>) -> Frame<Bytes> {
    frame.map_data(|bytes| match busy {
        Some(busy) if busy.sends(bytes.len() + BESIDE) > UNCOUNTED => {
            service.sending_beside(tenant, bytes, BESIDE as u64)
        }
        _ => service.sending(tenant, bytes),
    })
}

fn reading<B>(service: &Service, body: B) -> Body
where
    B: http_body::Body<Data = Bytes, Error = Status> + Unpin + Send + 'static,
{
    let late = |late: Late| last_frame(&Status::deadline_exceeded(late.to_string()));
    Body::new(Reading::new(body, service.unread(), late))
}

/// The last frame of a call that failed, whatever came before it.
fn last_frame(status: &Status) -> Result<Frame<Bytes>, Status> {
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers)?;
    Ok(Frame::trailers(trailers))
}

/// The trailers of a call that went well.
fn fine() -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    trailers
}

/// Frames that are all there.
struct There(VecDeque<Frame<Bytes>>);

impl http_body::Body for There {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

/// A message that is made as it is read. None: its trailers have been taken.
struct Made(Option<Pieces>);

impl http_body::Body for Made {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(pieces) = &mut self.0 else { return Poll::Ready(None) };
        Poll::Ready(Some(Ok(match pieces.next_piece() {
            Some(piece) => Frame::data(piece),
            None => {
                self.0 = None;
                Frame::trailers(fine())
            }
        })))
    }
}

/// A body of which a part is there.
struct Begun<B> {
    there: There,
    rest: B,
}

impl<B: http_body::Body<Data = Bytes, Error = Status> + Unpin> http_body::Body for Begun<B> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.there.0.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }
}
