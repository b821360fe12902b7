//! An answer on its way to its reader, and the memory it takes until it is there.

use crate::capacity::aside::{MUCH, aside};
use crate::capacity::body_memory::SMALL;
use crate::capacity::memory;
use crate::capacity::slots::{InFlightBytes, Reserved, Slot, Slots};
use crate::error::Error;
use crate::idempotency::{Found, Repeat};
use crate::service::{Call, ExecuteOptions, Execution, Service};
use crate::tenants::Tenant;
use crate::validate::fingerprint;
use ampoule_engine::Permit;
use ampoule_model::{Invocation, Outcome};
use std::sync::Arc;
use std::time::Instant;

/// What sending takes beside the answer itself: the pieces that a connection has taken and not yet written,
/// of which hyper holds 16 of 16 KiB for HTTP/1, and the one being made.
const PLACE: u64 = 17 * (16 << 10);

/// An answer, which may be shared with others who sent its idempotency key.
#[derive(Debug)]
pub struct Answer {
    execution: Arc<Execution>,
    repeated: bool,
    #[expect(dead_code, reason = "gives the memory back when dropped")]
    place: Option<InFlightBytes>,
}

/// The memory that an outcome takes for as long as somebody holds it.
#[derive(Clone, Debug, Default)]
pub(crate) enum Held {
    /// Too little to be counted.
    #[default]
    Nothing,
    /// Set aside until it is sent.
    Sent(#[expect(dead_code, reason = "gives the memory back when dropped")] Arc<InFlightBytes>),
    /// Set aside for one that is kept.
    Kept(#[expect(dead_code, reason = "gives the memory back when dropped")] Arc<Reserved>),
}

impl Held {
    /// What an outcome takes of the memory of the slot it was made in, which is given back otherwise. The
    /// guest is gone, so nobody else holds the slot.
    pub(crate) fn of(slot: Permit, outcome: &Outcome) -> Held {
        match (memory::of_answer(outcome), slot.take::<Slot>()) {
            (bytes, Some(slot)) if bytes > SMALL => Held::Sent(Arc::new(slot.leave(bytes + place(bytes)))),
            _ => Held::Nothing,
        }
    }
}

/// What sending an answer of so many bytes takes beside it.
fn place(bytes: u64) -> u64 {
    bytes.min(PLACE)
}

impl Answer {
    /// An answer for one reader.
    pub(crate) fn new(execution: Execution) -> Answer {
        Answer { execution: Arc::new(execution), repeated: false, place: None }
    }

    /// The first of an answer that is kept; never refused, as its execution had more set aside.
    pub(crate) fn of_first(execution: Arc<Execution>, slots: &Arc<Slots>, tenant: &Tenant) -> Answer {
        let bytes = memory::of_answer(&execution.outcome);
        let place = (bytes > SMALL).then(|| slots.send(tenant, place(bytes)));
        Answer { execution, repeated: false, place }
    }

    /// A kept answer once more: its bytes are shared, and there must be memory for sending them.
    pub(crate) fn again(
        execution: Arc<Execution>,
        slots: &Arc<Slots>,
        tenant: &Tenant,
    ) -> Result<Answer, Error> {
        let bytes = memory::of_answer(&execution.outcome);
        let place = if bytes > SMALL { Some(slots.send_again(tenant, place(bytes))?) } else { None };
        Ok(Answer { execution, repeated: true, place })
    }

    /// What is answered.
    pub fn execution(&self) -> &Execution {
        &self.execution
    }

    /// Whether it is that of an earlier request: nothing ran.
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }

    /// What is answered, copied where it is shared.
    pub(crate) fn into_execution(self) -> Execution {
        Arc::try_unwrap(self.execution).unwrap_or_else(|shared| (*shared).clone())
    }
}

impl Service {
    /// Executes one request, as [`Service::execute_as`] does, with an answer that is shared with those who
    /// sent the request's idempotency key, too.
    pub async fn answer(&self, call: &Call, asked: impl Into<Invocation>) -> Result<Arc<Answer>, Error> {
        let asked = asked.into();
        let Some(held) = self.hold_if_large(&call.tenant, &asked)? else {
            return self.answer_here(call, asked).await;
        };
        let (service, call, tenant) = (self.clone(), call.clone(), call.tenant.clone());
        let answered = aside(&tenant, async move {
            // From here its slot, or its place in the queue, has the memory.
            drop(held);
            service.answer_here(&call, asked).await
        });
        answered.await.unwrap_or(Err(Error::Panicked))
    }

    /// The memory of a request that is large enough to be worked on aside, until it is. Where guests compute
    /// on the threads that serve requests, nothing is kept from anybody by doing all of it there.
    pub(crate) fn hold_if_large(
        &self,
        tenant: &Tenant,
        asked: &Invocation,
    ) -> Result<Option<InFlightBytes>, Error> {
        let (inner, bytes) = (self.inner(), memory::of_asked(asked));
        if bytes <= MUCH || !inner.engine.computes_on_own_threads() {
            return Ok(None);
        }
        inner.slots.receive(tenant, bytes).map(Some)
    }

    async fn answer_here(&self, call: &Call, asked: Invocation) -> Result<Arc<Answer>, Error> {
        let answer = if asked.idempotency_key().is_empty() {
            Answer::new(
                self.guarded(ExecuteOptions { call, accepted: false, output_stream: None }, asked).await?,
            )
        } else {
            self.answer_once(call, asked).await?
        };
        Ok(Arc::new(answer))
    }

    /// Executes a request with an idempotency key, or answers as the first of its key was answered.
    async fn answer_once(&self, call: &Call, mut asked: Invocation) -> Result<Answer, Error> {
        let (inner, tenant, arrived) = (self.inner(), &call.tenant, Instant::now());
        // A repeat is a request like others: it is refused where they are.
        tenant.0.quota.check(&tenant.0.share)?;
        let key = asked.take_idempotency_key();
        let bytes = memory::of_asked(&asked);
        let (fingerprint, asked) =
            fingerprint::of(tenant, asked, bytes, || inner.slots.receive(tenant, bytes)).await?;
        let end = arrived + inner.config.queue_timeout;
        let end = call.deadline.map_or(end, |deadline| deadline.min(end));
        let repeat = Repeat { tenant: tenant.name(), key, fingerprint, asked, bytes, end };
        let found = inner.answers.find(repeat, |bytes| inner.slots.wait(tenant, bytes)).await?;
        let (first, asked) = match found {
            Found::Kept(execution) => {
                tenant.0.quota.count_request()?;
                return Answer::again(execution, &inner.slots, tenant);
            }
            Found::First(first, asked) => (first, *asked),
        };
        // Room for the answer before it is promised to be kept.
        let most = memory::of_largest_answer(tenant.config(), &asked);
        let mut reserved = inner.slots.reserve(tenant, most)?;
        let mut execution =
            self.guarded(ExecuteOptions { call, accepted: false, output_stream: None }, asked).await?;
        reserved.shrink(memory::of_answer(&execution.outcome));
        execution.held = Held::Kept(Arc::new(reserved));
        let execution = Arc::new(execution);
        first.keep(Arc::clone(&execution));
        Ok(Answer::of_first(execution, &inner.slots, tenant))
    }
}

impl AsRef<Outcome> for Answer {
    fn as_ref(&self) -> &Outcome {
        &self.execution.outcome
    }
}
