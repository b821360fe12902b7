//! The host's memory that an execution takes: it is asked for as it is used, not as it is allowed.
//!
//! ```text
//! guest writes to a page of its own ─ a page fault of its thread ─▶ at the end of a slice: faults × page + what was seen
//!      > what was granted? ─▶ the kernel tells how much it really is (`dirty`) ─▶ still? ─▶ ask for more, wait if need be
//! ```
//!
//! A page that becomes a guest's own needs a page fault of the thread that it computes on, and nothing that a thread does between
//! two ends of slices makes more pages than it has faults. So faults are a bound that costs one system call in a few slices. They
//! are more than that bound, as reading pages of the image faults, too: before more is asked for, pages are counted.

use crate::job::{MemoryGrant, NoMemory};
use std::fmt;
use std::sync::Arc;

/// Slices of fuel between two looks at the faults. A slice takes 0.1 ms, in which 400 pages can be made at most: so a guest is
/// ahead of its account by a few mebibytes.
const SLICES: u32 = 4;

/// What a guest may take until the next look.
const MARGIN: u64 = 2 << 20;

/// The least that is asked for at a time, and the part of what there is: so that large guests do not ask often.
const LEAST: u64 = 4 << 20;
const PART: u64 = 4;

/// Bytes of a page. Guests have no huge ones: see [`want_no_huge_pages`].
const PAGE: u64 = 4 << 10;

/// The account of one guest.
pub(crate) struct Room {
    grant: Arc<dyn MemoryGrant>,
    /// Bytes that were its own at the last look, and the faults then.
    seen: u64,
    faults: u64,
    slices: u32,
    /// Why it did not get more.
    pub(crate) refused: Option<NoMemory>,
}

impl Room {
    /// Of a guest that begins with so many bytes that are its own.
    pub(crate) fn new(grant: Arc<dyn MemoryGrant>, begins_with: u64) -> Room {
        Room { grant, seen: begins_with, faults: 0, slices: 0, refused: None }
    }

    /// Whether to look at the faults at the end of this slice.
    pub(crate) fn is_due(&mut self) -> bool {
        self.slices = (self.slices + 1) % SLICES;
        self.slices == 0
    }

    /// How many bytes to ask for, if any. There have been so many faults; the host holds `host` bytes for it beside its pages;
    /// `count` says how many bytes are its own.
    pub(crate) fn wanted(
        &mut self,
        faults: u64,
        host: u64,
        count: impl FnOnce() -> Option<u64>,
    ) -> Option<u64> {
        let granted = self.grant.granted();
        let bound = self.seen + (faults.saturating_sub(self.faults)) * PAGE;
        if bound + host + MARGIN <= granted {
            return None;
        }
        self.seen = count().unwrap_or(bound);
        self.faults = faults;
        let missing = (self.seen + host + MARGIN).checked_sub(granted).filter(|missing| *missing > 0)?;
        Some(missing.max(LEAST).max(granted / PART))
    }

    /// Who gives.
    pub(crate) fn grant(&self) -> Arc<dyn MemoryGrant> {
        Arc::clone(&self.grant)
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Room").field("seen", &self.seen).finish_non_exhaustive()
    }
}

/// From now on the process gets no huge pages: one fault would make two mebibytes a guest's own, of which it may have asked for
/// a few bytes. Should the kernel refuse, guests are ahead of their accounts by more.
pub(crate) fn want_no_huge_pages() {
    // SAFETY: it takes numbers and changes how later memory is mapped, not what it holds.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[derive(Debug)]
    struct Granted(AtomicU64);

    impl MemoryGrant for Granted {
        fn granted(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }

        fn try_grow(&self, bytes: u64) -> bool {
            self.0.fetch_add(bytes, Ordering::Relaxed);
            true
        }

        fn grow(&self, _: u64) -> crate::job::Growing<'_> {
            unreachable!("it is there at once")
        }
    }

    #[test]
    fn it_asks_for_what_is_its_own_and_not_for_what_it_reads() {
        let granted = Arc::new(Granted(AtomicU64::new(8 << 20)));
        let mut room = Room::new(granted.clone(), 1 << 20);
        let none = || -> Option<u64> { panic!("nobody counts before there are as many faults as pages") };
        assert_eq!(room.wanted(1000, 0, none), None);
        // Many faults of reading: counted, and little of it is its own.
        assert_eq!(room.wanted(5000, 0, || Some(3 << 20)), None);
        assert_eq!(room.wanted(5500, 0, none), None);
        // And now it writes.
        let wanted = room.wanted(7000, 0, || Some(9 << 20)).unwrap();
        assert_eq!(wanted, LEAST);
        granted.try_grow(wanted);
        // What the host holds for it counts, too; the larger it is the more it asks for.
        granted.try_grow(100 << 20);
        assert_eq!(room.wanted(7000, 101 << 20, || Some(9 << 20)), Some((112 << 20) / PART));
        // Where the kernel does not tell, faults count.
        assert!(room.wanted(7000 + (100 << 8), 20 << 20, || None).is_some());
    }
}
