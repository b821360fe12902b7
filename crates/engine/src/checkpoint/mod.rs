//! A checkpoint: what the memory of a guest differs in from its image's.
//!
//! It belongs to the very image that it was taken from and is restored into no other. Its content is guest
//! memory and nothing else, which only code in the sandbox ever reads: a forged one can do what a program
//! can.

pub(crate) mod bytes;
pub(crate) mod prepare;

use crate::error::EngineError;
use crate::guest::{EntryPoint, Guest};
use crate::host::Stop;
use crate::image::Image;
use crate::reset::dirty::dirty;
use crate::schedule::CpuLease;
use ampoule_model::Limit;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use wasmtime::Val;

/// Bytes that are compared and kept as one.
pub(crate) const PAGE: usize = 4096;

/// Bytes by which linear memory grows.
pub(crate) const GROWTH: u64 = 64 << 10;

/// Bytes compared or restored at a time; then others get their turn. A fault for each page and a copy: half a
/// millisecond.
const AT_ONCE: usize = 1 << 20;

/// Bytes of memory of which the kernel is asked at a time which were written to: it goes through their pages.
const ASKED_AT_ONCE: usize = 64 << 20;

/// Shortest run that is populated before it is copied, in bytes: for less a system call is not worth it.
const POPULATED: usize = 8 * PAGE;

/// The pages of a guest that differ from its image. Cheap to clone.
#[derive(Clone)]
pub struct Checkpoint {
    pub(crate) inner: Arc<Kept>,
}

/// What a checkpoint holds.
pub(crate) struct Kept {
    pub(crate) image_digest: String,
    /// Size of linear memory, the image's own included.
    pub(crate) memory_bytes: u64,
    /// Numbers that the guest keeps outside of memory: the stack pointer.
    pub(crate) globals: Vec<Number>,
    /// Pages that follow each other, by their numbers: ascending, and apart from each other.
    pub(crate) runs: Vec<Range<u32>>,
    /// What they hold, one after the other.
    pub(crate) pages: Vec<u8>,
}

/// A number of WebAssembly, by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    I32(u32),
    I64(u64),
    F32(u32),
    F64(u64),
}

impl Number {
    pub(crate) fn of(value: Val) -> Option<Number> {
        match value {
            Val::I32(value) => Some(Number::I32(value as u32)),
            Val::I64(value) => Some(Number::I64(value as u64)),
            Val::F32(bits) => Some(Number::F32(bits)),
            Val::F64(bits) => Some(Number::F64(bits)),
            _ => None,
        }
    }

    fn value(self) -> Val {
        match self {
            Number::I32(value) => Val::I32(value as i32),
            Number::I64(value) => Val::I64(value as i64),
            Number::F32(bits) => Val::F32(bits),
            Number::F64(bits) => Val::F64(bits),
        }
    }
}

impl Checkpoint {
    /// The digest of the image that it belongs to.
    pub fn image_digest(&self) -> &str {
        &self.inner.image_digest
    }

    /// What it takes of the host's memory, in bytes; [`Checkpoint::to_bytes`] is about as long.
    pub fn size(&self) -> usize {
        self.inner.pages.len() + self.inner.runs.len() * size_of::<Range<u32>>()
    }

    /// Whether a guest of `image` can start from it.
    pub(crate) fn check(&self, image: &Image) -> Result<(), EngineError> {
        let bad = |reason: String| Err(EngineError::BadCheckpoint(reason));
        if self.inner.image_digest != image.digest() {
            return bad(format!(
                "it was taken from image {}, this is {}: prepare the program again",
                self.inner.image_digest,
                image.digest()
            ));
        }
        if self.inner.memory_bytes < image.manifest().initial_memory_bytes {
            return bad("its memory is smaller than its image's".into());
        }
        if self.inner.globals.len() != image.inner.code(EntryPoint::Call).exports.globals.len() {
            return bad("its globals are not its image's".into());
        }
        Ok(())
    }

