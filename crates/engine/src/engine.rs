//! The engine: one pool of slots, shared by all images.

use crate::config::{EngineConfig, pooled_config};
use crate::error::EngineError;
use crate::host;
use crate::host::room;
use crate::reset::reuse::Places;
use crate::schedule::Seats;
use crate::schedule::threads::Threads;
use crate::watch::{Health, Watchdog};
use std::sync::{Arc, OnceLock};
use tokio::runtime::Handle;

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
    pub(crate) watchdog: Arc<Watchdog>,
    /// Says that all guests are to end now.
    pub(crate) end: tokio::sync::watch::Sender<bool>,
    /// None: guests compute on the threads that poll their futures.
    pub(crate) threads: OnceLock<Arc<Threads>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.get() {
            threads.end();
        }
    }
}

impl Engine {
    /// Ends all guests, those that come later, too: with [`EngineError::Shutdown`].
    pub fn end_guests(&self) {
        // Those that compute see the one, those that sleep or wait are woken by the other.
        self.inner.seats.end();
        self.inner.end.send_replace(true);
    }

    /// Reserves the pool's address space; takes milliseconds and little memory.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let start = |error: wasmtime::Error| EngineError::Start(format!("{error:#}"));
        room::want_no_huge_pages();
        room::want_no_large_leftovers();
        let wasm = wasmtime::Engine::new(&pooled_config(&config)).map_err(start)?;
        let linker = host::linker(&wasm, config.blocked_clock).map_err(start)?;
        let seats = Arc::new(Seats::new(config.seats));
        let places = Places::new(config.kept());
        let watchdog =
            Watchdog::start().map_err(|error| EngineError::Start(format!("no thread: {error}")))?;
        let threads = OnceLock::new();
        let inner = Inner {
            wasm,
            linker,
            config,
            seats,
            places,
            watchdog,
            end: tokio::sync::watch::Sender::new(false),
            threads,
        };
        Ok(Engine { inner: Arc::new(inner) })
    }

    /// From now on guests compute on threads of their own, and whoever polls their futures only waits for
    /// them: for servers, whose sockets and timers no guest must stop. Timers of guests run in `runtime`. In
    /// a program that does nothing else, going to another thread and back would take longer than a short
    /// execution.
    pub fn compute_on_own_threads(&self, runtime: Handle) -> Result<(), EngineError> {
        // One more than can compute, so that somebody is there to receive who comes.
        let threads = Threads::start(self.inner.config.seats.max(1) + 1, runtime);
        let threads = threads.map_err(|error| EngineError::Start(format!("no threads: {error}")))?;
        self.inner.watchdog.set_threads(&threads);
        if let Err(second) = self.inner.threads.set(threads) {
            second.end();
        }
        Ok(())
    }

    /// Whether guests compute on threads of the engine's own, and not where their future is polled.
    pub fn computes_on_own_threads(&self) -> bool {
        self.inner.threads.get().is_some()
    }

    /// How its guests are.
    pub fn health(&self) -> Health {
        self.inner.watchdog.health()
    }

    /// Ready when a guest has taken a thread of the process for ever: then it should end, for its supervisor
    /// to start it again.
    pub async fn stuck(&self) {
        self.inner.watchdog.stuck().await;
    }

    /// The configuration in force.
    pub fn config(&self) -> &EngineConfig {
        &self.inner.config
    }
}
