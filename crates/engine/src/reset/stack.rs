//! The native stack of a guest that is kept: wasmtime leaves it with the store, as the last execution left
//! it.
//!
//! It would stay as large as the deepest recursion has made it, up to 33 MiB. What it holds cannot be read by
//! any guest; it goes all the same, as the pool has it when a stack is given back.

use crate::config::{ASYNC_STACK, STACK_KEPT};
use rustix::mm::{Advice, madvise};
use std::ops::Range;

/// Where a guest's stack lies: mapped memory between two guard pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stack(Range<usize>);

impl Stack {
    /// The stack that `address` is on; `None` if the kernel knows of none.
    ///
    /// Reads the list of the process's mappings: 0.3 ms in a server of 128 slots, so it is done once for each
    /// guest that is kept.
    pub(crate) fn around(address: usize) -> Option<Stack> {
        let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
        maps.lines().find_map(|line| {
            let (range, rest) = line.split_once(' ')?;
            let (start, end) = range.split_once('-')?;
            let range = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
            // All stacks are of one size. A mapping of another is something else.
            let is_stack = rest.starts_with("rw-p") && range.len() == ASYNC_STACK;
            (is_stack && range.contains(&address)).then_some(Stack(range))
        })
    }

    pub(crate) fn contains(&self, address: usize) -> bool {
        self.0.contains(&address)
    }

    /// Gives back all but its first pages, and sets those to zero; `false` if the kernel refuses.
    ///
    /// # Safety
    ///
    /// It is the stack of a store that nobody computes in, found by an address of a call that has ended, and
    /// the store lives.
    pub(crate) unsafe fn wipe(&self) -> bool {
        let kept = self.0.end - STACK_KEPT;
        // SAFETY: the caller's promise: nobody is on this stack, so nothing on it is used again. It is
        // anonymous memory of the pool, and what is done to it is what the pool does when a stack is given
        // back to it.
        unsafe {
            std::ptr::write_bytes(kept as *mut u8, 0, STACK_KEPT);
            madvise(self.0.start as *mut _, kept - self.0.start, Advice::LinuxDontNeed).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ASYNC_STACK, STACK_KEPT, Stack};
    use crate::reset::dirty::dirty;
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
    use std::ptr::null_mut;
    use std::slice;

    const PAGE: usize = 4096;

    #[test]
    fn a_stack_is_found_between_its_guards_and_nothing_stays_on_it() {
        let size = ASYNC_STACK + 2 * PAGE;
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: new memory, of which nobody else knows, until it is unmapped at the end.
        let memory = unsafe { mmap_anonymous(null_mut(), size, protection, MapFlags::PRIVATE) }.unwrap();
        let start = memory.addr() + PAGE;
        assert_eq!(Stack::around(start), None, "it is too large for a stack");
        for guard in [memory, memory.wrapping_byte_add(size - PAGE)] {
            // SAFETY: as above.
            unsafe { mprotect(guard, PAGE, MprotectFlags::empty()) }.unwrap();
        }
        let middle = start + ASYNC_STACK / 2;
        let stack = Stack::around(middle).expect("it is found");
        assert_eq!(Stack::around(start), Some(stack.clone()));
        assert!(stack.contains(middle) && !stack.contains(start - 1) && !stack.contains(start + ASYNC_STACK));
        // SAFETY: as above.
        let bytes = || unsafe { slice::from_raw_parts_mut(start as *mut u8, ASYNC_STACK) };
        bytes().fill(0xa5);
        // SAFETY: it is nobody's stack.
        assert!(unsafe { stack.wipe() });
        if let Some(stretches) = dirty(bytes()) {
            let resident: usize = stretches.iter().map(ExactSizeIterator::len).sum();
            assert!(resident <= STACK_KEPT, "{resident} bytes stayed");
        }
        assert!(bytes().iter().all(|byte| *byte == 0));
        // SAFETY: as above; nobody uses it from here on.
        unsafe { munmap(memory, size) }.unwrap();
    }

    #[test]
    fn what_is_no_stack_is_not_found() {
        let local = 0;
        assert_eq!(Stack::around((&raw const local).addr()), None);
        assert_eq!(Stack::around(0), None);
    }
}
