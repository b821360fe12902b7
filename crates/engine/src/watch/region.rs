//! A guest's linear memory, which can be made unreachable while it computes.
//!
//! A fault at an instruction that may trap is a trap, which ends the call. All other code that touches guest
//! memory while the guest computes (host functions, wasmtime's copies of bulk memory, copies that the
//! compiler has written out) must not fault: there the page is made reachable again and the instruction
//! repeated. The watchdog looks again soon.

use super::traps::TrapSites;
use crate::config::ADDRESSABLE_BYTES;
use rustix::mm::{MprotectFlags, mprotect};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wasmtime::{Memory, Store};

/// Bytes that are made reachable again at once: a page of the system. As few as can be, so that the guest's
/// own code meets memory that is still cut off as soon as it goes on.
const PIECE: usize = 4 << 10;

/// The linear memory of one instance of the pool, which never moves.
#[derive(Debug)]
pub(crate) struct Region {
    base: usize,
    unreachable: AtomicBool,
}

impl Region {
    /// The memory of the instance in `store`, and faults in it handled as said above.
    pub(crate) fn of<T>(store: &mut Store<T>, memory: Memory, sites: &Arc<TrapSites>) -> Arc<Region> {
        let region =
            Arc::new(Region { base: memory.data_ptr(&*store).addr(), unreachable: AtomicBool::new(false) });
        handler::install(store, Arc::clone(&region), Arc::clone(sites));
        region
    }

    /// Makes all of it unreachable: the guest, which computes now, traps at its next access.
    pub(super) fn cut_off(&self) {
        self.unreachable.store(true, Ordering::Release);
        // All that could become reachable by growing, too: growing makes only the new pages reachable, and a
        // guest has no way on without the old ones.
        self.protect(self.base, ADDRESSABLE_BYTES as usize, MprotectFlags::empty());
    }

    /// Makes it reachable again, if it was cut off: so many bytes as the memory has. The guest does not
    /// compute.
    pub(crate) fn restore(&self, size: impl FnOnce() -> usize) {
        if self.unreachable.load(Ordering::Acquire) {
            self.protect(self.base, size(), MprotectFlags::READ | MprotectFlags::WRITE);
            self.unreachable.store(false, Ordering::Release);
        }
    }

    /// Whether a fault at this address of an instruction that must not fail was made harmless. In a signal
    /// handler.
    fn forgive(&self, address: usize) -> bool {
        let Some(offset) = address.checked_sub(self.base) else { return false };
        if offset >= ADDRESSABLE_BYTES as usize || !self.unreachable.load(Ordering::Acquire) {
            return false;
        }
        // Host code has compared the address with the size of memory before it touches it, so this is a page
        // that the guest has.
        let piece = self.base + offset / PIECE * PIECE;
        self.protect(piece, PIECE, MprotectFlags::READ | MprotectFlags::WRITE);
        true
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the only way left to keep a guest from computing for ever"
    )]
    fn protect(&self, start: usize, bytes: usize, protection: MprotectFlags) {
        // SAFETY: the range lies in the slot of the pool that the instance has: 4 GiB are reserved for each,
        // as the pool is configured, and the region lives no longer than its store (`reuse::Live`). What
        // becomes unreachable is touched by the guest, whose accesses may trap, or by code whose faults
        // `forgive` handles; it becomes reachable again, as far as it was before, ahead of anybody else's
        // use.
        if unsafe { mprotect(start as *mut _, bytes, protection) }.is_err() {
            // Out of mappings: neither stopping the guest nor going on with its slot is possible.
            std::process::abort();
        }
    }
}

mod handler {
    use super::{Region, TrapSites};
    use std::sync::Arc;
    use wasmtime::Store;
    use wasmtime::unix::StoreExt;

    /// Has faults of this store's calls looked at by `region` first.
    pub(super) fn install<T>(store: &mut Store<T>, region: Arc<Region>, sites: Arc<TrapSites>) {
        // SAFETY: the handler is called in a signal handler. It reads memory that is mapped as long as it
        // exists (it owns `region` and `sites`), makes at most one system call, allocates nothing, takes no
        // lock, and does not unwind.
        unsafe {
            store.set_signal_handler(move |signal, info, context| {
                if signal != libc::SIGSEGV {
                    return false;
                }
                // Both are the kernel's own description of the fault that is being handled.
                let (address, instruction) = ((*info).si_addr().addr(), instruction(context));
                !sites.contains(instruction) && region.forgive(address)
            });
        }
    }

    /// The address of the instruction that faulted.
    ///
    /// # Safety
    ///
    /// `context` is what the kernel gave a signal handler.
    unsafe fn instruction(context: *const libc::c_void) -> usize {
        // SAFETY: the caller's promise.
        let context = unsafe { &*context.cast::<libc::ucontext_t>() };
        #[cfg(target_arch = "x86_64")]
        return context.uc_mcontext.gregs[libc::REG_RIP as usize] as usize;
        #[cfg(target_arch = "aarch64")]
        return context.uc_mcontext.pc as usize;
    }
}
