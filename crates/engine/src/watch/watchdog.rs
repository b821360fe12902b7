//! The thread that looks at guests that compute, and what it keeps of each.

use super::region::Region;
use crate::execute::timing::{this_thread, thread_cpu_time_of};
use crate::schedule::Seat;
use crate::schedule::threads::Threads;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Time between two looks. A look takes a microsecond for each guest that computes, of which there are as
/// many as processors.
const INTERVAL: Duration = Duration::from_millis(10);

/// A guest whose slice takes so much processor time has lost its seat to others, who must not wait for it. A
/// slice takes 0.1 ms; the longest stretch without a charge, 64 KiB of fresh memory, about as long.
const SLICE_IS_LATE: Duration = Duration::from_millis(10);

/// The same in real time, for a thread that does not compute but waits for the system.
const SLICE_IS_BLOCKED: Duration = Duration::from_millis(100);

/// A slice that takes so much processor time is of code that is not metered: the guest is stopped. Far above
/// what the kernel adds to a slice on a machine that is short of memory.
const SLICE_IS_LOST: Duration = Duration::from_secs(1);

/// How long past its wall time a guest computes until it is stopped here: it has had thousands of chances to
/// stop at a slice's end.
const PAST_WALL_TIME: Duration = Duration::from_millis(250);

/// Looks without a word from a guest before its wall time counts here: after a pause of the whole process it
/// is heard of first.
const SILENT_LOOKS: u32 = 3;

/// Looks after which a guest that was cut off and does not come back is stuck: in the host's own code.
/// Counted in looks, so that a process that was stopped for a while, or a machine that slept, is not taken
/// for a guest that hangs.
const LOOKS_UNTIL_STUCK: u32 = 200;

/// Looks without a guest after which the thread sleeps until there is one: waking it costs a system call.
const LOOKS_WITHOUT_GUESTS: u32 = 50;

/// How long it sleeps at most, so that it ends after its engine.
const SLEEP: Duration = Duration::from_secs(1);

/// How an engine's guests are, as far as the watchdog sees.
#[derive(Clone, Copy, Debug, Default)]
pub struct Health {
    /// How long ago the guest that computes and has been silent for longest was last heard of. Guests are
    /// heard of every 0.1 ms.
    pub oldest_slice: Duration,
    /// Seats whose guests do not come back, and that others were given meanwhile.
    pub seats_lent: usize,
    /// Guests that were stopped by making their memory unreachable, since the start.
    pub cut_off: u64,
    /// A guest does not come back even so: a thread of the process is lost, and the process should end.
    pub stuck: bool,
}

/// One execution, as the watchdog sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Watch(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    seat: Seat,
    /// Counts the ends of its slices.
    beats: AtomicU64,
    /// The thread that it computes on; 0: it does not compute.
    thread: AtomicU32,
    /// It was cut off, ever.
    cut_off: AtomicBool,
    region: Mutex<Option<Arc<Region>>>,
}

impl Watch {
    /// Of an execution that has this seat.
    pub(crate) fn new(seat: Seat) -> Watch {
        Watch(Arc::new(Watched {
            seat,
            beats: AtomicU64::new(0),
            thread: AtomicU32::new(0),
            cut_off: AtomicBool::new(false),
            region: Mutex::new(None),
        }))
    }

    /// The guest's code runs from now on, in this memory.
    pub(crate) fn guards(&self, region: Arc<Region>) {
        *self.0.region() = Some(region);
    }

    /// It does not run any more: the memory, of this size, is reachable and stays so.
    pub(crate) fn guards_no_more(&self, size: impl FnOnce() -> usize) {
        self.beat();
        if let Some(region) = self.0.region().take() {
            region.restore(size);
        }
    }

    /// The guest came back at the end of a slice; its memory has this size.
    pub(crate) fn came_back(&self, size: impl FnOnce() -> usize) {
        self.beat();
        if self.was_cut_off()
            && let Some(region) = &*self.0.region()
        {
            region.restore(size);
        }
    }

