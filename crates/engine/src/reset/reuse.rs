//! Guests that are kept when they have answered: for programs that compute for long, or whose memory is
//! scattered.
//!
//! ```text
//! guest ─ has answered ─▶ dirtied pages, globals and state as the image has them ─▶ idle ─▶ guest of the next program
//! ```
//!
//! A slot that is left is reset by wasmtime: it copies the 32 lowest stretches of dirtied pages and unmaps
//! what lies above. A program that uses pandas dirties 227 stretches all over its heap, and every page of
//! them, and of those it only reads, costs the next guest a fault: together about 1.4 of 9 ms. Two dates
//! formatted by `Intl` in JavaScript dirty 64 stretches: 0.3 of 0.4 ms (docs/performance-notes.md). So the
//! guest of such a program is not thrown away but reset here, stretch by stretch, and taken for the next one.
//!
//! A guest collects the pages that its executions dirtied, and each of them pays for all. So there are two
//! shelves: long programs may have guests that keep much (`MOST_DIRTY`), short ones only have those that keep
//! little (`LIGHT`).
//!
//! What a guest is: its memory, the size of it, and its mutable globals; the builder refuses an image that
//! has anything else (`ampoule_meter::check_state`). A checkpoint rests on the same. So a guest whose memory
//! has not grown, all of whose written pages were copied back, and whose globals were set is the one that an
//! instantiation makes. Globals of the metering pass stay as they are: code writes to them before it reads
//! them, each time (`held.rs` there).
//!
//! A guest that ended in another way than by an answer (a trap, a limit, a request that was given up), whose
//! memory has grown, or whose exceptions needed more of the host is not kept.

use crate::checkpoint::Number;
use crate::error::EngineError;
use crate::host::GuestState;
use crate::reset::dirty::dirty;
use crate::reset::history::Reuse;
use crate::reset::stack::Stack;
use crate::watch::Region;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use wasmtime::{Global, Instance, Memory, Store, Val};

/// Images whose guests are kept at a time; a server has two, and as many again while it is given new ones.
const IMAGES: u32 = 4;

/// Most memory of its own that an idle guest keeps, in bytes. The pandas pipeline dirties 1.3 MiB, and
/// copying that back is 3 % of its time; so this also bounds what one program makes another pay for.
pub(crate) const MOST_DIRTY: usize = 4 << 20;

/// The same of a guest for short programs: 128 pages, which are copied back in about 20 µs. Two dates by
/// `Intl` dirty 100.
pub(crate) const LIGHT: usize = 512 << 10;

/// Executions in one guest. Pages that are only read stay mapped, and looking through them takes 8 ns each: a
/// guest must not go on collecting them for ever.
const MAX_REUSES: u32 = 1000;

/// What idle guests hold at most, when so many of each image are kept.
pub(crate) fn most_bytes(each: u32) -> u64 {
    u64::from(IMAGES * each) * (Reuse::Light.most_bytes() + Reuse::Any.most_bytes())
}

/// A store with an instance in it.
pub(crate) struct Live {
    /// Its linear memory; reachable, but while a guest computes.
    pub(crate) region: Arc<Region>,
    pub(crate) store: Store<GuestState>,
    pub(crate) instance: Instance,
    pub(crate) memory: Memory,
    pub(crate) fuel: Global,
    /// The mutable globals but for that of the fuel.
    pub(crate) globals: Vec<Global>,
    /// Its native stack, once it is known: the store has the same one for all executions.
    pub(crate) stack: Option<Stack>,
    /// Executions in it before this one.
    pub(crate) uses: u32,
}

impl Drop for Live {
    /// A guest that was given up while its memory was cut off: the pool resets what it can reach.
    fn drop(&mut self) {
        let Live { region, memory, store, .. } = self;
        region.restore(|| memory.data_size(&*store));
    }
}

/// Room in the pool for guests that nobody is in, beside the slots.
pub(crate) struct Places {
    /// Guests of one image, on each shelf.
    pub(crate) each: u32,
    free: Arc<AtomicUsize>,
}

impl Places {
    pub(crate) fn new(each: u32) -> Places {
        Places { each, free: Arc::new(AtomicUsize::new(Places::slots(each) as usize)) }
    }

    /// Slots of the pool that are needed for it: for each image also the guest that nobody was ever in.
    pub(crate) fn slots(each: u32) -> u32 {
        if each == 0 { 0 } else { IMAGES * (2 * each + 1) }
    }

    pub(crate) fn take(&self) -> Option<PoolReservation> {
        let less = |free: usize| free.checked_sub(1);
        self.free.fetch_update(Ordering::Acquire, Ordering::Relaxed, less).ok()?;
        Some(PoolReservation(Arc::clone(&self.free)))
    }
}

/// Given back when it is dropped.
pub(crate) struct PoolReservation(Arc<AtomicUsize>);

