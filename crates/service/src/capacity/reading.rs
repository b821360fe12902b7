//! Answers and their readers: a body is handed to its connection in pieces, and not to a reader who leaves it
//! lying.
//!
//! A connection asks for a piece when it has room for it, so what is not asked for is not read. The time in
//! which there is something to take, and nobody takes it, is added up; what is taken is set against it, by
//! [`SLOWEST`]. So neither who reads nothing nor who reads a byte a minute holds an answer for ever, and a
//! stream that has nothing to say may be silent.
//!
//! Nobody is asked for anything when the reader does not come. So a task looks now and then, and gives the
//! body up.

use bytes::Bytes;
use http_body::{Body, Frame};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// Bytes a second that a reader takes at least, on average: the largest answers are read in a quarter of an
/// hour.
const SLOWEST: u32 = 64 << 10;

/// The most bytes of a piece: a frame of HTTP/2.
const PIECE: usize = 16 << 10;

/// Bytes that one poll may take before others have their turn: less than half a millisecond's work, written
/// as JSON.
const TURN: usize = 256 << 10;

/// Of the timeout, how often the task looks.
const LOOKS: u32 = 4;

/// An answer was left lying for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Late {
    timeout: Duration,
}

impl std::fmt::Display for Late {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "the answer was given up, as it lay unread for {} s beyond what reading it at {} KiB a second takes: read it \
             as it comes, or ask for less",
            self.timeout.as_secs_f64(),
            SLOWEST >> 10
        )
    }
}

impl std::error::Error for Late {}

/// A body that does not wait for its reader for ever. `late` makes its last frame when it is given up.
pub struct Reading<B: Body, F> {
    shared: Arc<Mutex<Shared<B>>>,
    late: F,
    /// Bytes since others had their turn.
    turn: usize,
    watch: AbortHandle,
}

struct Shared<B: Body> {
    state: State<B>,
    /// What the reader has not taken of the frame that came last.
    rest: Bytes,
    /// What the task found for the reader.
    found: Option<Result<Frame<Bytes>, B::Error>>,
    /// The reader waits for the body, and not the body for its reader.
    awaited: bool,
    /// Since when the body waits.
    since: Instant,
    /// How long it waited before.
    owed: Duration,
    timeout: Duration,
}

enum State<B> {
    Open(B),
    GivenUp,
    Ended,
}

impl<B, F> Reading<B, F>
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Send,
    F: Fn(Late) -> Result<Frame<Bytes>, B::Error>,
{
    /// A reader has `timeout` to take what there is to take.
    pub fn new(body: B, timeout: Duration, late: F) -> Self {
        let shared = Shared {
            state: State::Open(body),
            rest: Bytes::new(),
            found: None,
            awaited: false,
            since: Instant::now(),
            owed: Duration::ZERO,
            timeout,
        };
        let shared = Arc::new(Mutex::new(shared));
        let watch = tokio::spawn(watch(Arc::downgrade(&shared), timeout)).abort_handle();
        Reading { shared, late, turn: 0, watch }
    }
}

/// Gives the body up when it has lain for too long.
async fn watch<B>(shared: Weak<Mutex<Shared<B>>>, timeout: Duration)
where
    B: Body<Data = Bytes> + Unpin,
{
    loop {
        tokio::time::sleep(timeout / LOOKS).await;
        let Some(shared) = shared.upgrade() else { return };
        let looked = poll_fn(|context| Poll::Ready(lock(&shared).look(context))).await;
        match looked {
            Looked::Goes => {}
            // What it holds goes, not while it is locked.
            Looked::Over(given_up) => return drop(given_up),
        }
    }
}

enum Looked<B: Body> {
    Goes,
    /// It has ended, or what is given up.
    Over(Option<GivenUp<B>>),
}

/// All that a body held.
type GivenUp<B> = (State<B>, Bytes, Option<Result<Frame<Bytes>, <B as Body>::Error>>);

impl<B: Body<Data = Bytes> + Unpin> Shared<B> {
    fn look(&mut self, context: &mut Context<'_>) -> Looked<B> {
        let State::Open(body) = &mut self.state else { return Looked::Over(None) };
        if self.awaited {
            return Looked::Goes;
        }
        if self.rest.is_empty() && self.found.is_none() {
            // Nobody but this task asks for it now; the reader, when it comes, asks again.
            match Pin::new(body).poll_frame(context) {
                Poll::Ready(Some(frame)) => self.found = Some(frame),
                // Its end is for the reader to find.
                Poll::Ready(None) => self.state = State::Ended,
                // What it had to say is taken.
                Poll::Pending => self.since = Instant::now(),
            }
        }
        if self.waited() <= self.timeout {
            return Looked::Goes;
        }
        Looked::Over(Some(self.give_up()))
    }

    fn waited(&self) -> Duration {
        self.owed + self.since.elapsed()
    }

    fn give_up(&mut self) -> GivenUp<B> {
        let state = std::mem::replace(&mut self.state, State::GivenUp);
        (state, std::mem::take(&mut self.rest), self.found.take())
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.rest.is_empty() {
            let frame = match (self.found.take(), &mut self.state) {
                (Some(found), _) => Some(found),
                (None, State::Open(body)) => ready!(Pin::new(body).poll_frame(context)),
                (None, _) => None,
            };
            let data = match frame {
                Some(Ok(frame)) => frame.into_data(),
                other => {
                    self.state = State::Ended;
                    return Poll::Ready(other);
                }
            };
            match data {
                Ok(bytes) if bytes.len() > PIECE => self.rest = bytes,
                Ok(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        // A copy: who is slow to write it holds no more than this.
        let piece = self.rest.split_to(PIECE.min(self.rest.len()));
        if self.rest.is_empty() {
            self.rest = Bytes::new();
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(&piece)))))
    }
}

impl<B, F> Body for Reading<B, F>
where
    B: Body<Data = Bytes> + Unpin,
    F: Fn(Late) -> Result<Frame<Bytes>, B::Error> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        if this.turn >= TURN {
            this.turn = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut shared = lock(&this.shared);
        if !shared.awaited {
            shared.owed = shared.waited();
            shared.since = Instant::now();
        }
        if matches!(shared.state, State::Open(_)) && shared.owed > shared.timeout {
            let given_up = shared.give_up();
            drop(shared);
            drop(given_up);
            shared = lock(&this.shared);
        }
        if matches!(shared.state, State::GivenUp) {
            shared.state = State::Ended;
            return Poll::Ready(Some((this.late)(Late { timeout: shared.timeout })));
        }
        let next = shared.next(context);
        shared.awaited = next.is_pending();
        match &next {
            Poll::Pending => this.turn = 0,
            Poll::Ready(Some(Ok(frame))) => {
                let taken = frame.data_ref().map_or(0, Bytes::len);
                this.turn += taken;
                shared.owed = shared.owed.saturating_sub(Duration::from_secs(1) * taken as u32 / SLOWEST);
                shared.since = Instant::now();
            }
            Poll::Ready(_) => {}
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        let shared = lock(&self.shared);
        matches!(shared.state, State::Ended) && shared.rest.is_empty() && shared.found.is_none()
    }
}

impl<B: Body, F> Drop for Reading<B, F> {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "reading_tests.rs"]
mod tests;