    fn beat(&self) {
        // Written by one thread at a time.
        self.0.beats.store(self.0.beats.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }

    /// Whether the guest was cut off: a trap of it means that it ran too long.
    pub(crate) fn was_cut_off(&self) -> bool {
        self.0.cut_off.load(Ordering::Acquire)
    }
}

impl Watched {
    fn region(&self) -> MutexGuard<'_, Option<Arc<Region>>> {
        // Under this lock memory becomes unreachable and reachable: nothing in between panics.
        self.region.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks at the guests that compute.
#[derive(Debug)]
pub(crate) struct Watchdog {
    guests: Mutex<Vec<Arc<Watched>>>,
    thread: Thread,
    sleeping: AtomicBool,
    /// [`Health`], and when it was last seen to be so.
    oldest_slice_nanos: AtomicU64,
    lent: AtomicUsize,
    cut_off: AtomicU64,
    stuck: AtomicBool,
    is_stuck: tokio::sync::Notify,
    /// Those that guests compute on, if they have their own.
    threads: OnceLock<Weak<Threads>>,
}

impl Watchdog {
    /// Begins to look.
    pub(crate) fn start() -> std::io::Result<Arc<Watchdog>> {
        let (sender, receiver) = std::sync::mpsc::sync_channel::<Weak<Watchdog>>(1);
        let handle = thread::Builder::new().name("watchdog".into()).spawn(move || {
            if let Ok(watchdog) = receiver.recv() {
                look(&watchdog);
            }
        })?;
        let watchdog = Arc::new(Watchdog {
            guests: Mutex::default(),
            thread: handle.thread().clone(),
            sleeping: AtomicBool::new(false),
            oldest_slice_nanos: AtomicU64::new(0),
            lent: AtomicUsize::new(0),
            cut_off: AtomicU64::new(0),
            stuck: AtomicBool::new(false),
            is_stuck: tokio::sync::Notify::new(),
            threads: OnceLock::new(),
        });
        // The thread waits for it.
        let _ = sender.send(Arc::downgrade(&watchdog));
        Ok(watchdog)
    }

    /// The guest computes on this thread, until what is returned is dropped.
    pub(crate) fn computing<'a>(&'a self, watch: &'a Watch) -> Computing<'a> {
        watch.beat();
        watch.0.thread.store(this_thread(), Ordering::Release);
        self.guests().push(Arc::clone(&watch.0));
        if self.sleeping.load(Ordering::Relaxed) {
            self.thread.unpark();
        }
        Computing { watchdog: self, watch }
    }

    /// Guests compute on these threads: one more is needed for each that does not come back.
    pub(crate) fn set_threads(&self, threads: &Arc<Threads>) {
        let _ = self.threads.set(Arc::downgrade(threads));
    }

    /// How guests are.
    pub(crate) fn health(&self) -> Health {
        Health {
            oldest_slice: Duration::from_nanos(self.oldest_slice_nanos.load(Ordering::Relaxed)),
            seats_lent: self.lent.load(Ordering::Relaxed),
            cut_off: self.cut_off.load(Ordering::Relaxed),
            stuck: self.stuck.load(Ordering::Acquire),
        }
    }

    /// Ready when a guest is stuck.
    pub(crate) async fn stuck(&self) {
        loop {
            let told = self.is_stuck.notified();
            if self.stuck.load(Ordering::Acquire) {
                return;
            }
            told.await;
        }
    }

