//! One execution from job to outcome: a seat, a guest, its limits.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::execute::conclude::{self, Ending};
use crate::execute::timing::Computed;
use crate::execute::work::Work;
use crate::guest::{EntryPoint, Guest};
use crate::host::GuestState;
use crate::host::room::Room;
use crate::image::Image;
use crate::job::{Compilation, Compiled, Job, Start};
use crate::reset::history::Reuse;
use crate::schedule::threads::{self, Running};
use crate::schedule::{CpuLease, GivenUp, Ground, Others, Seat, Time};
use ampoule_model::{Limit, Outcome, Status};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

impl Engine {
    /// Compiles a program in a guest of its own that runs nothing of it.
    ///
    /// For [`ampoule_model::Entry::Body`] the code depends on the input's keys, so `job.input_json` must be
    /// the same for every execution that uses the code: pass the keys with null values. Needs a tokio runtime
    /// with time enabled.
    pub async fn compile(&self, image: &Image, job: &Job<'_>) -> Result<Compilation, EngineError> {
        self.work(image, job, EntryPoint::Compile, |engine, work| async move {
            let digest = Arc::clone(&work.image.inner.digest);
            let Entered { outcome, code, .. } = engine.enter(&work).await?;
            Ok(match code {
                Some(code) if outcome.status == Status::Completed => Compilation::Ready(Compiled {
                    code,
                    fuel: outcome.usage.fuel,
                    wall_time: outcome.usage.wall_time,
                    cpu_time: outcome.usage.cpu_time,
                    image_digest: digest,
                    history: Arc::default(),
                }),
                _ => Compilation::Failed(Box::new(outcome)),
            })
        })
        .await
    }

