//! Threads on which guests compute, and nothing else: sockets and timers have theirs.
//!
//! One queue for all executions, first come first served: which guest computes is decided by the seats
//! (`schedule`). There is one thread more than seats, so that whoever comes is always received, and more
//! while guests do not come back (`watch`).
//!
//! Where the next event is likely to come soon (`awake`), one idle thread polls for work, and the caller of
//! the only execution polls for its outcome.

use crate::schedule::GivenUp;
use crate::schedule::awake::Awake;
use async_task::{Runnable, ScheduleInfo, WithInfo};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Threads that are added at most for guests that do not come back. Each of those is cut off after a second.
const MOST_ADDED: usize = 64;

/// How long an added thread stays when there is nothing to do.
const ADDED_STAYS: Duration = Duration::from_secs(1);

/// The time that the kernel lets one of these threads compute before it looks at others, in nanoseconds. A
/// thread that wakes up (of sockets, or of a client on the same machine) waits for the end of the slice.
/// Beside 20 endless loops on 2 processors, with Linux 6.18, the 99th percentile of a trivial call over gRPC
/// is 18 to 24 ms with slices of 20 ms, 12 to 17 ms with the default of 3 ms, and 3.5 to 7 ms with 0.1 to 1
/// ms.
const KERNEL_SLICE: u64 = 500_000;

pub(crate) struct Threads {
    state: Mutex<State>,
    ready: Condvar,
    /// Length of both queues, for the thread that looks without the lock.
    queued: AtomicUsize,
    /// There is more than one processor, so a thread that polls does not take the only one.
    stay_awake: bool,
    /// One thread looks for work and need not be woken for it.
    looking: AtomicBool,
    /// For work that a thread waits for.
    work: Awake,
    /// For the outcome that a caller waits for.
    outcome: Awake,
    /// Futures that were not dropped yet.
    running: AtomicUsize,
    /// Where timers and blocking work of guests run.
    runtime: Handle,
}

#[derive(Default)]
struct State {
    /// Executions: they have a seat, or are about to wait for one.
    executions: VecDeque<Runnable>,
    /// What waits for several of them, and does other work in between: it goes after all executions.
    others: VecDeque<Runnable>,
    /// Threads without work, and when the last of them became one, until the next work comes.
    idle: usize,
    idle_since: Option<Instant>,
    added: usize,
    ended: bool,
}

impl State {
    fn queued(&self) -> usize {
        self.executions.len() + self.others.len()
    }
}

impl std::fmt::Debug for Threads {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Threads").finish_non_exhaustive()
    }
}

impl Threads {
    /// Starts as many threads; they end when they are told to.
    pub(crate) fn start(count: usize, runtime: Handle) -> io::Result<Arc<Threads>> {
        let threads = Arc::new(Threads {
            state: Mutex::default(),
            ready: Condvar::new(),
            queued: AtomicUsize::new(0),
            stay_awake: thread::available_parallelism().is_ok_and(|count| count.get() > 1),
            looking: AtomicBool::new(false),
            work: Awake::default(),
            outcome: Awake::default(),
            running: AtomicUsize::new(0),
            runtime,
        });
        for number in 0..count {
            threads.spawn(&format!("guests-{number}"), None)?;
        }
        Ok(threads)
    }

