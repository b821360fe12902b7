//! One call of a function: from the checkpoint to its outcome.

use super::load::{Found, within};
use super::{Loaded, contract, files};
use crate::answer::Held;
use crate::capacity::aside::{MUCH, aside};
use crate::capacity::memory;
use crate::capacity::slots::MemoryDemand;
use crate::error::Error;
use crate::observe::spans::stage;
use crate::service::{ExecuteOptions, Execution, Service};
use crate::tenants::Tenant;
use crate::validate::admission;
use ampoule_engine::{Job, Permit, Start};
use ampoule_model::{Entry, Failure, FunctionCall, Outcome, Status};
use std::sync::Arc;
use std::time::Instant;
use tracing::Instrument;

impl Service {
    /// Admits a call and runs `main` from the checkpoint.
    pub(crate) async fn call_function(
        &self,
        options: ExecuteOptions<'_>,
        mut call: FunctionCall,
    ) -> Result<Execution, Error> {
        let arrived = Instant::now();
        let inner = self.inner();
        let tenant = &options.call.tenant;
        let request_bytes = memory::of_call(&call);
        if call.input_json.is_empty() {
            call.input_json.push_str("{}");
        }
        admission::object(self.sizes(), Entry::Main, &call.input_json)?;
        admission::files_are_sound(self.sizes(), &call.files)?;
        admission::environment_is_sound(self.sizes(), &call.environment)?;
        admission::stdin_is_sound(self.sizes(), &call.stdin)?;
        admission::output_files_are_sound(self.sizes(), &call.output_files)?;
        // The limits asked for, on their own: a mistake in them is told whether the function is there or not.
        admission::limits(tenant.config(), &call.limits)?;
        tenant.0.quota.check(&tenant.0.share)?;
        let loaded = match self.load(options.call, &call.function, options.accepted).await? {
            Found::Ready(loaded) => loaded,
            Found::Failed(execution) => return Ok(*execution),
        };
        files::check_beside(&call.files, &loaded.files)?;
        // What the call chooses, and below it what its function has chosen.
        let limits = call.limits.or(within(&loaded.limits, options.call));
        let limits = admission::limits(tenant.config(), &limits)?;
        let contract = &loaded.contract;
        let input_json = contract::take_input(contract, call.input_json, self.sizes().input_bytes)?;
        let checkpoint = loaded.checkpoint.size() as u64;
        // Conversion may have made the input larger.
        let need = MemoryDemand {
            request: request_bytes + input_json.len() as u64,
            guest: memory::AT_START + checkpoint,
            most: memory::of_limits(&limits) + checkpoint,
        };
        let place = inner.slots.take(tenant, need, options.call.deadline, options.accepts(&limits));
        let slot = place.instrument(stage!("queue")).await?;
        let (memory, slot) = (slot.memory(), Permit::new(slot));
        let queue_time = arrived.elapsed();
        let job = Job {
            start: Start::Checkpoint(&loaded.checkpoint),
            input_json: &input_json,
            files: &call.files,
            environment: &call.environment,
            stdin: &call.stdin,
            output_files: &call.output_files,
            limits,
            deterministic: call.deterministic,
            share: &tenant.0.share,
            output_stream: options.output_stream,
            permit: Some(&slot),
            memory: Some(&memory),
        };
        let mut outcome = inner.engine.run(&loaded.image, &job).instrument(stage!("run")).await?;
        outcome.usage.queue_time += queue_time;
        let outcome = checked(tenant, &loaded, outcome).await?;
        Ok(Execution {
            held: Held::of(slot, &outcome),
            outcome,
            image_digest: loaded.image.digest().to_owned(),
            language: loaded.image.language(),
            function_version: loaded.version.clone(),
        })
    }
}

/// An outcome whose result was looked at, aside where it is large.
async fn checked(tenant: &Tenant, loaded: &Arc<Loaded>, mut outcome: Outcome) -> Result<Outcome, Error> {
    if outcome.result_json.len() as u64 <= MUCH {
        check_result(loaded, &mut outcome);
        return Ok(outcome);
    }
    let loaded = Arc::clone(loaded);
    let checked = aside(tenant, async move {
        check_result(&loaded, &mut outcome);
        outcome
    });
    checked.await.ok_or(Error::Panicked)
}

/// A result that is not what the function declares is an invalid one.
fn check_result(loaded: &Loaded, outcome: &mut Outcome) {
    if outcome.status != Status::Completed {
        return;
    }
    if let Err(message) = contract::check_result(&loaded.contract, &outcome.result_json) {
        outcome.status = Status::InvalidResult;
        outcome.result_json = String::new();
        outcome.failure = Some(Failure { kind: "InvalidResult".into(), message, ..Failure::default() });
    }
}
