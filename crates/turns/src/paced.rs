//! A future that is polled in its turn.

use crate::class::Class;
use crate::member::Member;
use futures_util::task::AtomicWaker;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

/// Which tasks of a class go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// What was taken in already.
    Request,
    /// What takes more in.
    Connection,
}

pin_project! {
    /// A future that is polled in its turn.
    pub struct Paced<F> {
        #[pin]
        future: F,
        ticket: Ticket,
        // `task`, as the future knows it.
        waker: Waker,
    }
}

/// Gives the turn back if the future is dropped before it has come.
struct Ticket(Arc<Task>);

/// What wakers and classes know of a future.
pub(crate) struct Task {
    member: Member,
    priority: Priority,
    /// The waker of the task that polls the future.
    threads: AtomicWaker,
    state: Mutex<State>,
}

enum State {
    /// Nothing has happened for it.
    Idle,
    /// It waits in its class.
    Waiting,
    /// It is in the threads' queue, at the expense of this class.
    Ready(Arc<Class>),
    /// It is polled; and something has happened since that began.
    Polled(bool),
    /// It was dropped, or has ended.
    Done,
}

/// A poll: when it ends, however it does, the next task of the class has its turn.
struct Turn(Arc<Class>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl<F> Paced<F> {
    pub(crate) fn new(member: Member, priority: Priority, future: F) -> Paced<F> {
        let (threads, state) = (AtomicWaker::new(), Mutex::new(State::Idle));
        let task = Arc::new(Task { member, priority, threads, state });
        Paced { future, waker: Waker::from(Arc::clone(&task)), ticket: Ticket(task) }
    }
}

impl<F: Future> Future for Paced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let task = &this.ticket.0;
        // Before the state is looked at: whoever changes it afterwards wakes this one.
        task.threads.register(context.waker());
        let Some(turn) = task.begin() else { return Poll::Pending };
        let began = Instant::now();
        let polled = this.future.poll(&mut Context::from_waker(this.waker));
        task.member.charge(began, began.elapsed());
        // First the next task, then this one again.
        drop(turn);
        task.end(polled.is_ready());
        polled
    }
}

impl Task {
    /// What its place among those that wait depends on.
    pub(crate) fn place(&self) -> (u8, u64) {
        (self.priority as u8, self.member.used())
    }

    /// The turn of one that waits has come; false: it is gone.
    pub(crate) fn grant(&self, class: &Arc<Class>) -> bool {
        {
            let mut state = self.state();
            if !matches!(*state, State::Waiting) {
                return false;
            }
            *state = State::Ready(Arc::clone(class));
        }
        self.threads.wake();
        true
    }

    /// Its turn, if it has come.
    fn begin(self: &Arc<Self>) -> Option<Turn> {
        let mut state = self.state();
        if matches!(*state, State::Idle) {
            // It was just spawned, and is in the threads' queue on its own account: all that were spawned
            // with it first get their places in their classes.
            self.enter(&mut state);
            let ready = matches!(*state, State::Ready(_));
            drop(state);
            if ready {
                self.threads.wake();
            }
            return None;
        }
        match std::mem::replace(&mut *state, State::Polled(false)) {
            State::Ready(class) => Some(Turn(class)),
            other => {
                *state = other;
                None
            }
        }
    }

    fn end(self: &Arc<Self>, done: bool) {
        let mut state = self.state();
        let again = matches!(*state, State::Polled(true));
        *state = if done { State::Done } else { State::Idle };
        if again && !done {
            self.enter(&mut state);
            let ready = matches!(*state, State::Ready(_));
            drop(state);
            if ready {
                self.threads.wake();
            }
        }
    }

    /// From idle to ready or waiting. Classes are locked within tasks and never the other way round.
    fn enter(self: &Arc<Self>, state: &mut State) {
        let class = self.member.class();
        *state = if class.enter(self) { State::Ready(class) } else { State::Waiting };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.state();
        match &mut *state {
            State::Idle => {
                self.enter(&mut state);
                let ready = matches!(*state, State::Ready(_));
                drop(state);
                if ready {
                    self.threads.wake();
                }
            }
            State::Polled(again) => *again = true,
            State::Waiting | State::Ready(_) | State::Done => {}
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let state = std::mem::replace(&mut *self.0.state(), State::Done);
        if let State::Ready(class) = state {
            class.leave();
        }
    }
}

impl<F> fmt::Debug for Paced<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Paced").finish_non_exhaustive()
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Task").field("member", &self.member).finish_non_exhaustive()
    }
}
