//! Stopping what a tenant has running: it was disabled, or removed.

use crate::error::Error;
use std::future::Future;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::SeqCst;
use tokio::sync::Notify;

/// Why nothing of a tenant may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The operator has disabled it.
    Disabled,
    /// The operator has removed it.
    Removed,
}

impl Stopped {
    /// What was done to it.
    pub fn name(self) -> &'static str {
        match self {
            Stopped::Disabled => "disabled",
            Stopped::Removed => "removed",
        }
    }
}

/// Whether a tenant is stopped, for those who run for it.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    /// 0: it is not.
    why: AtomicU8,
    now: Notify,
}

impl Stop {
    pub(crate) fn set(&self, why: Option<Stopped>) {
        let number = match why {
            None => 0,
            Some(Stopped::Disabled) => 1,
            Some(Stopped::Removed) => 2,
        };
        if self.why.swap(number, SeqCst) == 0 && number != 0 {
            self.now.notify_waiters();
        }
    }

    pub(crate) fn why(&self) -> Option<Stopped> {
        match self.why.load(SeqCst) {
            0 => None,
            1 => Some(Stopped::Disabled),
            _ => Some(Stopped::Removed),
        }
    }

    /// Does the work, unless the tenant is stopped or will be: then it is dropped, and with it what runs for
    /// it.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        // Made before the look, so that nothing is missed between the two.
        let now = self.now.notified();
        if let Some(why) = self.why() {
            return Err(Error::Stopped(why));
        }
        tokio::select! {
            // First: a request that waits is not to begin in the slot of one that was ended with it.
            biased;
            () = now => Err(Error::Stopped(self.why().unwrap_or(Stopped::Removed))),
            done = work => done,
        }
    }
}
