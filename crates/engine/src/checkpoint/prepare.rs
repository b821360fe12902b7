//! Preparing: the top level of a program is run once, and what it leaves is kept.

use crate::checkpoint::Checkpoint;
use crate::config::code_config;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::execute::run::Entered;
use crate::execute::timing::Computed;
use crate::execute::work::Work;
use crate::guest::{EntryPoint, Guest};
use crate::image::{Image, map_code};
use crate::job::{Job, Preparation, Prepared};
use crate::reset::dirty;
use crate::schedule::CpuLease;
use ampoule_model::Status;
use std::pin::pin;
use wasmtime::{Instance, Linker, Memory, Store};

/// A checkpoint while it is made: its pages in a buffer that grows, and the copy that is kept.
const COPIES: u64 = 2;

impl Engine {
    /// Runs the top level of a program and keeps what it leaves, for calls of its `main`. The program's entry
    /// is `main`: the others have no top level apart from their call. `job.input_json` is not looked at.
    ///
    /// Within the job's limits, as any execution; comparing what it wrote with the image takes about a
    /// millisecond for each two mebibytes on top, on the same account. More than `most` bytes are
    /// [`EngineError::LargeCheckpoint`]. Needs a tokio runtime with time enabled.
    pub async fn checkpoint(
        &self,
        image: &Image,
        job: &Job<'_>,
        most: u64,
    ) -> Result<Preparation, EngineError> {
        let prepare = |engine: Engine, work| async move { engine.prepare(&work, most).await };
        self.work(image, job, EntryPoint::Prepare, prepare).await
    }

    async fn prepare(&self, work: &Work, most: u64) -> Result<Preparation, EngineError> {
        let Entered { outcome, signature, mut guest, mut turn, .. } = self.enter(work).await?;
        if outcome.status != Status::Completed {
            return Ok(Preparation::Failed(Box::new(outcome)));
        }
        let (seat, watch) = (turn.seat(), guest.watch()?);
        let checkpoint = {
            let taking = pin!(take(work, &mut guest, &mut turn, most));
            let watchdog = &self.inner.watchdog;
            Computed { future: taking, seat: &seat, share: &work.share, watchdog, watch: &watch }.await?
        };
        // The account pays for the reset, too.
        drop(guest);
        drop(turn);
        Ok(Preparation::Ready(Box::new(Prepared { checkpoint, outcome, signature_json: signature })))
    }
}

/// Takes the checkpoint of a guest that has ended, which has its seat meanwhile: its account pays.
async fn take(
    work: &Work,
    guest: &mut Guest,
    turn: &mut CpuLease,
    most: u64,
) -> Result<Checkpoint, EngineError> {
    if let Some(memory) = &work.memory {
        let dirty = dirty::dirty_bytes(guest.live.memory.data(&guest.live.store));
        let dirty = dirty.unwrap_or(guest.live.memory.data_size(&guest.live.store) as u64);
        let bytes = COPIES * dirty.min(most);
        if !memory.try_grow(bytes) {
            let grown = turn.wait_for(memory.grow(bytes)).await;
            grown
                .map_err(|_| EngineError::Waited { waited: turn.waited() })?
                .map_err(EngineError::NoMemory)?;
        }
    }
    let pristine = match work.image.inner.pristine.get() {
        Some(pristine) => pristine,
        None => {
            let mapped = turn.wait_for(Pristine::mapped(&work.image)).await;
            mapped.map_err(|_| EngineError::Waited { waited: turn.waited() })??
        }
    };
    Checkpoint::take(guest, work.image.digest(), pristine.bytes(), most, turn).await
}

/// The memory of an image as every guest finds it: one that nobody runs, outside of the pool, so that it
/// needs no slot.
pub(crate) struct Pristine {
    store: Store<()>,
    memory: Memory,
}

impl Pristine {
    /// That of an image, which is mapped once.
    async fn mapped(image: &Image) -> Result<&Pristine, EngineError> {
        let map = || async {
            let image = image.clone();
            // It takes milliseconds: too long for a thread that serves others.
            let mapping = tokio::task::spawn_blocking(move || Pristine::of(&image));
            mapping.await.map_err(|error| EngineError::Guest(error.to_string()))?
        };
        image.inner.pristine.get_or_try_init(map).await
    }

    fn of(image: &Image) -> Result<Self, EngineError> {
        let fault = |error: wasmtime::Error| EngineError::Guest(format!("{error:#}"));
        let engine = wasmtime::Engine::new(&code_config()).map_err(fault)?;
        let module = map_code(&engine, &image.inner.file).map_err(EngineError::Guest)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&module).map_err(fault)?;
        let mut store = Store::new(&engine, ());
        let instance: Instance = linker.instantiate(&mut store, &module).map_err(fault)?;
        let memory = instance.get_memory(&mut store, "memory");
        let memory =
            memory.ok_or_else(|| EngineError::Guest("the export 'memory' is not a memory".into()))?;
        Ok(Pristine { store, memory })
    }

    fn bytes(&self) -> &[u8] {
        self.memory.data(&self.store)
    }
}
