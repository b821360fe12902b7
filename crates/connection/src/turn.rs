//! The turns of a connection's tasks, and how much it reads in one: a caller that sends without end must not keep the threads that
//! serve sockets from the others.

use ampoule_turns::{Member, Paced, Priority};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What a connection reads in one turn, in bytes. It holds thousands of the smallest frames, which take a millisecond together.
const MOST_READ: usize = 64 << 10;

/// What a connection may still read in its turn.
#[derive(Debug)]
pub(crate) struct Budget(AtomicUsize);

/// Without end where nothing is polled in turns: handshakes.
const NO_END: usize = usize::MAX;

impl Default for Budget {
    fn default() -> Self {
        Budget(AtomicUsize::new(NO_END))
    }
}

impl Budget {
    pub(crate) fn is_spent(&self) -> bool {
        self.0.load(Relaxed) == 0
    }

    pub(crate) fn spend(&self, bytes: usize) {
        let left = self.0.load(Relaxed);
        if left != NO_END {
            self.0.store(left.saturating_sub(bytes), Relaxed);
        }
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
                budget.0.store(MOST_READ, Relaxed);
                Pin::as_mut(&mut serving).poll(context)
            })
            .await
        })
    }

    /// The task of one request of the connection.
    pub fn request<F: Future>(&self, answering: F) -> Paced<F> {
        self.member.paced(Priority::Request, answering)
    }
}
