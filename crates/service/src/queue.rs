//! Slots, and the bounded queue before them.

use crate::error::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{Semaphore, SemaphorePermit};

/// First come, first served.
pub(crate) struct Queue {
    slots: Semaphore,
    slot_count: usize,
    waiting: AtomicUsize,
    most_waiting: usize,
    draining: AtomicBool,
}

impl Queue {
    pub(crate) fn new(slots: usize, most_waiting: usize) -> Self {
        Queue {
            slots: Semaphore::new(slots),
            slot_count: slots,
            waiting: AtomicUsize::new(0),
            most_waiting,
            draining: AtomicBool::new(false),
        }
    }

    /// Waits for a slot; giving up the future gives up the place.
    pub(crate) async fn slot(&self) -> Result<SemaphorePermit<'_>, Error> {
        if self.draining.load(Ordering::Acquire) {
            return Err(Error::Draining);
        }
        if let Ok(permit) = self.slots.try_acquire() {
            return Ok(permit);
        }
        let full = Error::Full { slots: self.slot_count, queue: self.most_waiting };
        let _place = Place::take(&self.waiting, self.most_waiting).ok_or(full)?;
        // The semaphore is never closed; were it, there would be no more slots.
        self.slots.acquire().await.map_err(|_| Error::Draining)
    }

    /// From now on nobody gets in; who is in or waits already is served.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Executions that have a slot.
    pub(crate) fn running(&self) -> usize {
        self.slot_count - self.slots.available_permits()
    }

    /// Requests that wait for one.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// A place in the queue.
struct Place<'a> {
    waiting: &'a AtomicUsize,
}

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        let taken = waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < most).then_some(waiting + 1)
        });
        taken.ok().map(|_| Place { waiting })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn places_are_bounded_and_given_back() {
        let queue = Queue::new(1, 1);
        let running = queue.slot().await.unwrap();
        let mut waiting = Box::pin(queue.slot());
        assert!(waiting.as_mut().now_or_never().is_none());
        assert_eq!((queue.running(), queue.waiting()), (1, 1));
        assert!(matches!(queue.slot().await, Err(Error::Full { slots: 1, queue: 1 })));
        drop(waiting);
        assert_eq!(queue.waiting(), 0);
        let mut waiting = Box::pin(queue.slot());
        assert!(waiting.as_mut().now_or_never().is_none());
        queue.drain();
        assert!(matches!(queue.slot().await, Err(Error::Draining)));
        drop(running);
        assert!(waiting.await.is_ok(), "who waited before the drain is served");
    }
}