impl Drop for PoolReservation {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

/// The guests of one image that are kept.
#[derive(Default)]
pub(crate) struct ReusedGuests {
    idle: Mutex<Shelves>,
    pristine: OnceLock<Pristine>,
    /// Executions that began in one of them.
    reused: AtomicU64,
}

/// Guests that nobody is in, the last one first.
#[derive(Default)]
struct Shelves {
    /// They keep little.
    light: Vec<(Live, PoolReservation)>,
    heavy: Vec<(Live, PoolReservation)>,
}

/// A guest that nobody was ever in: what the others are reset to.
pub(crate) struct Pristine {
    live: Live,
    globals: Vec<Val>,
    _place: PoolReservation,
}

impl Pristine {
    pub(crate) fn new(mut live: Live, place: PoolReservation) -> Pristine {
        let globals = live.globals.iter().map(|global| global.get(&mut live.store)).collect();
        Pristine { live, globals, _place: place }
    }

    fn memory(&self) -> &[u8] {
        self.live.memory.data(&self.live.store)
    }

    /// Makes a guest into what this one is; how many bytes it keeps. None if it is not worth it, or cannot be
    /// done.
    fn reset(&self, live: &mut Live) -> Option<usize> {
        let before = self.memory();
        let memory = live.memory.data(&live.store);
        // Where its stack is must be known: an execution that never asked for fuel does not tell, but an
        // earlier one may have.
        let address = live.store.data().stack_address;
        if memory.len() != before.len() || (address == 0 && live.stack.is_none()) {
            return None;
        }
        let stretches = dirty(memory)?;
        let keeps = stretches.iter().map(ExactSizeIterator::len).sum::<usize>();
        if keeps > MOST_DIRTY {
            return None;
        }
        let stack = live.stack.take().or_else(|| Stack::around(address))?;
        // SAFETY: the guest has answered, so no call is on its stack. The store, which is borrowed, keeps the
        // same one for all its calls, and the address is of one of them.
        if (address != 0 && !stack.contains(address)) || !unsafe { stack.wipe() } {
            return None;
        }
        live.stack = Some(stack);
        let memory = live.memory.data_mut(&mut live.store);
        for stretch in stretches {
            memory[stretch.clone()].copy_from_slice(&before[stretch]);
        }
        let mut globals = live.globals.iter().zip(&self.globals);
        globals.all(|(global, value)| global.set(&mut live.store, *value).is_ok()).then_some(keeps)
    }

    fn compare(&self, live: &mut Live) -> Result<(), EngineError> {
        let differs = |what: String| {
            EngineError::Guest(format!("{what} of a guest that is kept differs from the image's"))
        };
        let (before, after) = (self.memory(), live.memory.data(&live.store));
        if before != after {
            let place = before.iter().zip(after).position(|(before, after)| before != after);
            return Err(differs(format!("byte {place:?}")));
        }
        let globals = live.globals.iter().map(|global| global.get(&mut live.store));
        for (number, (found, value)) in globals.zip(&self.globals).enumerate() {
            if Number::of(found) != Number::of(*value) {
                return Err(differs(format!("global {number}")));
            }
        }
        Ok(())
    }
}

impl ReusedGuests {
    pub(crate) fn len(&self) -> usize {
        let idle = self.idle();
        idle.light.len() + idle.heavy.len()
    }

    pub(crate) fn reused(&self) -> u64 {
        self.reused.load(Ordering::Relaxed)
    }

    pub(crate) fn has_pristine(&self) -> bool {
        self.pristine.get().is_some()
    }

    /// Guests are kept from now on.
    pub(crate) fn begin(&self, pristine: Pristine) {
        // If another was faster, this one goes.
        let _ = self.pristine.set(pristine);
    }

    /// A guest as the image has it, if there is one of those that the program may have.
    pub(crate) fn take(&self, which: Reuse) -> Option<Live> {
        let (live, _place) = {
            let mut idle = self.idle();
            let heavy = if which == Reuse::Any { idle.heavy.pop() } else { None };
            heavy.or_else(|| idle.light.pop())?
        };
        self.reused.fetch_add(1, Ordering::Relaxed);
        Some(live)
    }

    /// Resets a guest that has answered, and keeps it if it is worth it and there is room. Only a comparison
    /// fails.
    pub(crate) fn put(&self, mut live: Live, places: &Places, compare: bool) -> Result<(), EngineError> {
        let Some(pristine) = self.pristine.get() else { return Ok(()) };
        live.uses += 1;
        let each = places.each as usize;
        if live.uses >= MAX_REUSES || self.len() >= 2 * each {
            return Ok(());
        }
        let Some(place) = places.take() else { return Ok(()) };
        let Some(keeps) = pristine.reset(&mut live) else { return Ok(()) };
        if compare {
            pristine.compare(&mut live)?;
        }
        // Its seat, what it printed, its random numbers: they go now, so that the account pays for the reset,
        // too.
        *live.store.data_mut() = GuestState::of_nobody(pristine.memory().len() as u64);
        let mut idle = self.idle();
        let shelf = if keeps <= LIGHT { &mut idle.light } else { &mut idle.heavy };
        if shelf.len() < each {
            shelf.push((live, place));
        }
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Shelves> {
        // Nothing is left half done under this lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
