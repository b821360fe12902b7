//! What a connection is doing: requests say when they begin and end, and a connection learns that it has to
//! go.

use crate::connections::{Connections, Open};
use ampoule_turns::Member;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// Tells a connection to end. Whoever reads and whoever writes may be two.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    ended: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
    asides: AtomicUsize,
    /// Bytes of answers that were handed to the connection and not written yet.
    unread: AtomicUsize,
}

impl Signal {
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether it has ended; else whoever reads is woken when it does.
    pub(crate) fn ends_reader(&self, context: &Context<'_>) -> bool {
        self.reader.register(context.waker());
        self.is_ended()
    }

    /// The same for whoever writes.
    pub(crate) fn ends_writer(&self, context: &Context<'_>) -> bool {
        self.writer.register(context.waker());
        self.is_ended()
    }
}

/// A connection, as its requests know it. Clones are the same.
#[derive(Clone, Debug)]
pub struct Activity {
    connections: Connections,
    id: u64,
    signal: Arc<Signal>,
    member: Member,
}

impl Activity {
    pub(crate) fn of(open: &Open) -> Activity {
        Activity {
            connections: open.connections.clone(),
            id: open.id,
            signal: Arc::clone(&open.signal),
            member: open.member.clone(),
        }
    }

    /// A request is in progress for as long as the answer lives; none: the connection was told to end, so
    /// that nobody would read what comes of it.
    pub fn begin(&self) -> Option<Busy> {
        let request = || Request { activity: self.clone(), unread: AtomicUsize::new(0) };
        self.connections.begin(self.id).then(|| Busy(Arc::new(request())))
    }

    /// A request of it, which is in progress, is of `caller`, who may send it: such connections are ended
    /// after those of strangers, and have their turns among the caller's own.
    pub fn let_in(&self, caller: &str) {
        self.connections.let_in(self.id, &self.member, caller);
    }

    /// A call that everybody may make, and that does not keep its connection from being ended; none: there
    /// are `most` already.
    pub fn aside(&self, most: usize) -> Option<Aside> {
        let asides = &self.signal.asides;
        let one_more = |count| (count < most).then_some(count + 1);
        asides.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more).ok()?;
        Some(Aside(Arc::new(Counted(Arc::clone(&self.signal)))))
    }
}

/// Keeps a connection from being ended to make room. The last clone's end is the request's.
#[derive(Clone, Debug)]
pub struct Busy(Arc<Request>);

#[derive(Debug)]
struct Request {
    activity: Activity,
    unread: AtomicUsize,
}

impl Busy {
    /// Counts so many bytes of the request's answer until it is written. Answers how many bytes of answers,
    /// of this request and others, the connection has yet to write.
    pub fn sends(&self, bytes: usize) -> usize {
        self.0.unread.fetch_add(bytes, Ordering::Relaxed);
        self.0.activity.signal.unread.fetch_add(bytes, Ordering::Relaxed) + bytes
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.activity.signal.unread.fetch_sub(*self.unread.get_mut(), Ordering::Relaxed);
        self.activity.connections.end(self.activity.id);
    }
}

/// One of a bounded number of calls of a connection that everybody may make.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "counted until dropped")]
pub struct Aside(Arc<Counted>);

#[derive(Debug)]
struct Counted(Arc<Signal>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.asides.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An answer's body that holds something until its last byte is written: the bytes themselves hold it,
/// whoever buffers them.
#[derive(Debug)]
pub struct Held<B, G> {
    body: B,
    guard: G,
}

impl<B, G> Held<B, G> {
    /// `body`, which holds `guard`.
    pub fn new(body: B, guard: G) -> Self {
        Held { body, guard }
    }
}

struct HeldBytes<G> {
    bytes: Bytes,
    #[expect(dead_code, reason = "let go when dropped")]
    guard: G,
}

impl<G> AsRef<[u8]> for HeldBytes<G> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<B, G> Body for Held<B, G>
where
    B: Body<Data = Bytes> + Unpin,
    G: Clone + Send + Unpin + 'static,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(context));
        let guard = &this.guard;
        let held = |bytes| Bytes::from_owner(HeldBytes { bytes, guard: guard.clone() });
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(held))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
