//! The engine: one pool of slots, shared by all images.

use crate::config::{EngineConfig, pooled_config};
use crate::error::EngineError;
use crate::host;
use crate::kept::Places;
use crate::schedule::Seats;
use std::sync::Arc;

/// A pool of slots in which guests live. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) wasm: wasmtime::Engine,
    pub(crate) linker: wasmtime::Linker<host::GuestState>,
    pub(crate) config: EngineConfig,
    pub(crate) seats: Arc<Seats>,
    /// For guests that are kept.
    pub(crate) places: Places,
}

impl Engine {
    /// Reserves the pool's address space; takes milliseconds and little memory.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let start = |error: wasmtime::Error| EngineError::Start(format!("{error:#}"));
        let wasm = wasmtime::Engine::new(&pooled_config(&config)).map_err(start)?;
        let linker = host::linker(&wasm).map_err(start)?;
        let seats = Arc::new(Seats::new(config.seats));
        let places = Places::new(config.kept());
        Ok(Engine { inner: Arc::new(Inner { wasm, linker, config, seats, places }) })
    }

    /// The configuration in force.
    pub fn config(&self) -> &EngineConfig {
        &self.inner.config
    }
}