    /// Runs a future on these threads. Dropping the returned one says so to the guests that it waits for
    /// (`given_up`), and drops the future there as soon as it is not being polled.
    pub(crate) fn run<F>(self: &Arc<Self>, future: F, given_up: GivenUp) -> Running<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, running) = self.prepare(future, given_up, false);
        self.push(runnable, false, true);
        running
    }

    /// The same for an execution, which the calling thread polls first, up to where it has a seat
    /// ([`arrive`]) or waits for one: no thread has to wake up only for it to wait.
    pub(crate) fn execute<F>(self: &Arc<Self>, future: F, given_up: GivenUp) -> Running<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (runnable, running) = self.prepare(future, given_up, true);
        runnable.run();
        running
    }

    fn prepare<F>(
        self: &Arc<Self>,
        future: F,
        given_up: GivenUp,
        is_execution: bool,
    ) -> (Runnable, Running<F::Output>)
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let threads = Arc::downgrade(self);
        let schedule = WithInfo(move |runnable, info: ScheduleInfo| {
            if let Some(threads) = threads.upgrade() {
                // A task that lets others go first is taken up by the thread that it runs on.
                threads.push(runnable, is_execution, !(info.woken_while_running && OWN.get()));
            }
        });
        let future = Within { future: Box::pin(future), given_up: given_up.clone() };
        let (runnable, task) = async_task::Builder::new().propagate_panic(true).spawn(|()| future, schedule);
        self.running.fetch_add(1, Ordering::Relaxed);
        (runnable, Running { task, given_up, threads: Arc::clone(self), since: None })
    }

    fn push(&self, runnable: Runnable, is_execution: bool, wake: bool) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        if let Some(since) = state.idle_since.take() {
            self.work.came_after(since.elapsed());
        }
        let queue = if is_execution { &mut state.executions } else { &mut state.others };
        queue.push_back(runnable);
        let queued = state.queued();
        self.queued.store(queued, Ordering::Relaxed);
        // Read under the lock: who stops looking takes the lock next, and looks at the queue.
        let will_be_seen = queued == 1 && self.looking.load(Ordering::Relaxed);
        drop(state);
        if wake && !will_be_seen {
            self.ready.notify_one();
        }
    }

    /// One more, for a while.
    pub(crate) fn add(self: &Arc<Self>) {
        let mut state = self.lock();
        if state.added == MOST_ADDED {
            return;
        }
        state.added += 1;
        drop(state);
        if let Err(error) = self.spawn("guests-added", Some(ADDED_STAYS)) {
            tracing::warn!(%error, "no thread for another guest");
            self.lock().added -= 1;
        }
    }

    /// From now on nothing is run any more.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let rest = (std::mem::take(&mut state.executions), std::mem::take(&mut state.others));
        drop(state);
        self.ready.notify_all();
        drop(rest);
    }

    fn spawn(self: &Arc<Self>, name: &str, stays: Option<Duration>) -> io::Result<()> {
        let threads = Arc::clone(self);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            OWN.set(true);
            ask_for_short_slices();
            let _within = threads.runtime.enter();
            while let Some(runnable) = threads.next(stays) {
                runnable.run();
            }
        })?;
        Ok(())
    }

    fn next(&self, stays: Option<Duration>) -> Option<Runnable> {
        let mut idle = false;
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            if let Some(runnable) = state.executions.pop_front().or_else(|| state.others.pop_front()) {
                self.queued.store(state.queued(), Ordering::Relaxed);
                state.idle -= usize::from(idle);
                return Some(runnable);
            }
            if !idle {
                idle = true;
                state.idle += 1;
                let now = Instant::now();
                state.idle_since = Some(now);
                let end = now + self.work.time();
                // There is one thread more than processors: with a second idle one, a processor is, too.
                let free = self.stay_awake && state.idle >= 2;
                if free && end > now && !self.looking.swap(true, Ordering::Relaxed) {
                    drop(state);
                    self.look(end);
                    state = self.lock();
                    continue;
                }
            }
            let (next, is_over) = match stays {
                None => (self.ready.wait(state).unwrap_or_else(PoisonError::into_inner), false),
                Some(stays) => {
                    let waited = self.ready.wait_timeout(state, stays);
                    let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    (state, timeout.timed_out())
                }
            };
            state = next;
            if is_over && state.queued() == 0 {
                state.added -= 1;
                state.idle -= 1;
                return None;
            }
        }
    }

    /// Waits for work until then, awake.
    fn look(&self, end: Instant) {
        while self.queued.load(Ordering::Relaxed) == 0 && Instant::now() < end {
            // Gives the core's other half, or the machine's other guests, some room.
            for _ in 0..16 {
                std::hint::spin_loop();
            }
        }
        self.looking.store(false, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What runs on the threads. Dropping it stops it.
pub(crate) struct Running<T> {
    task: async_task::Task<T>,
    given_up: GivenUp,
    threads: Arc<Threads>,
    /// When it was first waited for.
    since: Option<Instant>,
}

impl<T> Future for Running<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.task).poll(context);
        let now = Instant::now();
        let waited = now - *this.since.get_or_insert(now);
        let Threads { outcome, stay_awake, running, .. } = &*this.threads;
        if polled.is_ready() {
            outcome.came_after(waited);
        } else if *stay_awake && waited < outcome.time() && running.load(Ordering::Relaxed) == 1 {
            // Whatever else its thread has to do goes first.
            context.waker().wake_by_ref();
        }
        polled
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.threads.running.fetch_sub(1, Ordering::Relaxed);
        self.given_up.set();
    }
}

/// A future that runs on the threads; whatever it polls finds out so.
struct Within<F> {
    future: Pin<Box<F>>,
    given_up: GivenUp,
}

thread_local! {
    /// Whether it is one of these threads.
    static OWN: Cell<bool> = const { Cell::new(false) };
    static CURRENT: RefCell<Option<GivenUp>> = const { RefCell::new(None) };
}

/// Whether the calling code runs on these threads already: then, how it learns that nobody waits for it.
pub(crate) fn current() -> Option<GivenUp> {
    CURRENT.with(|current| current.borrow().clone())
}

/// Goes to one of these threads, for a future that is theirs; elsewhere, only lets others go first.
pub(crate) async fn arrive() {
    let mut is_there = OWN.get();
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut is_there, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        /// Also when it panics.
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.with(|current| current.borrow_mut().take());
            }
        }
        CURRENT.with(|current| *current.borrow_mut() = Some(self.given_up.clone()));
        let _leave = Leave;
        self.future.as_mut().poll(context)
    }
}

/// The calling thread computes, and is interrupted for those that wake up. Kernels before 6.12 take no
/// notice.
fn ask_for_short_slices() {
    #[repr(C)]
    #[derive(Default)]
    struct Attributes {
        size: u32,
        policy: u32,
        flags: u64,
        nice: i32,
        priority: u32,
        runtime: u64,
        deadline: u64,
        period: u64,
    }
    let size = size_of::<Attributes>() as u32;
    // As nice as the process.
    let nice = rustix::process::getpriority_process(None).unwrap_or(0);
    let attributes = Attributes { size, nice, runtime: KERNEL_SLICE, ..Attributes::default() };
    // SAFETY: the kernel reads `size` bytes of the structure, which has the layout of its
    // `struct sched_attr`. That it may refuse is no harm.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
}

#[cfg(test)]
#[path = "threads_tests.rs"]
mod tests;
