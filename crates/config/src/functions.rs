//! `[functions]` in the configuration file.

use ampoule_service::{FunctionStore, LocalObjectStore, StoreQuota};
use ampoule_tenants::units::Bytes;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Where functions are kept, and how much of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FunctionsConfig {
    /// The folder that they are kept in; empty: none are kept.
    folder: PathBuf,
    /// Functions that a tenant can keep.
    functions: usize,
    /// Versions of each.
    versions: usize,
    /// Definitions and checkpoints of a tenant together.
    bytes: Bytes,
    /// The most that a top level may leave in memory.
    checkpoint: Bytes,
    /// Checkpoints kept in memory; out of `memory`.
    cache: Bytes,
}

impl Default for FunctionsConfig {
    fn default() -> Self {
        let granted = ampoule_service::FunctionsConfig::default();
        FunctionsConfig {
            folder: crate::data::folder("functions").unwrap_or_default(),
            functions: granted.room.functions,
            versions: granted.room.versions,
            bytes: Bytes(granted.room.bytes),
            checkpoint: Bytes(granted.checkpoint_bytes),
            cache: Bytes(granted.cache_bytes),
        }
    }
}

impl FunctionsConfig {
    /// What tenants may keep.
    pub fn granted(&self) -> ampoule_service::FunctionsConfig {
        // Where no functions are kept, executions have the memory of checkpoints.
        let kept = if self.folder.as_os_str().is_empty() { 0 } else { u64::MAX };
        ampoule_service::FunctionsConfig {
            room: StoreQuota { functions: self.functions, versions: self.versions, bytes: self.bytes.0 },
            checkpoint_bytes: self.checkpoint.0.min(kept),
            cache_bytes: self.cache.0.min(kept),
        }
    }

    /// The store, or none.
    pub fn store(&self) -> Result<Option<FunctionStore>, String> {
        if self.folder.as_os_str().is_empty() {
            return Ok(None);
        }
        let folder = LocalObjectStore::open(&self.folder).map_err(|error| {
            let folder = self.folder.display();
            format!("cannot keep functions in {folder}: {error}: set functions.folder to one that can be written to, or to \"\"")
        })?;
        Ok(Some(FunctionStore::new(Arc::new(folder))))
    }
}
