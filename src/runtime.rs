//! The tokio runtimes: of servers, and of programs that do nothing but run guests.

use std::io;
use tokio::runtime::{Builder, Runtime};

/// Tasks a worker polls between two looks at sockets and timers. A guest that computes is polled for one
/// slice of fuel at a time, about 60 µs, and a connection on which requests were sent ahead for 16 requests,
/// about 300 µs; tokio's default of 61 would leave a new request waiting for many milliseconds beside a few
/// of them.
const POLLS_BETWEEN_EVENTS: u32 = 8;

/// Tasks a worker polls between two looks at the queue that all workers share, for the same reason.
const POLLS_BETWEEN_GLOBAL_QUEUE: u32 = 8;

/// A runtime for sockets, timers and whatever a server does beside its guests, which compute on threads of
/// their own.
pub(crate) fn for_servers() -> io::Result<Runtime> {
    runtime()
}

/// A runtime for guests that compute on its workers.
pub(crate) fn for_guests() -> io::Result<Runtime> {
    runtime()
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .event_interval(POLLS_BETWEEN_EVENTS)
        .global_queue_interval(POLLS_BETWEEN_GLOBAL_QUEUE)
        .enable_all()
        .build()
}
