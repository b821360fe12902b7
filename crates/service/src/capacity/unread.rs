//! What was printed and not read yet: an execution's memory is given back when it ends, however slowly its
//! caller reads.

use crate::capacity::slots::InFlightBytes;
use crate::service::Service;
use crate::tenants::Tenant;

/// The memory of what a caller has not read. Dropping it gives the memory back.
#[derive(Debug)]
pub struct Unread {
    _held: InFlightBytes,
}

impl Service {
    /// Counts so many bytes as the tenant's until they are sent.
    pub fn printed(&self, tenant: &Tenant, bytes: u64) -> Unread {
        Unread { _held: self.slots().send(tenant, bytes) }
    }
}
