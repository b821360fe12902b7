//! Getting a version ready: from the cache, from the store, or by running its top level again.

use super::stored::Known;
use super::{Functions, Loaded};
use crate::answer::Held;
use crate::error::{Error, bytes};
use crate::observe::spans::stage;
use crate::service::{Call, Execution, Service};
use crate::validate::admission::{self, admit};
use ampoule_engine::{Checkpoint, EngineError, Image, Job, Permit, Preparation, Prepared, Start};
use ampoule_model::{FunctionReference, Request, RequestedLimits};
use ampoule_store::StoreError;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

/// How long a call waits for another one that gets the same version ready, before it does so itself.
const LOAD_WAIT: Duration = Duration::from_secs(30);

/// A checkpoint is there twice while it is made or read: as memory, and as the bytes of its file.
const COPIES: u64 = 2;

/// How the run of a top level ended.
pub(super) enum Preparing {
    Ready(Box<Prepared>, Execution),
    Failed(Execution),
}

/// A version that can be called, or how its top level ended instead.
pub(super) enum Found {
    Ready(Arc<Loaded>),
    Failed(Box<Execution>),
}

impl Service {
    /// Gets a version ready that a call names.
    pub(super) async fn load(
        &self,
        call: &Call,
        reference: &FunctionReference,
        accepted: bool,
    ) -> Result<Found, Error> {
        let functions = self.functions()?;
        let tenant = call.tenant.name();
        let version = functions.version(tenant, "function", reference).instrument(stage!("store")).await?;
        let key = (tenant.to_owned(), reference.name.clone(), version);
        if let Some(loaded) = functions.loaded.get(&key) {
            return Ok(Found::Ready(loaded));
        }
        let waiting = tokio::time::timeout(LOAD_WAIT, functions.loaded.get_value_or_guard_async(&key));
        let place = match waiting.await {
            Ok(Ok(loaded)) => return Ok(Found::Ready(loaded)),
            Ok(Err(place)) => Some(place),
            Err(_) => None,
        };
        // On the heap: calls that find it loaded are not to be larger for what loads it.
        let found = Box::pin(self.fetch(call, functions, &reference.name, &key.2, accepted)).await?;
        if let Found::Ready(loaded) = &found {
            match place {
                // Refused only when the entry was removed meanwhile; what was loaded is good all the same.
                Some(place) => drop(place.insert(Arc::clone(loaded))),
                None => functions.loaded.insert(key, Arc::clone(loaded)),
            }
        }
        Ok(found)
    }

    async fn fetch(
        &self,
        call: &Call,
        functions: &Functions,
        name: &str,
        version: &str,
        accepted: bool,
    ) -> Result<Found, Error> {
        let tenant = call.tenant.name();
        let Known { definition, memory: _memory, .. } = self.known(&call.tenant, name, version).await?;
        let image = admission::image(self.images(), definition.image(), definition.language())?;
        let loaded =
            |checkpoint, image| Found::Ready(Arc::new(Loaded::new(version, &definition, checkpoint, image)));
        let reading = self.read_checkpoint(call, functions, name, version, &image);
        if let Some(checkpoint) = reading.instrument(stage!("store")).await? {
            return Ok(loaded(checkpoint, image));
        }
        let size: u64 = definition.files().iter().map(|file| file.size).sum();
        // While they are read, and until the request that holds them has its slot.
        let _memory = if size > 0 { Some(self.reserve(&call.tenant, COPIES * size)?) } else { None };
        let mut request = definition.request(functions.files(tenant, name, version, &definition).await?);
        // Caps may have become lower since it was put.
        request.limits = within(&request.limits, call);
        let (prepared, _) = match self.prepare(call, functions, request, accepted).await? {
            Preparing::Ready(prepared, execution) => (prepared, execution),
            Preparing::Failed(execution) => return Ok(Found::Failed(Box::new(execution))),
        };
        if let Err(error) = functions.keep_checkpoint(tenant, name, version, &prepared.checkpoint).await {
            // The call can be answered all the same; the next start makes it again.
            tracing::warn!(%error, "a checkpoint could not be kept");
        }
        Ok(loaded(prepared.checkpoint, image))
    }

