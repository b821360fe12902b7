//! The host's memory that an execution takes: it is asked for as it is used, not as it is allowed.
//!
//! ```text
//! memory.grow ─ before there is more ───────────────────────────────────────────────────────────────▶ ask, wait if need be
//! guest writes to a page of the image ─ a page fault of its thread ─▶ at the end of a slice: faults × page + what was seen
//!      > what was granted? ─▶ the kernel tells how much it really is (`dirty`) ─▶ still? ─▶ ask, wait if need be
//! ```
//!
//! What a guest adds to its image's memory counts before it is there. A page of the image becomes the guest's
//! own by a page fault of the thread that it computes on, so faults are a bound that costs one system call in
//! a slice. They are more than that, as reading pages of the image faults, too: before more is asked for,
//! pages are counted.
//!
//! Within one slice a program that does nothing else can make all of its image's memory its own, before
//! anybody looks. So of the memory of the host, what executions have been granted is exceeded by an image's
//! memory for each processor at most: who is found to have taken much more than it was granted gets it at
//! once, or ends.

use crate::job::{MemoryGrant, NoMemory};
use std::fmt;
use std::sync::Arc;

/// What a guest may take until the next look.
const MARGIN: u64 = 2 << 20;

/// What it may have taken beyond what it was granted and still wait for more: as much as many that wait may
/// have at a time.
const OVERDRAFT: u64 = 1 << 20;

/// The least that is asked for at a time, and the part of what there is: so that large guests do not ask
/// often.
const LEAST: u64 = 4 << 20;
const PART: u64 = 4;

/// Of a guest's native stack, what is nobody's account: nearly all programs stay within it. Beyond it is
/// asked for by as much.
const STACK: u64 = 1 << 20;

/// Bytes of a page. Guests have no huge ones: see [`want_no_huge_pages`].
const PAGE: u64 = 4 << 10;

/// The account of one guest.
pub(crate) struct Room {
    grant: Arc<dyn MemoryGrant>,
    /// Bytes of its image's memory that were its own at the last look, and the faults then.
    seen: u64,
    faults: u64,
    /// Bytes that it has added to its image's memory.
    grown: u64,
    /// What the host holds for it beside its pages: to the end, and with that by the last look.
    held: u64,
    host: u64,
    /// Bytes of its native stack, beyond the first mebibyte, in whole ones: never fewer.
    stack: u64,
    /// Why it did not get more.
    pub(crate) refused: Option<NoMemory>,
}

impl Room {
    /// Of a guest that begins with so many bytes that are its own, and for which the host holds so many to
    /// the end.
    pub(crate) fn new(grant: Arc<dyn MemoryGrant>, begins_with: u64, held: u64) -> Room {
        Room { grant, seen: begins_with, faults: 0, grown: 0, held, host: held, stack: 0, refused: None }
    }

    /// How many bytes to ask for, if any, before the guest adds so many to its memory.
    pub(crate) fn grows(&mut self, bytes: u64) -> Option<u64> {
        self.grown += bytes;
        self.missing(0)
    }

    /// Its native stack is so many bytes deep.
    pub(crate) fn stands_at(&mut self, depth: u64) {
        let beyond = depth.saturating_sub(STACK).next_multiple_of(STACK);
        self.stack = self.stack.max(beyond);
    }

    /// How many bytes to ask for, if any, at the end of a slice. There have been so many faults; the host
    /// holds `host` bytes for it beside its pages and its request, and is about to take `more`; `count` says
    /// how many bytes of its image's memory are its own.
    pub(crate) fn wanted(
        &mut self,
        faults: u64,
        host: u64,
        more: u64,
        count: impl FnOnce() -> Option<u64>,
    ) -> Option<u64> {
        self.host = self.held + host;
        let bound = self.seen + faults.saturating_sub(self.faults) * PAGE;
        if bound + self.grown + self.host + self.stack + more + MARGIN <= self.grant.granted() {
            return None;
        }
        self.seen = count().unwrap_or(bound);
        self.faults = faults;
        self.missing(more)
    }

    fn missing(&self, more: u64) -> Option<u64> {
        let granted = self.grant.granted();
        let needs = self.seen + self.grown + self.host + self.stack + more;
        let missing = (needs + MARGIN).checked_sub(granted).filter(|missing| *missing > 0)?;
        Some(missing.max(LEAST).max(granted / PART))
    }

    /// Whether it has taken much more than it was granted. What it adds to its memory, and what the host is
    /// about to take, is not there yet.
    pub(crate) fn is_overdrawn(&self) -> bool {
        self.seen + self.host + self.stack > self.grant.granted() + OVERDRAFT
    }

