//! Preparing: the top level of a program is run once, and what it leaves is kept.

use crate::checkpoint::Checkpoint;
use crate::config::code_config;
use crate::dirty;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guest::Door;
use crate::image::{Image, map_code};
use crate::job::{Job, Preparation, Prepared};
use crate::run::Entered;
use crate::work::Work;
use ampoule_world::Status;
use wasmtime::{Instance, Linker, Memory, Store};

/// A checkpoint while it is made: its pages in a buffer that grows, and the copy that is kept.
const COPIES: u64 = 2;

impl Engine {
    /// Runs the top level of a program and keeps what it leaves, for calls of its `main`. The program's entry is `main`: the
    /// others have no top level apart from their call. `job.input_json` is not looked at.
    ///
    /// Within the job's limits, as any execution; comparing memory with the image's takes tens of milliseconds on top.
    /// Needs a tokio runtime with time enabled.
    pub async fn checkpoint(&self, image: &Image, job: &Job<'_>) -> Result<Preparation, EngineError> {
        self.work(image, job, Door::Prepare, |engine, work| async move { engine.prepare(&work).await }).await
    }

    async fn prepare(&self, work: &Work) -> Result<Preparation, EngineError> {
        let Entered { outcome, signature, mut guest, turn, .. } = self.enter(work).await?;
        if outcome.status != Status::Completed {
            return Ok(Preparation::Failed(Box::new(outcome)));
        }
        drop(turn);
        if let Some(memory) = &work.memory {
            let dirty = dirty::dirty_bytes(guest.live.memory.data(&guest.live.store));
            let dirty = dirty.unwrap_or(guest.live.memory.data_size(&guest.live.store) as u64);
            memory.grow(COPIES * dirty).await.map_err(EngineError::NoMemory)?;
        }
        // Mapping the image takes milliseconds: too long for a thread that serves others. The guest stays here, so that its
        // slot is free as soon as this future is dropped.
        let mapped = work.image.clone();
        let mapping = tokio::task::spawn_blocking(move || Pristine::of(&mapped));
        let pristine = mapping.await.map_err(|error| EngineError::Guest(error.to_string()))??;
        let checkpoint = Checkpoint::take(&mut guest, work.image.digest(), pristine.bytes()).await?;
        Ok(Preparation::Ready(Box::new(Prepared { checkpoint, outcome, signature_json: signature })))
    }
}

/// The memory of an image as every guest finds it: one that nobody runs, outside of the pool, so that it needs no slot.
struct Pristine {
    store: Store<()>,
    memory: Memory,
}

impl Pristine {
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
