//! Batches: one program, many inputs, outcomes as they come.
//!
//! ```text
//! inputs ─▶ workers, as many as run at the same time: next input, execute, send ─▶ channel ─▶ BatchRun::next
//! ```
//!
//! The workers run where guests compute, so that between two items no other thread has to be woken; those of
//! a large request, which is copied for each item, aside, and few of them. The channel holds an answer for
//! each worker; who does not read holds the workers up, but none of their guests or slots.

use crate::capacity::aside::{MUCH, Task, spawn_aside};
use crate::capacity::memory;
use crate::capacity::slots::Reserved;
use crate::error::Error;
use crate::idempotency;
use crate::service::{Call, Execution, Service};
use crate::streaming::BatchItem;
use ampoule_engine::Spawned;
use ampoule_model::Invocation;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::sync::mpsc;

/// Inputs that one batch can have: more are better sent as several, whose answers come sooner.
pub const MOST_INPUTS: usize = 10_000;

/// Copies of a large request at the same time, for each processor: one that its guest has, and one that is
/// being made.
const COPIES_FOR_EACH_PROCESSOR: usize = 2;

/// One program and its inputs.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Everything but the input.
    pub request: Invocation,
    /// The inputs, each JSON text of one object.
    pub inputs: Vec<String>,
    /// Executions at the same time. 0: the processors there are. Never more than the tenant's slots.
    pub parallelism: usize,
}

/// A batch that runs. Dropping it stops what is under way and begins nothing more.
pub struct BatchRun {
    answers: mpsc::Receiver<BatchItem>,
    #[expect(dead_code, reason = "stops the workers when dropped")]
    workers: Vec<Worker>,
}

#[expect(dead_code, reason = "stops the worker when dropped")]
enum Worker {
    WhereGuestsCompute(Spawned<()>),
    Aside(Task<()>),
}

/// What the workers of a batch share.
struct Shared {
    service: Service,
    call: Call,
    request: Invocation,
    waiting: Mutex<std::iter::Enumerate<std::vec::IntoIter<String>>>,
    #[expect(dead_code, reason = "gives the memory of request and inputs back when dropped")]
    memory: Reserved,
}

impl Service {
    /// Begins a batch. What is wrong with one input is that input's answer, what is wrong with all is this
    /// call's.
    pub fn execute_batch(&self, call: &Call, batch: Batch) -> Result<BatchRun, Error> {
        if batch.inputs.len() > MOST_INPUTS {
            let reason =
                format!("has {} inputs, a batch takes {MOST_INPUTS}: send several", batch.inputs.len());
            return Err(Error::invalid("inputs_json", reason));
        }
        idempotency::not_for(&batch.request, "a batch")?;
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
        let bytes = memory::of_asked(&batch.request);
        let memory = self.reserve(&call.tenant, bytes + total as u64)?;
        let asked = if batch.parallelism == 0 { self.processors() } else { batch.parallelism };
        let mut workers = asked.clamp(1, call.tenant.config().slots).min(batch.inputs.len());
        let is_large = bytes > MUCH && self.inner().engine.computes_on_own_threads();
        if is_large {
            workers = workers.min(COPIES_FOR_EACH_PROCESSOR * self.processors());
        }
        let shared = Arc::new(Shared {
            service: self.clone(),
            call: call.clone(),
            request: batch.request,
            waiting: Mutex::new(batch.inputs.into_iter().enumerate()),
            memory,
        });
        let (sender, answers) = mpsc::channel(workers.max(1));
        let workers = (0..workers).map(|_| {
            let work = work(Arc::clone(&shared), sender.clone());
            if is_large {
                Worker::Aside(spawn_aside(&call.tenant, work))
            } else {
                Worker::WhereGuestsCompute(self.inner().engine.spawn(work))
            }
        });
        Ok(BatchRun { answers, workers: workers.collect() })
    }
}

impl BatchRun {
    /// The next item that has ended: its place among the inputs, from 0, and its answer. None after the last.
    pub async fn next(&mut self) -> Option<BatchItem> {
        self.answers.recv().await
    }
}

/// Executes one item after another until there are no more, or nobody wants them.
async fn work(shared: Arc<Shared>, answers: mpsc::Sender<BatchItem>) {
    loop {
        let next = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((index, input_json)) = next else { return };
        let answer = execute(&shared.service, &shared.call, &shared.request, input_json).await;
        if answers.send((index, answer)).await.is_err() {
            return;
        }
        // An item that is refused waits for nothing, and thousands of them would be one piece of work.
        tokio::task::yield_now().await;
    }
}

/// One item. It was accepted with its batch, so where there is no room now it is tried again until the call's
/// deadline, or, without one, until the queue timeout.
async fn execute(
    service: &Service,
    call: &Call,
    request: &Invocation,
    input_json: String,
) -> Result<Execution, Error> {
    let end = call.deadline.unwrap_or_else(|| Instant::now() + service.queue_timeout());
    // An item is a request like others; where they are too many for a minute, the batch goes slower.
    while let Err(used_up) = call.tenant.0.quota.count_request() {
        if let Some(why) = call.tenant.is_stopped() {
            return Err(Error::Stopped(why));
        }
        if Instant::now() + used_up.retry_after >= end {
            return Err(used_up.into());
        }
        tokio::time::sleep(used_up.retry_after).await;
    }
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
