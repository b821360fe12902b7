//! Where large requests are worked on: parsed, checked, hashed and packed for their guest. That takes
//! milliseconds for each megabyte, which are not spent on the threads that serve sockets, where every other
//! request would wait for them.
//!
//! Tenants have turns: of each, only as much work is in the queue as there are threads, so that another
//! tenant's large request does not wait for all of it.
//!
//! A runtime of its own with few threads, of lower priority than all others: whatever large requests come,
//! small ones, health and monitoring go first.

use crate::tenants::Tenant;
use ampoule_turns::{Member, Priority, Turns};
use std::future::Future;
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// Work on more bytes than this takes about a millisecond.
pub(crate) const MUCH: u64 = 256 << 10;

/// Added to the process' own niceness: at 10, a thread gets a tenth of what others get beside it.
const NICENESS: i32 = 10;

/// Half of the processors.
static THREADS: LazyLock<usize> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors / 2).max(1)
});

/// Whose turn it is.
static TURNS: LazyLock<Turns> = LazyLock::new(|| Turns::new(*THREADS));

/// None: the system gives no threads.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(*THREADS)
        // A thread that has work of its own would look for work from elsewhere after 61 pieces, each of which
        // can take a hundred milliseconds. Work that yields is woken when there is no other, so that it does
        // not go before what waits; with an `event_interval` of 1 it would be woken after each piece, and
        // always be first.
        .global_queue_interval(2)
        .thread_name("aside")
        .enable_time()
        .on_thread_start(|| {
            // Of this thread alone, as Linux has it. Without it large requests are in the way of small ones a
            // little more.
            let own = rustix::process::getpriority_process(None).unwrap_or(0);
            let _ = rustix::process::setpriority_process(None, own + NICENESS);
        })
        .build();
    runtime.inspect_err(|error| tracing::error!(%error, "no threads for large requests")).ok()
});

/// As whom a tenant has its turns here.
pub(crate) fn member(tenant: &str) -> Member {
    Member::new(TURNS.class(tenant))
}

/// Does the tenant's work aside. `None`: it hit a bug, and is given up. Dropping the future stops the work
/// where it waits next.
pub async fn aside<T: Send + 'static>(
    tenant: &Tenant,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    if RUNTIME.is_none() {
        return Some(work.await);
    }
    let mut task = spawn_aside(tenant, work);
    (&mut task.0).await.ok()
}

/// The same, without waiting for it. Dropping what this answers stops the work where it waits next.
pub(crate) fn spawn_aside<T: Send + 'static>(
    tenant: &Tenant,
    work: impl Future<Output = T> + Send + 'static,
) -> Task<T> {
    Task(match &*RUNTIME {
        Some(runtime) => runtime.spawn(tenant.0.aside.paced(Priority::Request, work)),
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
    use crate::config::ServiceConfig;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::sync::{Arc, mpsc};
    use std::time::Duration;

    fn tenant(name: &str) -> Tenant {
        let tenants = vec![ServiceConfig::default().tenant(name)];
        crate::tenants::registry::Tenants::new(tenants, None).get(name).unwrap()
    }

    #[tokio::test]
    async fn work_is_done_on_threads_of_lower_priority() {
        let of_this = rustix::process::getpriority_process(None).unwrap();
        let of_that =
            aside(&tenant("a"), async { rustix::process::getpriority_process(None).unwrap() }).await.unwrap();
        assert_eq!(of_that, (of_this + NICENESS).min(19));
    }

    #[tokio::test]
    async fn what_computes_there_keeps_nothing_waiting_here() {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        // It blocks its thread until this one goes on.
        let work = tokio::spawn(async move {
            aside(&tenant("a"), async move { receiver.recv_timeout(Duration::from_secs(60)).is_ok() }).await
        });
        tokio::time::sleep(Duration::from_millis(1)).await;
        sender.send(()).unwrap();
        assert_eq!(work.await.unwrap(), Some(true));
    }

    #[tokio::test]
    async fn a_tenants_work_does_not_wait_for_all_of_anothers() {
        let (flood, other) = (tenant("flood"), tenant("other"));
        let (sender, receiver) = mpsc::channel::<()>();
        let receiver = Arc::new(std::sync::Mutex::new(receiver));
        // Each blocks its thread until it receives a message.
        let works: Vec<_> = (0..64)
            .map(|_| {
                let receiver = Arc::clone(&receiver);
                spawn_aside(&flood, async move { receiver.lock().unwrap().recv().unwrap() })
            })
            .collect();
        let mut work = Box::pin(aside(&other, async {}));
        assert!(futures_util::poll!(&mut work).is_pending());
        // One of the flood goes on after the other, until it is the other tenant's turn.
        let mut gone_on = 0;
        while futures_util::poll!(&mut work).is_pending() {
            sender.send(()).unwrap();
            gone_on += 1;
            assert!(gone_on < works.len(), "all of the flood was first");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in &works {
            sender.send(()).unwrap();
        }
    }

    #[tokio::test]
    async fn a_tenants_work_does_not_wait_for_another_that_yields_and_goes_on() {
        const PIECES: usize = 1000;
        let (flood, other) = (tenant("flood"), tenant("other"));
        let done = Arc::new(AtomicUsize::new(0));
        let works: Vec<_> = (0..4)
            .map(|_| {
                let done = Arc::clone(&done);
                spawn_aside(&flood, async move {
                    for _ in 0..PIECES {
                        std::thread::sleep(Duration::from_millis(1));
                        done.fetch_add(1, Relaxed);
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for _ in 0..20 {
            let before = done.load(Relaxed);
            aside(&other, async {}).await.unwrap();
            let waited_for = done.load(Relaxed) - before;
            assert!(waited_for < PIECES / 10, "{waited_for} pieces went first");
        }
        drop(works);
    }

    #[tokio::test]
    async fn a_bug_is_the_works_own_and_who_leaves_stops_it() {
        let tenant = tenant("a");
        assert_eq!(aside(&tenant, async { panic!("a bug") }).await, None::<()>);
        let held = Arc::new(());
        let kept = Arc::clone(&held);
        let mut work = Box::pin(aside(&tenant, async move {
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
