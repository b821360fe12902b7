//! One execution from job to outcome: a seat, a guest, its limits.

use crate::conclude::{self, Ending};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guest::{Door, Guest};
use crate::host::GuestState;
use crate::image::Image;
use crate::job::{Compilation, Compiled, Job, Start};
use crate::schedule::{Ground, Turn};
use crate::timing::Computed;
use crate::work::Work;
use ampoule_world::{Limit, Outcome, Status};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

impl Engine {
    /// Compiles a program in a guest of its own that runs nothing of it.
    ///
    /// For [`ampoule_world::Entry::Body`] the code depends on the input's keys, so `job.input_json` must be the same
    /// for every execution that uses the code: pass the keys with null values.
    /// Needs a tokio runtime with time enabled.
    pub async fn compile(&self, image: &Image, job: &Job<'_>) -> Result<Compilation, EngineError> {
        self.work(image, job, Door::Compile, |engine, work| async move {
            let digest = Arc::clone(&work.image.inner.digest);
            let Entered { outcome, code, .. } = engine.enter(&work).await?;
            Ok(match code {
                Some(code) if outcome.status == Status::Completed => Compilation::Ready(Compiled {
                    code,
                    fuel: outcome.usage.fuel,
                    cpu_time: outcome.usage.cpu_time,
                    image_digest: digest,
                    last_fuel: Arc::default(),
                }),
                _ => Compilation::Failed(Box::new(outcome)),
            })
        })
        .await
    }

    /// Runs a program, or calls one that was prepared, in a fresh guest. Dropping the future stops the guest within one
    /// slice of fuel. Needs a tokio runtime with time enabled.
    pub async fn run(&self, image: &Image, job: &Job<'_>) -> Result<Outcome, EngineError> {
        let door = match job.start {
            Start::Program { .. } => Door::Run,
            Start::Checkpoint(_) => Door::Call,
        };
        self.work(image, job, door, |engine, work| async move {
            let Entered { outcome, answered, guest, turn, .. } = engine.enter(&work).await?;
            if let Some(last_fuel) = &work.last_fuel {
                last_fuel.store(outcome.usage.fuel.saturating_sub(work.compiling), Ordering::Relaxed);
                if answered && (guest.was_kept() || engine.computes_long(&work)) {
                    guest.keep(&engine).await?;
                }
            }
            // The account pays for the reset, too.
            drop(turn);
            Ok(outcome)
        })
        .await
    }

    /// Does `what` of an execution where guests compute, and waits for it.
    pub(crate) async fn work<F, T>(
        &self,
        image: &Image,
        job: &Job<'_>,
        door: Door,
        what: impl FnOnce(Engine, Work) -> F,
    ) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, EngineError>> + Send + 'static,
        T: Send + 'static,
    {
        let threads = self.inner.threads.get();
        let given_up = GivenUp::default();
        let ground = Ground { shared: threads.is_none(), given_up: Arc::clone(&given_up.0) };
        let work = Work::of(image, job, door, ground)?;
        let execution = what(self.clone(), work);
        match threads {
            None => execution.await,
            Some(threads) => threads.run(execution).await,
        }
    }

    /// Whether it is a program that computed for long the last time.
    fn computes_long(&self, work: &Work) -> bool {
        let last_fuel = work.last_fuel.as_ref().map_or(0, |fuel| fuel.load(Ordering::Relaxed));
        last_fuel >= self.inner.config.kept_from_fuel
    }

    pub(crate) async fn enter(&self, work: &Work) -> Result<Entered, EngineError> {
        let arrived = Instant::now();
        let limits = work.remaining();
        let turn = Turn::begin(&self.inner.seats, &work.share, limits.wall_time, work.ground.clone()).await;
        let started = turn.seated();
        let image = &work.image;
        let image_bytes = image.manifest().initial_memory_bytes;
        let slice = self.inner.config.fuel_slice;
        let state = GuestState::new(&limits, image_bytes, slice, work.deterministic, turn, work.tap.clone());
        let mut guest = if work.door == Door::Run && self.computes_long(work) {
            Guest::start_kept(self, image, work.door, state).await?
        } else {
            Guest::start(self, image, work.door, state).await?
        };
        let mut cpu_time = Duration::ZERO;
        let called = {
            let watch = guest.watch()?;
            let call = pin!(async {
                if let Some(checkpoint) = &work.checkpoint {
                    checkpoint.restore(&mut guest).await?;
                }
                guest.call(&work.request).await
            });
            let total = &mut cpu_time;
            let call = Computed { future: call, total, watchdog: &self.inner.watchdog, watch: &watch };
            tokio::time::timeout(limits.wall_time, call).await
        };
        guest.came_back();
        let ending = match called {
            Err(_) => Ending::Stopped(Limit::WallTime),
            Ok(Ok(packed)) => Ending::Answered(packed),
            Ok(Err(error)) => conclude::classify(&error, &guest),
        };
        let answered = matches!(ending, Ending::Answered(_));
        // The last charge may go beyond the limit; nobody is told to have used more than they had.
        let fuel = guest.fuel_used().min(limits.fuel) + (work.limits.fuel - limits.fuel);
        let output = guest.take_output();
        let mut turn = guest.take_turn()?;
        let (mut outcome, code, signature) = conclude::conclude(&guest, ending, work, &mut turn).await;
        outcome.usage.fuel = fuel;
        outcome.usage.peak_memory_bytes = guest.memory_bytes();
        outcome.usage.cpu_time = cpu_time;
        outcome.usage.output_bytes = output.written;
        outcome.stdout = conclude::output_text(output.stdout, output.stdout_truncated, &mut turn).await;
        outcome.stderr = conclude::output_text(output.stderr, output.stderr_truncated, &mut turn).await;
        outcome.stdout_truncated = output.stdout_truncated;
        outcome.stderr_truncated = output.stderr_truncated;
        outcome.usage.wall_time = started.elapsed();
        outcome.usage.queue_time = started - arrived;
        Ok(Entered { outcome, answered, code, signature, guest, turn })
    }
}

/// A guest that has answered or was stopped, and what came of it.
pub(crate) struct Entered {
    pub(crate) outcome: Outcome,
    /// It came to its end by itself.
    answered: bool,
    code: Option<Arc<[u8]>>,
    pub(crate) signature: Option<String>,
    pub(crate) guest: Guest,
    /// Its seat, which goes after the guest: the account pays for the reset, too.
    pub(crate) turn: Turn,
}

/// Dropped with the future that waits for an execution.
#[derive(Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