    /// The checkpoint in the store, if it is there, whole, and of this image.
    async fn read_checkpoint(
        &self,
        call: &Call,
        functions: &Functions,
        name: &str,
        version: &str,
        image: &Image,
    ) -> Result<Option<Checkpoint>, Error> {
        let (store, tenant) = (&functions.store, call.tenant.name());
        let Some(size) = store.checkpoint_bytes(tenant, name, version, image.digest()).await? else {
            return Ok(None);
        };
        let _turn = call.tenant.0.store.acquire().await;
        let _memory = self.reserve(&call.tenant, COPIES * size)?;
        let Some(bytes) = store.checkpoint(tenant, name, version, image.digest()).await? else {
            return Ok(None);
        };
        let read = tokio::task::spawn_blocking(move || Checkpoint::from_bytes(&bytes)).await;
        match read {
            Ok(Ok(checkpoint)) if checkpoint.image_digest() == image.digest() => Ok(Some(checkpoint)),
            _ => {
                tracing::warn!(version, "a checkpoint is damaged and is made again");
                Ok(None)
            }
        }
    }

    /// Runs a top level within its limits and keeps what it leaves.
    pub(super) async fn prepare(
        &self,
        call: &Call,
        functions: &Functions,
        request: Request,
        accepted: bool,
    ) -> Result<Preparing, Error> {
        let arrived = Instant::now();
        let (inner, tenant) = (self.inner(), &call.tenant);
        let admitted = admit(&inner.config, &inner.images, tenant, request)?;
        tenant.0.quota.check(&tenant.0.share)?;
        let accepted = accepted.then_some(admitted.limits.wall_time);
        let place = inner.slots.take(tenant, admitted.need, call.deadline, accepted);
        let slot = place.instrument(stage!("queue")).await?;
        let (memory, slot) = (slot.memory(), Permit::new(slot));
        let queue_time = arrived.elapsed();
        let execution = |slot: Permit, mut outcome: ampoule_model::Outcome| {
            outcome.usage.queue_time += queue_time;
            Execution {
                held: Held::of(slot, &outcome),
                outcome,
                image_digest: admitted.image.digest().to_owned(),
                language: admitted.image.language(),
                function_version: String::new(),
            }
        };
        let ready = match self.compiled(tenant, &admitted, &slot, &memory).await? {
            Ok(ready) => ready,
            Err(outcome) => return Ok(Preparing::Failed(execution(slot, *outcome))),
        };
        let job = Job {
            start: Start::Program { program: &admitted.program, compiled: Some(&ready.compiled) },
            input_json: "{}",
            files: &admitted.files,
            environment: &admitted.environment,
            stdin: &[],
            output_files: &[],
            limits: admitted.limits,
            deterministic: None,
            share: &tenant.0.share,
            output_stream: None,
            permit: Some(&slot),
            memory: Some(&memory),
        };
        let preparing = inner.engine.checkpoint(&admitted.image, &job, functions.config.checkpoint_bytes);
        let prepared = preparing.instrument(stage!("run")).await;
        Ok(match prepared.map_err(of_preparing)? {
            Preparation::Ready(prepared) => {
                let outcome = ready.told(prepared.outcome.clone());
                Preparing::Ready(prepared, execution(slot, outcome))
            }
            Preparation::Failed(outcome) => Preparing::Failed(execution(slot, ready.told(*outcome))),
        })
    }
}

impl Functions {
    /// Brings a checkpoint to the store's disk.
    pub(super) async fn keep_checkpoint(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
        checkpoint: &Checkpoint,
    ) -> Result<(), StoreError> {
        let image = checkpoint.image_digest().to_owned();
        let checkpoint = checkpoint.clone();
        let bytes = tokio::task::spawn_blocking(move || checkpoint.to_bytes());
        let bytes = bytes.await.map_err(|error| StoreError::Failed(error.to_string()))?;
        self.store.put_checkpoint(tenant, name, version, &image, bytes).instrument(stage!("store")).await
    }
}

/// What a top level leaves is the source's fault, if it is too much.
fn of_preparing(error: EngineError) -> Error {
    let EngineError::LargeCheckpoint { most } = error else { return error.into() };
    let reason = format!(
        "leaves more in memory at its top level than the server's cap of {}: build less of it there, or in main",
        bytes(most)
    );
    Error::invalid("source", reason)
}

/// A function's own limits, as far as the caller's caps allow.
pub(super) fn within(limits: &RequestedLimits, call: &Call) -> RequestedLimits {
    limits.zip(call.tenant.config().caps).map(
        |(own, cap)| own.map(|own| own.min(cap)),
        |(own, cap)| own.map(|own| own.min(cap)),
        |(own, cap)| own.map(|own| own.min(cap)),
        |((), ())| (),
    )
}
