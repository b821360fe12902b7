//! Processor time of guests: their thread's clock around every poll, during which the watchdog knows that
//! they compute.

use crate::schedule::{FairShare, Seat};
use crate::watch::{Watch, Watchdog};
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A guest that computes whenever `future` is polled. The processor time that this takes is its seat's and
/// its share's.
pub(crate) struct Computed<'a, F> {
    pub(crate) future: Pin<&'a mut F>,
    pub(crate) seat: &'a Seat,
    pub(crate) share: &'a FairShare,
    pub(crate) watchdog: &'a Watchdog,
    pub(crate) watch: &'a Watch,
}

impl<F: Future> Future for Computed<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.seat.poll_begins();
        let computing = self.watchdog.computing(self.watch);
        let polled = self.future.as_mut().poll(context);
        drop(computing);
        self.seat.poll_ends(self.share);
        polled
    }
}

/// Processor time of the calling thread.
pub(crate) fn thread_cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Page faults of the calling thread so far.
pub(crate) fn thread_faults() -> u64 {
    // SAFETY: it is made of numbers, for which zeros are a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: it writes to `usage` and to nothing else.
    match unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) } {
        0 => (usage.ru_minflt + usage.ru_majflt) as u64,
        _ => 0,
    }
}

/// The kernel's number of the calling thread; never 0.
pub(crate) fn this_thread() -> u32 {
    thread_local!(static NUMBER: Cell<u32> = const { Cell::new(0) });
    NUMBER.with(|number| {
        if number.get() == 0 {
            number.set(rustix::thread::gettid().as_raw_nonzero().get() as u32);
        }
        number.get()
    })
}

/// Processor time of another thread of this process; zero if there is none of this number.
pub(crate) fn thread_cpu_time_of(thread: u32) -> Duration {
    // As pthread_getcpuclockid(3) makes it of a thread's number: CPUCLOCK_SCHED for one thread.
    let clock = (!(thread as libc::clockid_t) << 3) | 0b110;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to `time` and to nothing else.
    match unsafe { libc::clock_gettime(clock, &raw mut time) } {
        0 => Duration::new(time.tv_sec as u64, time.tv_nsec as u32),
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threads_processor_time_is_seen_from_others() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let before = thread_cpu_time();
            while thread_cpu_time() - before < Duration::from_millis(30) {}
            sender.send((this_thread(), thread_cpu_time())).unwrap();
            let _ = ended.recv();
        });
        let (number, itself) = receiver.recv().unwrap();
        let seen = thread_cpu_time_of(number);
        assert!(seen >= itself && seen < itself + Duration::from_secs(1), "{seen:?}, {itself:?}");
        drop(end);
        thread.join().unwrap();
        assert_eq!(thread_cpu_time_of(0x0fff_ffff), Duration::ZERO);
    }
}
