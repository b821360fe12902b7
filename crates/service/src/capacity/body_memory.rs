//! Bytes on their way: requests that are being received and answers that are being sent belong to the memory
//! that the service accounts for, or slow clients could fill the machine beside it.

use crate::capacity::memory::COPIES_OF_REQUEST;
use crate::capacity::slots::{InFlightBytes, Slots};
use crate::error::Error;
use crate::service::Service;
use crate::tenants::Tenant;
use bytes::Bytes;
use std::sync::Arc;

/// Smaller messages are not counted where they arrive in one go: nothing of them is held.
pub(crate) const SMALL: u64 = 4 << 10;

/// The least that a request which grows sets aside at a time.
const STEP: u64 = 32 << 10;

/// What a call holds that does not arrive in one go, beside its message: its task, its stream, its head,
/// buffers of [`SMALL`] bytes. A server of 1 GiB was ended by 62,000 of them.
const HALF_RECEIVED: u64 = 16 << 10;

/// The memory of a request that is being received. Dropping it gives the memory back.
#[derive(Debug)]
pub struct BodyReservation {
    slots: Arc<Slots>,
    tenant: Tenant,
    bytes: u64,
    /// None: too few to be counted.
    held: Option<InFlightBytes>,
    /// Of a call that does not arrive in one go.
    half_received: Option<InFlightBytes>,
}

impl Service {
    /// Begins to receive a request of a tenant; [`BodyReservation::expect`] says how large it is.
    pub fn receive(&self, tenant: &Tenant) -> BodyReservation {
        BodyReservation {
            slots: Arc::clone(self.slots()),
            tenant: tenant.clone(),
            bytes: 0,
            held: None,
            half_received: None,
        }
    }

    /// The same bytes, whose memory counts as the tenant's until the last of them is written or given up. It
    /// is never refused: the execution that made them had more set aside.
    pub fn sending(&self, tenant: &Tenant, bytes: Bytes) -> Bytes {
        if bytes.len() as u64 <= SMALL {
            return bytes;
        }
        self.sending_beside(tenant, bytes, 0)
    }

    /// The same, however few they are, with so many bytes that are held beside them.
    pub fn sending_beside(&self, tenant: &Tenant, bytes: Bytes, beside: u64) -> Bytes {
        let held = self.slots().send(tenant, bytes.len() as u64 + beside);
        Bytes::from_owner(Outgoing { bytes, _held: held })
    }
}

impl BodyReservation {
    /// Sets memory aside for so many bytes more, before they are taken in; while they are decoded there are
    /// two of them.
    pub fn expect(&mut self, bytes: u64) -> Result<(), Error> {
        self.bytes += bytes;
        if self.bytes <= SMALL {
            return Ok(());
        }
        // Those that were too few to be counted are, once there are more of them.
        let counted = self.held.as_ref().map_or(0, InFlightBytes::bytes);
        let missing = (COPIES_OF_REQUEST * self.bytes).saturating_sub(counted);
        if missing > 0 {
            // Not for every few bytes of a request that does not say how large it is.
            let step = if self.held.is_some() { STEP } else { 0 };
            let more = self.slots.receive(&self.tenant, missing.max(step))?;
            match &mut self.held {
                Some(held) => held.join(more),
                held => *held = Some(more),
            }
        }
        // Twice a message of more than that is enough for what comes with it.
        self.half_received = None;
        Ok(())
    }

    /// Sets memory aside for what a call holds while the rest of it is waited for.
    pub fn wait(&mut self) -> Result<(), Error> {
        if self.held.is_none() && self.half_received.is_none() {
            self.half_received = Some(self.slots.receive(&self.tenant, HALF_RECEIVED)?);
        }
        Ok(())
    }

    /// Whose request it is.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Counts a refusal of this request, for transports that have no [`crate::RequestRecord`] of it yet.
    pub fn count_refused(&self, error: &Error) {
        self.tenant.0.meters.refused(error.name());
    }
}

struct Outgoing {
    bytes: Bytes,
    _held: InFlightBytes,
}

impl AsRef<[u8]> for Outgoing {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
