//! Functions: programs that are kept under a name, their top level run ahead of their calls.
//!
//! ```text
//! put  ─ contract, imports ─▶ definition ─ top level in a guest ─▶ checkpoint, signature ─▶ store
//! call ─ name, alias ─▶ version ─ cache, else store, else top level again ─▶ checkpoint ─▶ main in a fresh guest
//! ```
//!
//! The store holds what a function is; a checkpoint is made anew wherever it is missing, damaged, or of
//! another image.

mod call;
mod census;
mod contract;
mod convert;
mod convert_dify;
mod definition;
mod files;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod list;
mod load;
mod manage;
mod members;
mod put;
mod python_text;
pub(crate) mod references;
mod schema;
mod stored;
mod words;

pub use list::{FunctionPage, ListFunctions};
pub use put::Put;

use ampoule_engine::{Checkpoint, Image};
use ampoule_model::{Contract, RequestedLimits};
use ampoule_store::{FunctionStore, StoreQuota};
use census::Census;
use definition::Definition;
use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use std::sync::Arc;

/// What an entry of the cache costs beside its checkpoint and its contract, in bytes.
const ENTRY_OVERHEAD: u64 = 4 << 10;

/// What tenants may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionsConfig {
    /// What each tenant may keep in the store.
    pub room: StoreQuota,
    /// The largest checkpoint, in bytes: what a top level may leave in memory.
    pub checkpoint_bytes: u64,
    /// Checkpoints kept in memory, in bytes; out of [`crate::ServiceConfig::memory_bytes`].
    pub cache_bytes: u64,
}

impl Default for FunctionsConfig {
    fn default() -> Self {
        FunctionsConfig {
            room: StoreQuota { functions: 1000, versions: 100, bytes: 1 << 30 },
            checkpoint_bytes: 64 << 20,
            cache_bytes: 256 << 20,
        }
    }
}

/// The functions of all tenants.
pub(crate) struct Functions {
    store: FunctionStore,
    /// What tenants keep, as counted last.
    pub(crate) census: Census,
    config: FunctionsConfig,
    loaded: Cache<Key, Arc<Loaded>, Bytes>,
}

/// Tenant, function, version.
type Key = (String, String, String);

/// A version that is ready to be called: of its definition what calls need.
pub(crate) struct Loaded {
    version: String,
    contract: Contract,
    limits: RequestedLimits,
    /// Paths of its files.
    files: Vec<String>,
    checkpoint: Checkpoint,
    image: Image,
}

impl Loaded {
    fn new(version: &str, definition: &Definition, checkpoint: Checkpoint, image: Image) -> Self {
        let (contract, limits) = (definition.contract.clone(), definition.limits());
        let files = definition.files().iter().map(|file| file.path.clone()).collect();
        Loaded { version: version.to_owned(), contract, limits, files, checkpoint, image }
    }

    /// What it takes of memory, in bytes.
    fn size(&self) -> u64 {
        let variables = self.contract.inputs.iter().chain(&self.contract.outputs);
        let texts = variables.map(|variable| variable.name.len() + variable.description.len() + 64);
        let files = self.files.iter().map(|path| path.len() + 64);
        (self.checkpoint.size() + texts.sum::<usize>() + files.sum::<usize>()) as u64 + ENTRY_OVERHEAD
    }
}

#[derive(Clone)]
struct Bytes;

impl Weighter<Key, Arc<Loaded>> for Bytes {
    fn weight(&self, _: &Key, loaded: &Arc<Loaded>) -> u64 {
        loaded.size()
    }
}

impl Functions {
    pub(crate) fn new(store: FunctionStore, config: FunctionsConfig) -> Self {
        // Checkpoints of a few MiB are the rule; only sizes the cache's tables.
        let entries = (config.cache_bytes / (1 << 20)).clamp(16, 1 << 16) as usize;
        // One shard: each of several would hold a part only, and refuse what is larger than that part.
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(entries)
            .weight_capacity(config.cache_bytes)
            .build()
            .expect("all that a cache must be told is told");
        let loaded = Cache::with_options(options, Bytes, Default::default(), Default::default());
        Functions { store, census: Census::default(), config, loaded }
    }

    /// What checkpoints in memory take, in bytes.
    pub(crate) fn checkpoint_bytes(&self) -> u64 {
        self.loaded.weight()
    }
}
