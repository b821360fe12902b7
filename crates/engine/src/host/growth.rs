//! How large the memory of a guest may become, and whether the host has it to give.

use super::GuestState;
use crate::schedule::CpuLease;
use wasmtime::ResourceLimiterAsync;

/// What the exceptions that a guest keeps at a time may take on the host's side, in bytes. C++ has one or two
/// in flight, of 32 bytes each.
const MAX_EXCEPTION_BYTES: usize = 256 << 10;

/// Grants linear memory up to the image's own and the limit's on top of it, and remembers that it refused:
/// what the program made of the refusal varies with the language, the record does not.
pub(crate) struct Growth {
    pub(super) image: u64,
    limit: u64,
    pub(crate) refused: bool,
    /// Exceptions were thrown that needed memory on the host's side.
    pub(crate) exceptions: bool,
}

impl Growth {
    pub(super) fn new(image: u64, limit: u64) -> Growth {
        Growth { image, limit: image.saturating_add(limit), refused: false, exceptions: false }
    }

    /// Whether memory may become so large, by the guest's limit.
    fn memory_may_grow(&mut self, current: usize, desired: usize) -> bool {
        // Linear memory is made as large as the image's and grows from there; what is smaller is the
        // exceptions'.
        let linear =
            current.max(desired) as u64 >= self.image && (current == 0 || current as u64 >= self.image);
        let granted = if linear { desired as u64 <= self.limit } else { desired <= MAX_EXCEPTION_BYTES };
        self.refused |= !granted;
        self.exceptions |= !linear;
        granted
    }
}

/// Memory that a guest adds to its image's is the host's to give before it is there: a guest could write to
/// all of it within a slice.
#[async_trait::async_trait]
impl ResourceLimiterAsync for GuestState {
    async fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if !self.growth.memory_may_grow(current, desired) {
            return Ok(false);
        }
        // An instance's memory when it is made is its image's.
        let more = if current == 0 { 0 } else { desired.saturating_sub(current) as u64 };
        if let Some(wanted) = self.room.as_mut().and_then(|room| room.grows(more)) {
            self.get_room(wanted).await?;
        }
        let GuestState { fuel, turn, .. } = self;
        fuel.pace.grows(more, || turn.as_ref().map_or(0, CpuLease::faults));
        Ok(true)
    }

    async fn table_growing(
        &mut self,
        current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The table as the image has it, and not one entry more: guests have no reason to grow it.
        Ok(current == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Growth, MAX_EXCEPTION_BYTES};

    #[test]
    fn memory_of_exceptions_has_a_cap_of_its_own() {
        let image = 100 << 20;
        let grants = |current: usize, desired: usize| {
            Growth::new(image as u64, 64 << 20).memory_may_grow(current, desired)
        };
        assert!(grants(0, image) && grants(image, image + (64 << 20)));
        assert!(!grants(image, image + (64 << 20) + 1));
        assert!(grants(0, 65536) && grants(65536, MAX_EXCEPTION_BYTES));
        assert!(!grants(MAX_EXCEPTION_BYTES, MAX_EXCEPTION_BYTES * 2));
        assert!(!grants(0, MAX_EXCEPTION_BYTES + 1));
    }
}
