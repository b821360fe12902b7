//! The service: from a request to its outcome.

use crate::answer::{Answer, Held};
use crate::capacity::aside::aside;
use crate::capacity::slots::{Bounds, CapacitySnapshot, Reserved, Slots};
use crate::config::{ServiceConfig, Sizes};
use crate::error::Error;
use crate::functions::{Functions, FunctionsConfig};
use crate::idempotency::{self, IdempotencyCache};
use crate::images::Images;
use crate::observe::heartbeat::Heartbeat;
use crate::observe::metrics::Metrics;
use crate::observe::spans::stage;
use crate::programs::{CacheLevel, Prepared, Programs};
use crate::tenants::registry::Tenants;
use crate::tenants::{OPEN_TENANT, Tenant};
use crate::validate::admission::{Admitted, admit};
use ampoule_engine::{Compiled, Engine, Health, Job, MemoryGrant, OutputStream, Permit, Start};
use ampoule_model::{Invocation, Language, Limits, Outcome, Request};
use ampoule_store::FunctionStore;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use tracing::{Instrument, Span};

/// Executes requests. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) config: ServiceConfig,
    pub(crate) engine: Engine,
    pub(crate) images: Images,
    pub(crate) slots: Arc<Slots>,
    pub(crate) heartbeat: Heartbeat,
    pub(crate) answers: Arc<IdempotencyCache>,
    pub(crate) tenants: Tenants,
    programs: Programs,
    /// None: it keeps none.
    functions: Option<Functions>,
}

/// Who asks, and until when an answer is of use.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asks.
    pub tenant: Tenant,
    /// When nobody waits for the answer any more.
    pub deadline: Option<Instant>,
    /// What is done for it is a part of this.
    pub(crate) span: Span,
}

impl Call {
    /// One without a deadline, which is a part of no trace.
    pub fn new(tenant: Tenant) -> Call {
        Call { tenant, deadline: None, span: Span::none() }
    }

    /// The same with a deadline, if there is one.
    #[must_use]
    pub fn until(self, deadline: Option<Instant>) -> Call {
        Call { deadline, ..self }
    }
}

/// A call, and the way it is to be executed.
#[derive(Clone, Copy)]
pub(crate) struct ExecuteOptions<'a> {
    pub(crate) call: &'a Call,
    /// It is a part of what was accepted earlier.
    pub(crate) accepted: bool,
    pub(crate) output_stream: Option<&'a OutputStream>,
}

impl ExecuteOptions<'_> {
    /// How long it may take at the most, if it is a part of what was accepted earlier.
    pub(crate) fn accepts(&self, limits: &Limits) -> Option<Duration> {
        self.accepted.then_some(limits.wall_time)
    }
}

/// A program that can start.
pub(crate) struct Ready {
    pub(crate) compiled: Compiled,
    /// What it waited for a processor, or for another request that compiled it.
    waited: Duration,
}

/// An executed request.
#[derive(Clone, Debug)]
pub struct Execution {
    /// How it ended and what it left.
    pub outcome: Outcome,
    /// Identity of the image it ran in: a sha256 in hex.
    pub image_digest: String,
    /// The language it was written in.
    pub language: Language,
    /// The version of the function that was called; empty for a program that came along.
    pub function_version: String,
    /// What it takes of the memory.
    pub(crate) held: Held,
}

impl AsRef<Outcome> for Execution {
    fn as_ref(&self) -> &Outcome {
        &self.outcome
    }
}

impl Service {
    /// A service on `engine`, which must be the one that loaded `images` and be configured as `config.engine`
    /// says.
    pub fn new(config: ServiceConfig, engine: Engine, images: Images) -> Self {
        Service::with_functions(config, engine, images, None)
    }

    /// The same, keeping functions in `store`.
    pub fn with_functions(
        config: ServiceConfig,
        engine: Engine,
        images: Images,
        store: Option<FunctionStore>,
    ) -> Self {
        let (cache, idle) = config.kept_memory();
        let kept = FunctionsConfig { cache_bytes: cache, ..config.functions };
        let functions = store.map(|store| Functions::new(store, kept));
        let cache = functions.as_ref().map_or(0, |_| cache);
        let tenants = Tenants::new(config.all_tenants(), config.unlisted.clone());
        let slots = Slots::new(Bounds {
            slots: config.engine.slots as usize,
            memory: config.memory_bytes.saturating_sub(cache + idle),
            waiting: config.queue,
            queue_timeout: config.queue_timeout,
            several: tenants.are_several().into(),
        });
        let answers = IdempotencyCache::new(config.idempotency_window);
        let programs = Programs::new(config.program_cache_bytes);
        Service {
            inner: Arc::new(Inner {
                config,
                engine,
                images,
                slots,
                heartbeat: Heartbeat::default(),
                answers,
                tenants,
                programs,
                functions,
            }),
        }
    }

