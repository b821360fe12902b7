//! Outcomes that were not sent yet: an execution's memory is given back when it ends, however slowly its caller reads.

use crate::memory;
use crate::service::Service;
use crate::slots::InTransit;
use crate::tenants::Tenant;
use ampoule_world::Outcome;

/// The memory of an outcome that its caller has not read. Dropping it gives the memory back.
#[derive(Debug)]
pub struct Unread {
    _held: InTransit,
}

impl Service {
    /// Counts an outcome, and so many bytes that were printed before it, as the tenant's until they are sent.
    pub fn unread(&self, tenant: &Tenant, outcome: &Outcome, printed: u64) -> Unread {
        Unread { _held: self.slots().send(tenant, memory::of_answer(outcome) + printed) }
    }
}
