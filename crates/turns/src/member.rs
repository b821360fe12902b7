//! Members of classes: what has several tasks, and is charged for all of them.

use crate::class::Class;
use crate::paced::{Paced, Priority};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One connection of a class. Clones are the same.
#[derive(Clone, Debug)]
pub struct Member(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    class: Mutex<Arc<Class>>,
    since: Instant,
    /// Processor time of its polls in nanoseconds, of which a half is forgotten every second.
    used: AtomicU64,
    /// The second that `used` is as of.
    second: AtomicU64,
}

impl Member {
    /// A new one, which has used nothing.
    pub fn new(class: Arc<Class>) -> Member {
        Member(Arc::new(Inner {
            class: Mutex::new(class),
            since: Instant::now(),
            used: AtomicU64::new(0),
            second: AtomicU64::new(0),
        }))
    }

    /// From now on it is of that class; tasks of it that wait have their turn where they are. `class` is only
    /// asked where the name is another one.
    pub fn join(&self, name: &str, class: impl FnOnce() -> Arc<Class>) {
        let mut own = self.0.class.lock().unwrap_or_else(PoisonError::into_inner);
        if own.name() != name {
            *own = class();
        }
    }

    /// A future of it, which is polled in its turn.
    pub fn paced<F>(&self, priority: Priority, future: F) -> Paced<F> {
        Paced::new(self.clone(), priority, future)
    }

    /// Its class, now.
    pub fn class(&self) -> Arc<Class> {
        Arc::clone(&self.0.class.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The time that it has used lately, in nanoseconds.
    pub(crate) fn used(&self) -> u64 {
        self.0.used.load(Relaxed)
    }

    /// A poll that began at `began` is over. Two at once may lose a charge, which is no more than a poll.
    pub(crate) fn charge(&self, began: Instant, time: Duration) {
        let second = began.saturating_duration_since(self.0.since).as_secs();
        let passed = second.saturating_sub(self.0.second.swap(second, Relaxed)).min(63);
        let used = (self.0.used.load(Relaxed) >> passed).saturating_add(time.as_nanos() as u64);
        self.0.used.store(used, Relaxed);
    }
}