    /// Executes one request of the open tenant, see [`Service::execute_as`].
    pub async fn execute(&self, request: impl Into<Invocation>) -> Result<Execution, Error> {
        let tenant =
            self.open_tenant().ok_or_else(|| Error::invalid("tenant", "is missing: say who asks"))?;
        self.execute_as(&Call::new(tenant), request).await
    }

    /// Executes one request. Dropping the future stops it within one slice of fuel and frees its slot.
    pub async fn execute_as(&self, call: &Call, asked: impl Into<Invocation>) -> Result<Execution, Error> {
        let answer = self.answer(call, asked).await?;
        Ok(Arc::try_unwrap(answer).map_or_else(|shared| shared.execution().clone(), Answer::into_execution))
    }

    /// The same, with what is printed going to `output_stream` while the program runs; the outcome holds none
    /// of it.
    pub async fn execute_streamed(
        &self,
        call: &Call,
        asked: impl Into<Invocation>,
        output_stream: &OutputStream,
    ) -> Result<Execution, Error> {
        let asked = asked.into();
        idempotency::not_for(&asked, "a stream")?;
        let Some(held) = self.hold_if_large(&call.tenant, &asked)? else {
            return self
                .guarded(ExecuteOptions { call, accepted: false, output_stream: Some(output_stream) }, asked)
                .await;
        };
        let (service, tenant) = (self.clone(), call.tenant.clone());
        let (call, output_stream) = (call.clone(), output_stream.clone());
        let executed = aside(&tenant, async move {
            drop(held);
            service
                .guarded(
                    ExecuteOptions { call: &call, accepted: false, output_stream: Some(&output_stream) },
                    asked,
                )
                .await
        });
        executed.await.unwrap_or(Err(Error::Panicked))
    }

    /// The same for a part of what was accepted earlier: while the service drains it is served if it ends, by
    /// its limits, when the longest execution does.
    pub(crate) async fn execute_accepted(&self, call: &Call, asked: Invocation) -> Result<Execution, Error> {
        self.guarded(ExecuteOptions { call, accepted: true, output_stream: None }, asked).await
    }

    /// A bug must cost one request, not its connection or the server.
    pub(crate) async fn guarded(
        &self,
        options: ExecuteOptions<'_>,
        asked: Invocation,
    ) -> Result<Execution, Error> {
        let account = &options.call.tenant.0;
        let execution = AssertUnwindSafe(account.stop.or(async {
            if !options.accepted {
                account.quota.count_request()?;
            }
            match asked {
                Invocation::Program(request) => self.admit_and_run(options, request).await,
                Invocation::Function(call) => self.call_function(options, call).await,
            }
        }));
        let execution = execution.catch_unwind().instrument(options.call.span.clone());
        execution.await.unwrap_or(Err(Error::Panicked))
    }

    /// Everybody's tenant; `None` where it must be said who calls.
    pub fn open_tenant(&self) -> Option<Tenant> {
        if self.inner.config.is_open() { self.tenant(OPEN_TENANT) } else { None }
    }

    /// The images, for listing.
    pub fn images(&self) -> &Images {
        &self.inner.images
    }

    /// The largest requests taken.
    pub fn sizes(&self) -> &Sizes {
        &self.inner.config.sizes
    }

    /// How long an answer may lie unread.
    pub fn unread(&self) -> Duration {
        self.inner.config.unread
    }

    /// Sets memory aside that belongs to no slot.
    pub(crate) fn reserve(&self, tenant: &Tenant, bytes: u64) -> Result<Reserved, Error> {
        self.inner.slots.reserve(tenant, bytes)
    }

    /// How guests are.
    pub fn health(&self) -> Health {
        self.inner.engine.health()
    }

    /// Ready when a guest has taken a thread of this process for ever.
    pub async fn stuck(&self) {
        self.inner.engine.stuck().await;
    }

    /// Guests that compute at the same time.
    pub(crate) fn processors(&self) -> usize {
        self.inner.config.engine.seats
    }

    /// How long a request waits for a slot at most.
    pub(crate) fn queue_timeout(&self) -> Duration {
        self.inner.config.queue_timeout
    }

    /// From now on requests are refused; those that were admitted already are served.
    pub fn drain(&self) {
        self.inner.slots.drain(self.longest());
    }

    /// Ends what a drain has left: what runs is stopped and answered as by its wall time, and what waits is
    /// refused.
    pub fn end(&self) {
        self.inner.slots.end();
        self.inner.engine.end_guests();
    }