    /// Runs a program, or calls one that was prepared, in a fresh guest. Dropping the future stops the guest
    /// within one slice of fuel. Needs a tokio runtime with time enabled.
    pub async fn run(&self, image: &Image, job: &Job<'_>) -> Result<Outcome, EngineError> {
        let entry_point = match job.start {
            Start::Program { .. } => EntryPoint::Run,
            Start::Checkpoint(_) => EntryPoint::Call,
        };
        self.work(image, job, entry_point, |engine, work| async move {
            let Entered { outcome, answered, guest, turn, .. } = engine.enter(&work).await?;
            if let Some(history) = &work.history {
                let fuel = outcome.usage.fuel.saturating_sub(work.compiling.fuel);
                history.last_fuel.store(fuel, Ordering::Relaxed);
                if answered {
                    guest.tell(history, fuel);
                    if guest.was_kept() || engine.reuse(&work).is_some() {
                        guest.keep(&engine).await?;
                    }
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
        entry_point: EntryPoint,
        what: impl FnOnce(Engine, Work) -> F,
    ) -> Result<T, EngineError>
    where
        F: Future<Output = Result<T, EngineError>> + Send + 'static,
        T: Send + 'static,
    {
        let (threads, within) = (self.inner.threads.get(), threads::current());
        let others = match (threads, &within) {
            (None, _) => Others::Many,
            (Some(_), Some(_)) => Others::OwnTask,
            (Some(_), None) => Others::None,
        };
        let given_up = within.clone().unwrap_or_default();
        let ground = Ground { others, given_up: given_up.clone() };
        let work = Work::of(image, job, entry_point, ground)?;
        let execution = what(self.clone(), work);
        match threads {
            Some(threads) if within.is_none() => threads.execute(execution, given_up).await,
            _ => execution.await,
        }
    }

    /// Runs a future where guests compute, with all the executions that it waits for: for callers that do
    /// more than one, or more than wait. Dropping the returned one stops it, and them. Needs a tokio runtime
    /// with time enabled.
    pub fn spawn<F>(&self, future: F) -> Spawned<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        match self.inner.threads.get() {
            Some(threads) => Spawned(Where::Threads(threads.run(future, GivenUp::default()))),
            None => Spawned(Where::Runtime(tokio::spawn(future))),
        }
    }

    /// Which guests that are kept it may have, as its program was before.
    fn reuse(&self, work: &Work) -> Option<Reuse> {
        let long = self.inner.config.reuse_from_fuel;
        work.history.as_ref().map_or((long == 0).then_some(Reuse::Any), |history| Reuse::of(history, long))
    }

    pub(crate) async fn enter(&self, work: &Work) -> Result<Entered, EngineError> {
        let arrived = Instant::now();
        let limits = work.remaining();
        let time = Time {
            wall: limits.wall_time,
            cpu: limits.cpu_time,
            waiting: self.inner.config.processor_timeout,
        };
        let began = CpuLease::begin(&self.inner.seats, &work.share, time, work.ground.clone()).await;
        let turn = began.map_err(|_| EngineError::Waited { waited: arrived.elapsed() })?;
        let (started, seat) = (turn.started(), turn.seat());
        let image = &work.image;
        let image_bytes = image.manifest().initial_memory_bytes;
        let slice = self.inner.config.fuel_slice;
        let mut state = GuestState::new(
            &limits,
            image_bytes,
            slice,
            work.deterministic,
            turn,
            work.output_stream.clone(),
        );
        let reuse = self.reuse(work).filter(|_| work.entry_point == EntryPoint::Run);
        if let Some(grant) = &work.memory {
            let resident = self.inner.config.keep_resident_bytes as u64;
            let begins_with = reuse.map_or(0, Reuse::most_bytes).max(resident);
            let request = work.request.len() as u64;
            state.room = Some(Room::new(Arc::clone(grant), begins_with, request));
        }
        let mut guest = match reuse {
            Some(which) => Guest::start_kept(self, image, work.entry_point, state, which).await?,
            None => Guest::start(self, image, work.entry_point, state).await?,
        };
        let called = {
            let watch = guest.watch()?;
            let call = pin!(async {
                if let Some(checkpoint) = &work.checkpoint {
                    checkpoint.restore(&mut guest).await?;
                }
                guest.call(&work.request).await
            });
            let watchdog = &self.inner.watchdog;
            let call = Computed { future: call, seat: &seat, share: &work.share, watchdog, watch: &watch };
            within_wall_time(call, &seat, self.inner.end.subscribe()).await
        };
        seat.has_ended();
        guest.came_back();
        if matches!(called, Err(Cut::WallTime)) {
            guest.sit_again().await;
        }
        let ending = match called {
            Err(Cut::WallTime) => Ending::Stopped(Limit::WallTime),
            Err(Cut::Shutdown) => Ending::Shutdown,
            Ok(Ok(packed)) => Ending::Answered(packed),
            Ok(Err(error)) => conclude::classify(&error, &guest),
        };
        let ending = match ending {
            Ending::Answered(packed) => {
                guest.room_for_answer(packed).await.unwrap_or(Ending::Answered(packed))
            }
            ending => ending,
        };
        match ending {
            Ending::Waited => return Err(EngineError::Waited { waited: guest.take_turn()?.waited() }),
            Ending::Shutdown => return Err(EngineError::Shutdown),
            Ending::NoMemory => return Err(EngineError::NoMemory(guest.why_no_memory())),
            _ => {}
        }
        let answered = matches!(ending, Ending::Answered(_));
        let is_timed = matches!(ending, Ending::Stopped(Limit::WallTime | Limit::CpuTime | Limit::Fuel));
        // The last charge may go beyond the limit; nobody is told to have used more than they had.
        let fuel = guest.fuel_used().min(limits.fuel) + (work.limits.fuel - limits.fuel);
        let output = guest.take_output();
        let place = if is_timed && !guest.was_cut_off() { guest.place().await } else { None };
        let mut turn = guest.take_turn()?;
        let (mut outcome, code, signature) = conclude::conclude(&guest, ending, work, &mut turn).await;
        if let (Some((traceback, line, column)), Some(failure)) = (place, &mut outcome.failure) {
            (failure.traceback, failure.line, failure.column) = (traceback, line, column);
        }
        outcome.usage.fuel = fuel;
        outcome.usage.peak_memory_bytes = guest.memory_bytes();
        outcome.usage.cpu_time = seat.cpu_time() + work.compiling.cpu_time;
        outcome.usage.sleep_time = turn.slept();
        outcome.usage.wait_time = turn.waited();
        outcome.usage.output_bytes = output.written;
        outcome.stdout = conclude::output_text(output.stdout, output.stdout_truncated, &mut turn).await;
        outcome.stderr = conclude::output_text(output.stderr, output.stderr_truncated, &mut turn).await;
        outcome.stdout_truncated = output.stdout_truncated;
        outcome.stderr_truncated = output.stderr_truncated;
        let ran = started.elapsed().saturating_sub(turn.waited());
        outcome.usage.wall_time = ran + work.compiling.wall_time;
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
    pub(crate) turn: CpuLease,
}

/// Why a guest is not waited for any more.
enum Cut {
    WallTime,
    Shutdown,
}

/// Waits for a guest, until its wall time is over, which the time that it waits for a seat or a processor
/// puts off, or until all guests are to end.
async fn within_wall_time<T>(
    call: impl Future<Output = T>,
    seat: &Seat,
    mut ends: watch::Receiver<bool>,
) -> Result<T, Cut> {
    let mut call = pin!(call);
    let mut ends = pin!(ends.wait_for(|ends| *ends));
    let mut end = pin!(tokio::time::sleep_until(seat.end().into()));
    std::future::poll_fn(|context| {
        if let Poll::Ready(ended) = call.as_mut().poll(context) {
            return Poll::Ready(Ok(ended));
        }
        if ends.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(Cut::Shutdown));
        }
        while end.as_mut().poll(context).is_ready() {
            if seat.is_over() {
                return Poll::Ready(Err(Cut::WallTime));
            }
            end.as_mut().reset(seat.end().into());
        }
        Poll::Pending
    })
    .await
}

/// A future that runs where guests compute. Dropping it stops it.
pub struct Spawned<T>(Where<T>);

enum Where<T> {
    Threads(Running<T>),
    Runtime(JoinHandle<T>),
}

impl<T> Future for Spawned<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            Where::Threads(running) => Pin::new(running).poll(context),
            Where::Runtime(handle) => {
                match ready!(Pin::new(handle).poll(context)).map_err(JoinError::try_into_panic) {
                    Ok(output) => Poll::Ready(output),
                    Err(Ok(panic)) => std::panic::resume_unwind(panic),
                    // The runtime ends; nothing is polled any more.
                    Err(Err(_)) => Poll::Pending,
                }
            }
        }
    }
}

impl<T> Drop for Spawned<T> {
    fn drop(&mut self) {
        if let Where::Runtime(handle) = &self.0 {
            handle.abort();
        }
    }
}
