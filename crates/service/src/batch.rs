//! Batches: one program, many inputs, outcomes as they come.

use crate::answers;
use crate::error::Error;
use crate::memory;
use crate::service::{Call, Execution, Service};
use crate::slots::Reserved;
use ampoule_world::Asked;
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// Inputs that one batch can have: more are better sent as several, whose answers come sooner.
pub const MOST_INPUTS: usize = 10_000;

/// One program and its inputs.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Everything but the input.
    pub request: Asked,
    /// The inputs, each JSON text of one object.
    pub inputs: Vec<String>,
    /// Executions at the same time. 0: the processors there are. Never more than the tenant's slots.
    pub parallelism: usize,
}

/// A batch that runs. Dropping it stops what is under way and begins nothing more.
pub struct BatchRun {
    service: Service,
    call: Call,
    request: Arc<Asked>,
    #[expect(dead_code, reason = "gives the memory of request and inputs back when dropped")]
    memory: Reserved,
    waiting: std::iter::Enumerate<std::vec::IntoIter<String>>,
    running: JoinSet<(usize, Result<Execution, Error>)>,
}

impl Service {
    /// Begins a batch. What is wrong with one input is that input's answer, what is wrong with all is this call's.
    pub fn execute_batch(&self, call: &Call, batch: Batch) -> Result<BatchRun, Error> {
        if batch.inputs.len() > MOST_INPUTS {
            let reason =
                format!("has {} inputs, a batch takes {MOST_INPUTS}: send several", batch.inputs.len());
            return Err(Error::invalid("inputs_json", reason));
        }
        answers::not_for(&batch.request, "a batch")?;
        if !batch.request.input_json().is_empty() {
            return Err(Error::invalid(
                "request.input_json",
                "is not empty: a batch's inputs are in inputs_json",
            ));
        }
        let total: usize = batch.inputs.iter().map(String::len).sum();
        let most = self.sizes().input_bytes;
        if total > most {
            let reason =
                format!("takes {total} bytes together, the server's cap is {most}: send several batches");
            return Err(Error::invalid("inputs_json", reason));
        }
        let memory = self.reserve(&call.tenant, memory::of_asked(&batch.request) + total as u64)?;
        let asked = if batch.parallelism == 0 { self.processors() } else { batch.parallelism };
        let mut run = BatchRun {
            service: self.clone(),
            call: call.clone(),
            request: Arc::new(batch.request),
            memory,
            waiting: batch.inputs.into_iter().enumerate(),
            running: JoinSet::new(),
        };
        for _ in 0..asked.clamp(1, call.tenant.config().slots) {
            run.begin_next();
        }
        Ok(run)
    }
}

impl BatchRun {
    /// The next item that has ended: its place among the inputs, from 0, and its answer. None after the last.
    pub async fn next(&mut self) -> Option<(usize, Result<Execution, Error>)> {
        let ended = self.running.join_next().await?;
        self.begin_next();
        // Tasks are not cancelled before this is dropped, and a panic is caught within.
        ended.ok()
    }

    fn begin_next(&mut self) {
        let Some((index, input_json)) = self.waiting.next() else { return };
        let (service, call, shared) = (self.service.clone(), self.call.clone(), Arc::clone(&self.request));
        self.running.spawn(async move { (index, execute(&service, &call, &shared, input_json).await) });
    }
}

/// One item. It was accepted with its batch, so where there is no room now it is tried again until the call's deadline, or,
/// without one, until the patience for requests is over.
async fn execute(
    service: &Service,
    call: &Call,
    request: &Asked,
    input_json: String,
) -> Result<Execution, Error> {
    let end = call.deadline.unwrap_or_else(|| Instant::now() + service.patience());
    loop {
        let mut request = request.clone();
        request.input_json_mut().clone_from(&input_json);
        match service.execute_accepted(call, request).await {
            Err(Error::Busy { retry_after, .. }) if Instant::now() + retry_after < end => {
                tokio::time::sleep(retry_after).await;
            }
            answer => return answer,
        }
    }
}
