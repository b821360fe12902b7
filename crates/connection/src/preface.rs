//! The time for the bytes with which HTTP/2 begins.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`.
const LENGTH: usize = 24;

/// Runs until the preface is there, however it trickles in.
#[derive(Debug)]
pub(crate) struct Preface {
    missing: usize,
    timeout: Duration,
    late: Pin<Box<Sleep>>,
}

impl Preface {
    pub(crate) fn within(timeout: Duration) -> Preface {
        Preface { missing: LENGTH, timeout, late: Box::pin(tokio::time::sleep(timeout)) }
    }

    /// So many bytes were read; whether that was all.
    pub(crate) fn read(&mut self, bytes: usize) -> bool {
        self.missing = self.missing.saturating_sub(bytes);
        self.missing == 0
    }

    /// An error once it is too late.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        self.late.as_mut().poll(context).map(|()| {
            let text = format!("the client did not begin HTTP/2 within {} s", self.timeout.as_secs_f64());
            io::Error::new(io::ErrorKind::TimedOut, text)
        })
    }
}