    /// Who gives.
    pub(crate) fn grant(&self) -> Arc<dyn MemoryGrant> {
        Arc::clone(&self.grant)
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Room").field("grown", &self.grown).finish_non_exhaustive()
    }
}

/// From now on what is freed of large buffers is the system's again: answers of mebibytes come and go, and
/// the allocator would keep room for as many as there ever were at a time.
pub(crate) fn want_no_large_leftovers() {
    /// Buffers of this size have a mapping of their own; it also keeps the allocator from raising the size by
    /// itself.
    const LARGE: libc::c_int = 1 << 20;
    /// Of smaller ones, what may lie free at the end of a heap. Without this the allocator, told of the one,
    /// gives back and takes again a few pages with every execution: half of the throughput (`bench --load`,
    /// 64 clients).
    const KEPT: libc::c_int = 64 << 20;
    // SAFETY: they set parameters of the allocator, at any time.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
    }
}

/// From now on the process gets no huge pages: one fault would make two mebibytes a guest's own, of which it
/// may have asked for a few bytes. Should the kernel refuse, guests are ahead of their accounts by more.
pub(crate) fn want_no_huge_pages() {
    // SAFETY: it takes numbers and changes how later memory is mapped, not what it holds.
    unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

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

        fn refusal(&self, _: u64) -> NoMemory {
            NoMemory { reason: String::new(), retry_after: Duration::ZERO }
        }

        fn grow(&self, _: u64) -> crate::job::Growing<'_> {
            unreachable!("it is there at once")
        }
    }

    const MIB: u64 = 1 << 20;

    fn with(granted: u64) -> (Arc<Granted>, Room) {
        let granted = Arc::new(Granted(AtomicU64::new(granted)));
        (Arc::clone(&granted), Room::new(granted, MIB, 0))
    }

    #[test]
    fn it_asks_for_what_is_its_own_and_not_for_what_it_reads() {
        let (granted, mut room) = with(8 * MIB);
        let none = || -> Option<u64> { panic!("nobody counts before there are as many faults as pages") };
        assert_eq!(room.wanted(1000, 0, 0, none), None);
        // Many faults of reading: counted, and little of it is its own.
        assert_eq!(room.wanted(5000, 0, 0, || Some(3 * MIB)), None);
        assert_eq!(room.wanted(5500, 0, 0, none), None);
        // And now it writes.
        assert_eq!(room.wanted(7000, 0, 0, || Some(9 * MIB)), Some(LEAST));
        granted.try_grow(LEAST);
        // What the host holds for it counts, too.
        assert_eq!(room.wanted(7000, 4 * MIB, 0, || Some(9 * MIB)), Some(LEAST));
        // Where the kernel does not tell, faults count.
        assert!(room.wanted(7000 + (100 << 8), 0, 0, || None).is_some_and(|wanted| wanted > 90 * MIB));
    }

    #[test]
    fn what_it_adds_counts_before_it_is_there() {
        let (granted, mut room) = with(8 * MIB);
        assert_eq!(room.grows(4 * MIB), None);
        assert_eq!(room.grows(100 * MIB), Some(99 * MIB));
        assert!(!room.is_overdrawn(), "it is not there yet, so it can wait");
        granted.try_grow(99 * MIB);
        // The larger it is, the more it asks for.
        assert_eq!(room.grows(MIB), Some((107 * MIB) / PART));
    }

    #[test]
    fn a_deep_stack_counts_by_the_mebibyte_and_to_the_end() {
        let (granted, mut room) = with(8 * MIB);
        let mut wanted = |depth| {
            room.stands_at(depth);
            (room.wanted(0, 0, 0, || Some(MIB)), room.is_overdrawn())
        };
        assert_eq!(wanted(MIB), (None, false));
        assert_eq!(wanted(5 * MIB + 1), (None, false), "one for its pages, five for its stack");
        assert_eq!(wanted(6 * MIB + 1), (Some(LEAST), false));
        granted.try_grow(LEAST);
        assert_eq!(wanted(9 * MIB), (None, false));
        assert_eq!(wanted(16 * MIB), (Some(6 * MIB), true), "it is there already, so it does not wait");
        assert_eq!(wanted(0), (Some(6 * MIB), true), "what was touched is the guest's");
    }

    #[test]
    fn who_has_taken_much_that_it_was_not_granted_does_not_wait() {
        let (_, mut room) = with(8 * MIB);
        assert!(room.wanted(3000, 0, 90 * MIB, || Some(9 * MIB)).is_some() && !room.is_overdrawn());
        assert!(room.wanted(9000, 0, 0, || Some(40 * MIB)).is_some() && room.is_overdrawn());
    }
}
