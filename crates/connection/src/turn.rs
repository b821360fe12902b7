//! The turns of a connection's tasks, and how much it reads in one: a caller that sends without end must not
//! keep the threads that serve sockets from the others.

use ampoule_turns::{Member, Paced, Priority};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::Poll;
use std::time::{Duration, Instant};

/// What a connection reads in one turn, in bytes. It holds thousands of the smallest frames, which take a
/// millisecond together.
const MOST_READ: usize = 64 << 10;

/// After so long a turn ends before the next request: requests that were sent ahead are there without a read.
const LONGEST: Duration = Duration::from_micros(200);

/// What a connection may still read in its turn, and when the turn began.
#[derive(Debug)]
pub(crate) struct Budget {
    left: AtomicUsize,
    /// In nanoseconds since `base`.
    began: AtomicU64,
    base: Instant,
}

/// Without end where nothing is polled in turns: handshakes.
const NO_END: usize = usize::MAX;

impl Default for Budget {
    fn default() -> Self {
        Budget { left: AtomicUsize::new(NO_END), began: AtomicU64::new(0), base: Instant::now() }
    }
}

impl Budget {
    pub(crate) fn is_spent(&self) -> bool {
        self.left.load(Relaxed) == 0
    }

    pub(crate) fn spend(&self, bytes: usize) {
        let left = self.left.load(Relaxed);
        if left != NO_END {
            self.left.store(left.saturating_sub(bytes), Relaxed);
        }
    }

    fn begins(&self) {
        self.left.store(MOST_READ, Relaxed);
        self.began.store(self.base.elapsed().as_nanos() as u64, Relaxed);
    }

    fn is_long(&self) -> bool {
        let began = Duration::from_nanos(self.began.load(Relaxed));
        self.base.elapsed().saturating_sub(began) >= LONGEST
    }
}

/// As what the tasks of a connection are polled. Clones are the same.
#[derive(Clone, Debug)]
pub struct Turn {
    member: Member,
    budget: Arc<Budget>,
}

impl Turn {
    pub(crate) fn of(member: Member, budget: Arc<Budget>) -> Turn {
        Turn { member, budget }
    }

    /// The task that reads and writes the connection.
    pub fn connection<F: Future>(&self, serving: F) -> Paced<impl Future<Output = F::Output> + use<F>> {
        let budget = Arc::clone(&self.budget);
        self.member.paced(Priority::Connection, async move {
            let mut serving = pin!(serving);
            std::future::poll_fn(|context| {
                budget.begins();
                Pin::as_mut(&mut serving).poll(context)
            })
            .await
        })
    }

    /// Before a request that is answered by the connection's own task: a turn that was long enough ends here.
    pub async fn before_request(&self) {
        let mut rested = !self.budget.is_long();
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut rested, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }

    /// The task of one request of the connection.
    pub fn request<F: Future>(&self, answering: F) -> Paced<F> {
        self.member.paced(Priority::Request, answering)
    }
}