    fn guests(&self) -> MutexGuard<'_, Vec<Arc<Watched>>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A guest computes. Dropping it means that it does not, for now.
pub(crate) struct Computing<'a> {
    watchdog: &'a Watchdog,
    watch: &'a Watch,
}

impl Drop for Computing<'_> {
    fn drop(&mut self) {
        let watched = &self.watch.0;
        let mut guests = self.watchdog.guests();
        if let Some(index) = guests.iter().position(|guest| Arc::ptr_eq(guest, watched)) {
            guests.swap_remove(index);
        }
        drop(guests);
        // Under the lock: nobody cuts it off after this.
        let _region = watched.region();
        watched.thread.store(0, Ordering::Release);
    }
}

/// What was seen of a guest at earlier looks.
struct Seen {
    guest: Arc<Watched>,
    beats: u64,
    since: Instant,
    /// Processor time of its thread then.
    cpu: Duration,
    lent: bool,
    /// Looks since it was last heard of, and since it was cut off.
    silent: u32,
    looks: u32,
}

fn look(watchdog: &Weak<Watchdog>) {
    let mut seen: Vec<Seen> = Vec::new();
    let mut without = 0;
    loop {
        thread::sleep(INTERVAL);
        let Some(watchdog) = watchdog.upgrade() else { return };
        let guests = watchdog.guests().clone();
        without = if guests.is_empty() { without + 1 } else { 0 };
        watchdog.look_at(&mut seen, guests);
        if without >= LOOKS_WITHOUT_GUESTS {
            watchdog.sleeping.store(true, Ordering::SeqCst);
            // Whoever comes between these two looks sees that it sleeps, or is seen.
            if watchdog.guests().is_empty() {
                let weak = Arc::downgrade(&watchdog);
                drop(watchdog);
                thread::park_timeout(SLEEP);
                let Some(watchdog) = weak.upgrade() else { return };
                watchdog.sleeping.store(false, Ordering::SeqCst);
                continue;
            }
            watchdog.sleeping.store(false, Ordering::SeqCst);
        }
    }
}

impl Watchdog {
    fn look_at(&self, seen: &mut Vec<Seen>, guests: Vec<Arc<Watched>>) {
        let now = Instant::now();
        seen.retain(|seen| guests.iter().any(|guest| Arc::ptr_eq(guest, &seen.guest)));
        for guest in guests {
            let index = seen.iter().position(|seen| Arc::ptr_eq(&seen.guest, &guest));
            let index = index.unwrap_or_else(|| {
                let (since, cpu) = (now, Duration::ZERO);
                let beats = guest.beats.load(Ordering::Relaxed).wrapping_sub(1);
                seen.push(Seen { guest, beats, since, cpu, lent: false, silent: 0, looks: 0 });
                seen.len() - 1
            });
            self.look_at_one(&mut seen[index], now);
        }
        let oldest = seen.iter().map(|seen| now - seen.since).max().unwrap_or_default();
        self.oldest_slice_nanos.store(oldest.as_nanos() as u64, Ordering::Relaxed);
        self.lent.store(seen.iter().filter(|seen| seen.lent).count(), Ordering::Relaxed);
    }

    fn look_at_one(&self, seen: &mut Seen, now: Instant) {
        let thread = seen.guest.thread.load(Ordering::Acquire);
        let beats = seen.guest.beats.load(Ordering::Relaxed);
        if thread == 0 {
            return;
        }
        let cpu = thread_cpu_time_of(thread);
        seen.silent += 1;
        if beats != seen.beats {
            (seen.beats, seen.since, seen.cpu, seen.lent) = (beats, now, cpu, false);
            (seen.silent, seen.looks) = (0, 0);
        }
        let (late, silent) = (cpu.saturating_sub(seen.cpu), now - seen.since);
        if !seen.lent && (late >= SLICE_IS_LATE || silent >= SLICE_IS_BLOCKED) {
            seen.lent = true;
            seen.guest.seat.lend(late >= SLICE_IS_LATE);
            if let Some(threads) = self.threads.get().and_then(Weak::upgrade) {
                threads.add();
            }
        }
        let is_over = now >= seen.guest.seat.end() + PAST_WALL_TIME && seen.silent >= SILENT_LOOKS;
        if late >= SLICE_IS_LOST || is_over {
            self.cut_off(seen);
        }
    }

    fn cut_off(&self, seen: &mut Seen) {
        let guest = &seen.guest;
        let region = guest.region();
        // It may have come back meanwhile, and its thread may be another's.
        if guest.thread.load(Ordering::Acquire) == 0 || guest.beats.load(Ordering::Acquire) != seen.beats {
            return;
        }
        let Some(memory) = &*region else { return };
        let is_first = !guest.cut_off.swap(true, Ordering::AcqRel);
        memory.cut_off();
        drop(region);
        seen.looks += 1;
        if is_first {
            self.cut_off.fetch_add(1, Ordering::Relaxed);
            tracing::error!(
                "a guest did not come back in time and was cut off: a bug of the metering, worth a report"
            );
        }
        if seen.looks >= LOOKS_UNTIL_STUCK && !self.stuck.swap(true, Ordering::AcqRel) {
            tracing::error!("a guest is stuck in the host: the process should be restarted");
            self.is_stuck.notify_waiters();
        }
    }
}
