//! The service: from a request to its outcome.

use crate::admission::{Admitted, admit};
use crate::config::{ServiceConfig, Sizes};
use crate::error::Error;
use crate::images::Images;
use crate::programs::{Prepared, Programs};
use crate::queue::Queue;
use ampoule_engine::{Compiled, Engine, Job, Start};
use ampoule_world::{Limits, Outcome, Request, Status};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Executes requests. Cheap to clone.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    config: ServiceConfig,
    engine: Engine,
    images: Images,
    queue: Queue,
    programs: Programs,
}

/// An executed request.
#[derive(Clone, Debug)]
pub struct Execution {
    /// How it ended and what it left.
    pub outcome: Outcome,
    /// Identity of the image it ran in: a sha256 in hex.
    pub image_digest: String,
}

impl Service {
    /// A service on `engine`, which must be the one that loaded `images` and be configured as `config.engine` says.
    pub fn new(config: ServiceConfig, engine: Engine, images: Images) -> Self {
        let queue = Queue::new(config.engine.slots as usize, config.queue);
        let programs = Programs::new(config.program_cache_bytes);
        Service { inner: Arc::new(Inner { config, engine, images, queue, programs }) }
    }

    /// Executes one request. Dropping the future stops it within one slice of fuel and frees its slot.
    pub async fn execute(&self, request: Request) -> Result<Execution, Error> {
        // A bug must cost one request, not its connection or the server.
        AssertUnwindSafe(self.admit_and_run(request)).catch_unwind().await.unwrap_or(Err(Error::Panicked))
    }

    /// The images, for listing.
    pub fn images(&self) -> &Images {
        &self.inner.images
    }

    /// The largest requests taken.
    pub fn sizes(&self) -> &Sizes {
        &self.inner.config.sizes
    }

    /// From now on requests are refused; those that were admitted already are served.
    pub fn drain(&self) {
        self.inner.queue.drain();
    }

    /// Executions that have a slot now.
    pub fn running(&self) -> usize {
        self.inner.queue.running()
    }

    /// Requests that wait for a slot now.
    pub fn waiting(&self) -> usize {
        self.inner.queue.waiting()
    }

    async fn admit_and_run(&self, request: Request) -> Result<Execution, Error> {
        let arrived = Instant::now();
        let admitted = admit(&self.inner.config, &self.inner.images, request)?;
        let _slot = self.inner.queue.slot().await?;
        let queue_time = arrived.elapsed();
        let mut outcome = self.run(&admitted).await?;
        outcome.usage.queue_time = queue_time;
        Ok(Execution { outcome, image_digest: admitted.image.digest().to_owned() })
    }

    async fn run(&self, admitted: &Admitted) -> Result<Outcome, Error> {
        let started = Instant::now();
        let engine = &self.inner.engine;
        let mut limits = admitted.limits;
        let compiled = match self.inner.programs.prepare(engine, admitted).await? {
            Prepared::Known(compiled) => Compiled { cpu_time: Duration::ZERO, ..compiled },
            Prepared::Fresh(compiled) => compiled,
            Prepared::Failed(outcome) => return Ok(*outcome),
        };
        // Compiling, or waiting for it, is part of the execution.
        let preparing = started.elapsed();
        limits.wall_time = limits.wall_time.saturating_sub(preparing);
        let job = Job {
            start: Start::Program { program: &admitted.program, compiled: Some(&compiled) },
            input_json: &admitted.input_json,
            files: &admitted.files,
            environment: &admitted.environment,
            limits,
            deterministic: admitted.deterministic,
        };
        let mut outcome = engine.run(&admitted.image, &job).await?;
        outcome.usage.wall_time += preparing;
        outcome.usage.cpu_time += compiled.cpu_time;
        tell_whole_wall_time(&mut outcome, &admitted.limits);
        Ok(outcome)
    }
}

/// The engine was given what compiling had left of the wall time; the message names the limit as it was asked for.
fn tell_whole_wall_time(outcome: &mut Outcome, limits: &Limits) {
    if outcome.status == Status::TimedOut
        && let Some(failure) = &mut outcome.failure
    {
        let seconds = limits.wall_time.as_secs_f64();
        failure.message =
            format!("stopped after {seconds} s of wall time: do less or raise limits.wall_time");
    }
}
