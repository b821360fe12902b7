//! Where TLS handshakes are computed. Anybody can ask for one by a message that was recorded once, and a
//! signature takes a server milliseconds: that must not be time in which sockets are not served.
//!
//! A thread of its own, of lower priority than all others: whatever handshakes are asked for, connections
//! that have theirs go first.

use std::future::Future;
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;
use tokio::task::JoinSet;

/// Added to the process' own niceness: at 5, a thread gets a third of what others get that compete with it.
/// Those who were never here wait a little longer where processors are short; those who are connected do not.
const NICENESS: i32 = 5;

/// None: the system gives no thread.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("handshakes")
        .enable_time()
        .on_thread_start(|| {
            // Of this thread alone, as Linux has it.
            let own = rustix::process::getpriority_process(None).unwrap_or(0);
            let _ = rustix::process::setpriority_process(None, own + NICENESS);
        })
        .build();
    runtime.inspect_err(|error| tracing::error!(%error, "no thread for handshakes")).ok()
});

/// Does a handshake there, among `others`.
pub(crate) fn spawn<T: Send + 'static>(
    others: &mut JoinSet<T>,
    handshake: impl Future<Output = T> + Send + 'static,
) -> AbortHandle {
    match &*RUNTIME {
        Some(runtime) => others.spawn_on(handshake, runtime.handle()),
        None => others.spawn(handshake),
    }
}
