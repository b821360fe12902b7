//! Memory that is no guest's, in the account of slots: kept answers and batches, messages on their way, and
//! requests that wait for an answer rather than for a slot.

use super::{Bounds, MOST_OF_FREE, MOST_UNREAD, MemoryDemand, SHARE, Slot, Slots, State};
use crate::error::Error;
use crate::tenants::Tenant;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// What one purpose has of the memory. Whoever asks is judged by what the tenant has in it and not by what
/// its guests have: a request waits, or a batch begins, while they have all that they may.
#[derive(Debug, Default)]
pub(super) struct MemoryPartition {
    /// Bytes.
    pub(super) taken: u64,
}

impl MemoryPartition {
    /// Whether a tenant that `has` so many bytes of it gets so many more. Among tenants it is dealt out as
    /// slots are.
    pub(super) fn fits(&self, bounds: &Bounds, has: u64, bytes: u64) -> bool {
        let Some(left) = (bounds.memory / SHARE).checked_sub(self.taken + bytes) else { return false };
        bounds.is_alone() || has == 0 || has + bytes <= MOST_OF_FREE * left
    }

    /// The same, but one alone may be larger than the share: for what goes soon.
    pub(super) fn fits_or_is_alone(&self, bounds: &Bounds, has: u64, bytes: u64) -> bool {
        self.taken == 0 || self.fits(bounds, has, bytes)
    }
}

/// Memory of a tenant that is set aside; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Reserved {
    slots: Arc<Slots>,
    tenant: Tenant,
    bytes: u64,
}

/// Memory of a message on its way; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct InFlightBytes {
    slots: Arc<Slots>,
    tenant: Tenant,
    bytes: u64,
    receiving: bool,
}

/// The place of a request that waits for the answer to another one. Dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct Waiting {
    slots: Arc<Slots>,
    tenant: Tenant,
    bytes: u64,
}

impl Slots {
    /// Sets memory aside that belongs to no slot.
    pub(crate) fn reserve(self: &Arc<Self>, tenant: &Tenant, bytes: u64) -> Result<Reserved, Error> {
        let mut state = self.lock();
        let has = tenant.0.reserved.load(Relaxed) as u64;
        if !state.reserved.fits(&self.bounds, has, bytes) || state.memory < bytes {
            drop(state);
            return Err(self.busy(
                tenant,
                "memory",
                "the memory for kept answers, batches and functions that are read is taken".into(),
            ));
        }
        state.set_aside(tenant, bytes);
        state.reserved.taken += bytes;
        tenant.0.reserved.fetch_add(bytes as usize, Relaxed);
        Ok(Reserved { slots: Arc::clone(self), tenant: tenant.clone(), bytes })
    }

    /// Sets memory aside for a request that is being received.
    pub(crate) fn receive(self: &Arc<Self>, tenant: &Tenant, bytes: u64) -> Result<InFlightBytes, Error> {
        let mut state = self.lock();
        let has = tenant.0.receiving.load(Relaxed) as u64;
        if !state.receiving.fits_or_is_alone(&self.bounds, has, bytes) || state.memory < bytes {
            drop(state);
            return Err(self.busy(
                tenant,
                "memory",
                "the memory for requests that are being received is taken".into(),
            ));
        }
        state.set_aside(tenant, bytes);
        state.receiving.taken += bytes;
        tenant.0.receiving.fetch_add(bytes as usize, Relaxed);
        Ok(InFlightBytes { slots: Arc::clone(self), tenant: tenant.clone(), bytes, receiving: true })
    }

    /// Sets memory aside for an answer that is there already: what does not fit is owed, and nothing more
    /// gets in until it is paid.
    pub(crate) fn send(self: &Arc<Self>, tenant: &Tenant, bytes: u64) -> InFlightBytes {
        let mut state = self.lock();
        state.owe(tenant, bytes);
        self.sending(&mut state, tenant, bytes)
    }

    /// Sets memory aside for sending an answer once more that is kept. Unlike a new answer, for which its
    /// guest had memory, it is refused where there is none.
    pub(crate) fn send_again(self: &Arc<Self>, tenant: &Tenant, bytes: u64) -> Result<InFlightBytes, Error> {
        let mut state = self.lock();
        if !state.may_send(&self.bounds, tenant, bytes) {
            drop(state);
            return Err(self.answers_lie_unread(tenant));
        }
        state.owe(tenant, bytes);
        Ok(self.sending(&mut state, tenant, bytes))
    }

    /// Sets memory aside for making an answer that no guest had memory for. It is refused while too many of
    /// the tenant's answers lie unread.
    pub(crate) fn reserve_to_send(self: &Arc<Self>, tenant: &Tenant, bytes: u64) -> Result<Reserved, Error> {
        if !self.lock().may_send(&self.bounds, tenant, bytes) {
            return Err(self.answers_lie_unread(tenant));
        }
        self.reserve(tenant, bytes)
    }

    fn answers_lie_unread(&self, tenant: &Tenant) -> Error {
        self.busy(tenant, "memory", "the memory for answers that are being sent is taken".into())
    }

    /// Under the lock.
    fn sending(self: &Arc<Self>, state: &mut State, tenant: &Tenant, bytes: u64) -> InFlightBytes {
        state.sending += bytes;
        tenant.0.sending.fetch_add(bytes as usize, Relaxed);
        InFlightBytes { slots: Arc::clone(self), tenant: tenant.clone(), bytes, receiving: false }
    }