    /// The longest that an execution may run and sleep, whoever asks for it.
    pub fn longest(&self) -> Duration {
        let tenants = self.inner.tenants.all();
        let longest = tenants.iter().map(|tenant| tenant.config().caps.wall_time).max();
        longest.unwrap_or_default().max(self.inner.config.caps.wall_time)
    }

    /// Executions that have a slot now.
    pub fn running(&self) -> usize {
        self.inner.slots.running()
    }

    /// Requests that wait for a slot now.
    pub fn waiting(&self) -> usize {
        self.inner.slots.waiting()
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    pub(crate) fn functions(&self) -> Result<&Functions, Error> {
        self.inner.functions.as_ref().ok_or(Error::NoFunctions)
    }

    pub(crate) fn slots(&self) -> &Arc<Slots> {
        &self.inner.slots
    }

    /// How slots, queues and memory stand.
    pub(crate) fn level(&self) -> CapacitySnapshot {
        self.inner.slots.level()
    }

    /// What is counted of tenants' requests.
    pub(crate) fn tenant_metrics(&self) -> &Metrics {
        self.inner.tenants.metrics()
    }

    /// How the program cache stands.
    pub(crate) fn program_cache(&self) -> CacheLevel {
        self.inner.programs.level()
    }

    async fn admit_and_run(&self, options: ExecuteOptions<'_>, request: Request) -> Result<Execution, Error> {
        let arrived = Instant::now();
        let tenant = &options.call.tenant;
        let mut admitted = admit(&self.inner.config, &self.inner.images, tenant, request)?;
        // What is known to need much waits until there is so much, instead of starting and waiting half-way.
        let expected = self.inner.programs.last_memory(&admitted, tenant);
        admitted.need.guest = admitted.need.guest.max(expected.min(admitted.need.most));
        tenant.0.quota.check(&tenant.0.share)?;
        let slots = &self.inner.slots;
        let slot = slots
            .take(tenant, admitted.need, options.call.deadline, options.accepts(&admitted.limits))
            .instrument(stage!("queue"))
            .await?;
        let queue_time = arrived.elapsed();
        let (memory, slot) = (slot.memory(), Permit::new(slot));
        let mut outcome = self.run(tenant, &admitted, options.output_stream, &slot, &memory).await?;
        outcome.usage.queue_time += queue_time;
        let held = Held::of(slot, &outcome);
        let image_digest = admitted.image.digest().to_owned();
        let language = admitted.image.language();
        Ok(Execution { outcome, image_digest, language, function_version: String::new(), held })
    }

    async fn run(
        &self,
        tenant: &Tenant,
        admitted: &Admitted,
        output_stream: Option<&OutputStream>,
        slot: &Permit,
        memory: &Arc<dyn MemoryGrant>,
    ) -> Result<Outcome, Error> {
        let ready = match self.compiled(tenant, admitted, slot, memory).await? {
            Ok(ready) => ready,
            Err(outcome) => return Ok(*outcome),
        };
        let job = Job {
            start: Start::Program { program: &admitted.program, compiled: Some(&ready.compiled) },
            input_json: &admitted.input_json,
            files: &admitted.files,
            environment: &admitted.environment,
            stdin: &admitted.stdin,
            output_files: &admitted.output_files,
            limits: admitted.limits,
            deterministic: admitted.deterministic,
            share: &tenant.0.share,
            output_stream,
            permit: Some(slot),
            memory: Some(memory),
        };
        let outcome = self.inner.engine.run(&admitted.image, &job).instrument(stage!("run")).await;
        // Also if there was not enough.
        ready.compiled.history.last_memory.store(memory.granted(), Relaxed);
        Ok(ready.told(outcome?))
    }

    /// Compiles a program, or finds it compiled. Compiling, or waiting for it, is part of the execution.
    pub(crate) async fn compiled(
        &self,
        tenant: &Tenant,
        admitted: &Admitted,
        slot: &Permit,
        memory: &Arc<dyn MemoryGrant>,
    ) -> Result<Result<Ready, Box<Outcome>>, Error> {
        let started = Instant::now();
        let compiled =
            match self.inner.programs.prepare(&self.inner.engine, admitted, tenant, slot, memory).await? {
                Prepared::Known(compiled) => {
                    Compiled { wall_time: Duration::ZERO, cpu_time: Duration::ZERO, ..compiled }
                }
                Prepared::Fresh(compiled) => compiled,
                Prepared::Failed(outcome) => return Ok(Err(outcome)),
            };
        let waited = started.elapsed().saturating_sub(compiled.wall_time);
        Ok(Ok(Ready { compiled, waited }))
    }
}

impl Ready {
    /// The outcome of an execution, with what it waited before.
    pub(crate) fn told(&self, mut outcome: Outcome) -> Outcome {
        outcome.usage.wait_time += self.waited;
        outcome
    }
}
