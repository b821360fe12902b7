//! Processor time of a future: the thread's clock around every poll.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Adds the processor time that polling `future` takes to `total`.
pub(crate) struct CpuTimed<'a, F> {
    pub(crate) future: Pin<&'a mut F>,
    pub(crate) total: &'a mut Duration,
}

impl<F: Future> Future for CpuTimed<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let start = thread_cpu_time();
        let polled = self.future.as_mut().poll(context);
        *self.total += thread_cpu_time().saturating_sub(start);
        polled
    }
}

/// Processor time of the calling thread.
pub(crate) fn thread_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