    /// A place among the tenant's requests that wait, for one that waits for no slot.
    pub(crate) fn wait(self: &Arc<Self>, tenant: &Tenant, bytes: u64) -> Result<Waiting, Error> {
        let mut state = self.lock();
        if let Err((what, reason)) = state.may_wait(&self.bounds, tenant, bytes) {
            drop(state);
            return Err(self.busy(tenant, what, reason.into()));
        }
        state.wait(tenant, bytes);
        tenant.0.repeats.fetch_add(1, Relaxed);
        Ok(Waiting { slots: Arc::clone(self), tenant: tenant.clone(), bytes })
    }
}

impl State {
    /// Whether one more request of a tenant may wait; if not, what is taken, in a word and in a sentence.
    pub(super) fn may_wait(
        &self,
        bounds: &Bounds,
        tenant: &Tenant,
        bytes: u64,
    ) -> Result<(), (&'static str, &'static str)> {
        let waits = tenant.0.waiting.load(Relaxed) as u64;
        if !self.requests.fits_or_is_alone(bounds, waits, bytes) || self.memory < bytes {
            return Err(("memory", "the memory for requests that wait is taken"));
        }
        let queued = self.queued(tenant);
        // As with slots: however many one tenant has waiting, the next finds some places.
        let free = bounds.waiting.saturating_sub(self.waiting);
        let leaves_some = bounds.is_alone()
            || queued == 0
            || (queued as u64) < MOST_OF_FREE * (free as u64).saturating_sub(1);
        if queued >= tenant.config().queue || free == 0 || !leaves_some {
            return Err(("queue", "the queue is full"));
        }
        Ok(())
    }

    /// A tenant's requests that wait.
    pub(super) fn queued(&self, tenant: &Tenant) -> usize {
        let queued = self.queue_of(tenant).map_or(0, |queue| queue.waiters.len());
        queued + tenant.0.repeats.load(Relaxed)
    }

    pub(super) fn wait(&mut self, tenant: &Tenant, bytes: u64) {
        self.waiting += 1;
        self.set_aside(tenant, bytes);
        self.requests.taken += bytes;
        tenant.0.waiting.fetch_add(bytes as usize, Relaxed);
    }

    /// Its memory stays set aside.
    pub(super) fn wait_no_more(&mut self, tenant: &Tenant, bytes: u64) {
        self.waiting -= 1;
        self.requests.taken -= bytes;
        tenant.0.waiting.fetch_sub(bytes as usize, Relaxed);
    }

    pub(super) fn memory_fits(&self, bounds: &Bounds, tenant: &Tenant, bytes: u64) -> bool {
        let Some(left) = self.memory.checked_sub(bytes) else { return false };
        let has = tenant.0.memory.load(Relaxed) as u64;
        bounds.is_alone() || tenant.0.slots.load(Relaxed) == 0 || has + bytes <= MOST_OF_FREE * left
    }

    fn may_send(&self, bounds: &Bounds, tenant: &Tenant, bytes: u64) -> bool {
        let sends = tenant.0.sending.load(Relaxed) as u64;
        self.memory >= bytes && sends + bytes <= bounds.memory / MOST_UNREAD
    }

    fn owe(&mut self, tenant: &Tenant, bytes: u64) {
        let owed = bytes.saturating_sub(self.memory);
        self.owed += owed;
        self.memory -= bytes - owed;
        tenant.0.memory.fetch_add(bytes as usize, Relaxed);
    }
}

impl Slot {
    /// Gives the slot back, and its memory but for what the answer takes, which is the answer's from now on:
    /// it is there even where others wait for memory.
    pub(crate) fn leave(mut self, bytes: u64) -> InFlightBytes {
        let had = self.need.request + self.need.guest + self.grown.swap(0, Relaxed);
        let kept = bytes.min(had);
        self.need = MemoryDemand { request: 0, guest: had - kept, most: 0 };
        let mut state = self.slots.lock();
        state.owe(&self.tenant, bytes - kept);
        let held = self.slots.sending(&mut state, &self.tenant, bytes);
        drop(state);
        held
    }
}

impl Waiting {
    /// Waits without its request: the memory is given back, the place is not.
    pub(crate) fn without_request(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut state = self.slots.lock();
        state.requests.taken -= bytes;
        self.tenant.0.waiting.fetch_sub(bytes as usize, Relaxed);
        state.give_back(&self.tenant, bytes);
        state.grant(&self.slots.bounds);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        self.tenant.0.repeats.fetch_sub(1, Relaxed);
        state.wait_no_more(&self.tenant, self.bytes);
        state.give_back(&self.tenant, self.bytes);
        state.grant(&self.slots.bounds);
    }
}

impl Reserved {
    /// Gives back what is not needed after all.
    pub(crate) fn shrink(&mut self, bytes: u64) {
        let rest = self.bytes.saturating_sub(bytes);
        self.bytes -= rest;
        let mut state = self.slots.lock();
        state.give_back(&self.tenant, rest);
        state.reserved.taken -= rest;
        self.tenant.0.reserved.fetch_sub(rest as usize, Relaxed);
        state.grant(&self.slots.bounds);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

impl InFlightBytes {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Holds what another one of the same message holds, too.
    pub(crate) fn join(&mut self, mut other: InFlightBytes) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for InFlightBytes {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        if self.receiving {
            state.receiving.taken -= self.bytes;
            self.tenant.0.receiving.fetch_sub(self.bytes as usize, Relaxed);
        } else {
            state.sending -= self.bytes;
            self.tenant.0.sending.fetch_sub(self.bytes as usize, Relaxed);
        }
        state.give_back(&self.tenant, self.bytes);
        state.grant(&self.slots.bounds);
    }
}
