//! Where large requests are worked on: parsed, checked, hashed and packed for their guest. That takes milliseconds for each megabyte,
//! which are not spent on the threads that serve sockets, where every other request would wait for them.
//!
//! A runtime of its own with few threads, of lower priority than all others: whatever large requests come, small ones, health and
//! monitoring go first.

use std::future::Future;
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Work on more bytes than this takes about a millisecond.
pub(crate) const MUCH: u64 = 256 << 10;

/// Added to the process' own niceness: at 10, a thread gets a tenth of what others get beside it.
const NICENESS: i32 = 10;

/// None: the system gives no threads.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let runtime = Builder::new_multi_thread()
        .worker_threads((processors / 2).max(1))
        .thread_name("aside")
        .enable_time()
        .on_thread_start(|| {
            // Of this thread alone, as Linux has it. Without it large requests are in the way of small ones a little more.
            let own = rustix::process::getpriority_process(None).unwrap_or(0);
            let _ = rustix::process::setpriority_process(None, own + NICENESS);
        })
        .build();
    runtime.inspect_err(|error| tracing::error!(%error, "no threads for large requests")).ok()
});

/// Does the work aside. `None`: it hit a bug, and is given up. Dropping the future stops the work where it waits next.
pub async fn aside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let Some(runtime) = &*RUNTIME else { return Some(work.await) };
    let mut task = Task(runtime.spawn(work));
    (&mut task.0).await.ok()
}

/// The same, without waiting for it. Dropping what this answers stops the work where it waits next.
pub(crate) fn spawn_aside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Task<T> {
    Task(match &*RUNTIME {
        Some(runtime) => runtime.spawn(work),
        None => tokio::spawn(work),
    })
}

/// Work that is done aside.
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    #[tokio::test]
    async fn work_is_done_on_threads_of_lower_priority() {
        let of_this = rustix::process::getpriority_process(None).unwrap();
        let of_that = aside(async { rustix::process::getpriority_process(None).unwrap() }).await.unwrap();
        assert_eq!(of_that, (of_this + NICENESS).min(19));
    }

    #[tokio::test]
    async fn what_computes_there_keeps_nothing_waiting_here() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        // It blocks its thread until this one goes on.
        let work = tokio::spawn(aside(async move { receiver.recv_timeout(Duration::from_secs(60)).is_ok() }));
        tokio::time::sleep(Duration::from_millis(1)).await;
        sender.send(()).unwrap();
        assert_eq!(work.await.unwrap(), Some(true));
    }

    #[tokio::test]
    async fn a_bug_is_the_works_own_and_who_leaves_stops_it() {
        assert_eq!(aside(async { panic!("a bug") }).await, None::<()>);
        let held = Arc::new(());
        let kept = Arc::clone(&held);
        let mut work = Box::pin(aside(async move {
            std::future::pending::<()>().await;
            drop(kept);
        }));
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        while Arc::strong_count(&held) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