    /// Takes what the guest's memory differs in from `pristine`, the memory of its image; an error as soon as
    /// that is more than `most` bytes. The guest has ended, and has its seat: others go first between two
    /// pieces.
    pub(crate) async fn take(
        guest: &mut Guest,
        image_digest: &str,
        pristine: &[u8],
        most: u64,
        turn: &mut CpuLease,
    ) -> Result<Self, EngineError> {
        let globals = guest.globals().into_iter().map(Number::of).collect::<Option<Vec<_>>>();
        let globals = globals.ok_or_else(|| EngineError::Guest("a global of it is no number".into()))?;
        let memory_bytes = guest.live.memory.data_size(&guest.live.store);
        let mut pages = Pages::default();
        for start in (0..memory_bytes).step_by(ASKED_AT_ONCE) {
            let asked = start..memory_bytes.min(start + ASKED_AT_ONCE);
            let written = dirty(&guest.live.memory.data(&guest.live.store)[asked.clone()]);
            // Where the kernel does not tell, all of it is compared.
            let written = written.unwrap_or_else(|| std::iter::once(0..asked.len()).collect());
            for stretch in written {
                for place in pieces(start + stretch.start..start + stretch.end) {
                    pages.add(guest.live.memory.data(&guest.live.store), pristine, place);
                    if pages.size() as u64 > most {
                        return Err(EngineError::LargeCheckpoint { most });
                    }
                    guest.came_back();
                    turn.let_others().await.map_err(EngineError::of_over)?;
                }
            }
        }
        let Pages { runs, mut bytes } = pages;
        bytes.shrink_to_fit();
        let image_digest = image_digest.to_owned();
        let kept = Kept { image_digest, memory_bytes: memory_bytes as u64, globals, runs, pages: bytes };
        Ok(Checkpoint { inner: Arc::new(kept) })
    }

    /// Makes a fresh guest of the same image into the one that was kept.
    pub(crate) async fn restore(&self, guest: &mut Guest) -> wasmtime::Result<()> {
        let kept = &*self.inner;
        let missing = kept.memory_bytes.saturating_sub(guest.live.memory.data_size(&guest.live.store) as u64);
        if missing > 0 {
            let grown = guest.live.memory.grow_async(&mut guest.live.store, missing / GROWTH).await;
            match grown {
                Ok(_) => {}
                // The host's own reasons are told as they are.
                Err(error) if error.is::<Stop>() => return Err(error),
                Err(_) => return Err(Stop::Limit(Limit::Memory).into()),
            }
        }
        let values: Vec<Val> = kept.globals.iter().map(|number| number.value()).collect();
        guest.set_globals(&values)?;
        let mut from = 0;
        for place in kept.runs.iter().map(place_of).flat_map(pieces) {
            let length = place.len();
            let memory = guest.live.memory.data_mut(&mut guest.live.store).get_mut(place);
            let memory = memory.ok_or(Stop::Misuse("a page of the checkpoint lies outside of memory"))?;
            populate(memory);
            memory.copy_from_slice(&kept.pages[from..from + length]);
            from += length;
            guest.came_back();
            guest.live.store.data_mut().slice_is_over().await?;
        }
        Ok(())
    }
}

/// Pages that differ, while they are looked for.
#[derive(Default)]
struct Pages {
    runs: Vec<Range<u32>>,
    bytes: Vec<u8>,
}

impl Pages {
    /// What they take of the host's memory, in bytes.
    fn size(&self) -> usize {
        self.bytes.len() + self.runs.len() * size_of::<Range<u32>>()
    }

    /// Adds those of `place` in which `memory` differs from `pristine`. What lies beyond the latter was zero.
    fn add(&mut self, memory: &[u8], pristine: &[u8], place: Range<usize>) {
        for (number, page) in (place.start / PAGE..).zip(memory[place].chunks_exact(PAGE)) {
            let same = match pristine.get(number * PAGE..(number + 1) * PAGE) {
                Some(before) => page == before,
                None => page.iter().all(|byte| *byte == 0),
            };
            if same {
                continue;
            }
            let number = number as u32;
            match self.runs.last_mut() {
                Some(run) if run.end == number => run.end += 1,
                _ => self.runs.push(number..number + 1),
            }
            self.bytes.extend_from_slice(page);
        }
    }
}

/// A stretch of memory, in pieces that are done at once.
fn pieces(stretch: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    stretch.clone().step_by(AT_ONCE).map(move |start| start..stretch.end.min(start + AT_ONCE))
}

/// Makes the pages of a long run ready to be written to in one call, instead of one fault for each.
fn populate(place: &mut [u8]) {
    if place.len() < POPULATED {
        return;
    }
    // SAFETY: the range is that of a slice that is borrowed exclusively, and the advice changes nothing that
    // it holds: it does what a first write to each of its pages would do. If it is refused, those writes do
    // it.
    let _ = unsafe {
        rustix::mm::madvise(place.as_mut_ptr().cast(), place.len(), rustix::mm::Advice::LinuxPopulateWrite)
    };
}

/// Bytes of a run of pages.
pub(crate) fn bytes_of(run: &Range<u32>) -> usize {
    run.len() * PAGE
}

fn place_of(run: &Range<u32>) -> Range<usize> {
    run.start as usize * PAGE..run.end as usize * PAGE
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Checkpoint")
            .field("image_digest", &self.inner.image_digest)
            .field("bytes", &self.inner.pages.len())
            .finish_non_exhaustive()
    }
}
