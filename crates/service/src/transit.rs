//! Bytes on their way: requests that are being received and answers that are being sent belong to the memory that the
//! service accounts for, or slow clients could fill the machine beside it.

use crate::error::Error;
use crate::memory::COPIES_OF_REQUEST;
use crate::service::Service;
use crate::slots::{InTransit, Slots};
use crate::tenants::Tenant;
use bytes::Bytes;
use std::sync::Arc;

/// Smaller messages are not counted: of those a connection's own windows and buffers bound the number.
pub(crate) const SMALL: u64 = 4 << 10;

/// The memory of a request that is being received. Dropping it gives the memory back.
#[derive(Debug)]
pub struct Incoming {
    slots: Arc<Slots>,
    tenant: Tenant,
    bytes: u64,
    held: Vec<InTransit>,
}

impl Service {
    /// Begins to receive a request of a tenant; [`Incoming::expect`] says how large it is.
    pub fn receive(&self, tenant: &Tenant) -> Incoming {
        Incoming { slots: Arc::clone(self.slots()), tenant: tenant.clone(), bytes: 0, held: Vec::new() }
    }

    /// The same bytes, whose memory counts as the tenant's until the last of them is written or given up. It is never refused:
    /// the execution that made them had more set aside.
    pub fn sending(&self, tenant: &Tenant, bytes: Bytes) -> Bytes {
        if bytes.len() as u64 <= SMALL {
            return bytes;
        }
        let held = self.slots().send(tenant, bytes.len() as u64);
        Bytes::from_owner(Outgoing { bytes, _held: held })
    }
}

impl Incoming {
    /// Sets memory aside for so many bytes more, before they are taken in; while they are decoded there are two of them.
    pub fn expect(&mut self, bytes: u64) -> Result<(), Error> {
        self.bytes += bytes;
        if self.bytes <= SMALL {
            return Ok(());
        }
        // Those that were too few to be counted are, once there are more of them.
        let counted: u64 = self.held.iter().map(InTransit::bytes).sum();
        let missing = COPIES_OF_REQUEST * self.bytes - counted;
        self.held.push(self.slots.receive(&self.tenant, missing)?);
        Ok(())
    }

    /// Counts a refusal of this request, for transports that have no [`crate::RequestLine`] of it yet.
    pub fn count_refused(&self, error: &Error) {
        self.tenant.0.meters.refused(error.name());
    }
}

struct Outgoing {
    bytes: Bytes,
    _held: InTransit,
}

impl AsRef<[u8]> for Outgoing {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
