//! Functions: programs that are kept under a name, their top level run ahead of their calls.
//!
//! ```text
//! put  ─ contract, imports ─▶ definition ─ top level in a guest ─▶ checkpoint, signature ─▶ store
//! call ─ name, alias ─▶ version ─ cache, else store, else top level again ─▶ checkpoint ─▶ main in a fresh guest
//! ```
//!
//! The store holds what a function is; a checkpoint is made anew wherever it is missing, damaged, or of another image.

mod call;
mod contract;
mod convert;
mod convert_dify;
mod definition;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod load;
mod manage;
mod put;
mod python_text;
mod schema;

pub use manage::FunctionPage;
pub use put::Put;

use crate::error::{Error, quoted};
use ampoule_engine::{Checkpoint, Image};
use ampoule_store::{FunctionStore, Room};
use ampoule_world::{Contract, FunctionReference, RequestedLimits};
use definition::Definition;
use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use std::sync::Arc;

/// Longest name of a function or alias.
const LONGEST_NAME: usize = 100;

/// What an entry of the cache costs beside its checkpoint and its contract, in bytes.
const ENTRY_OVERHEAD: u64 = 4 << 10;

/// What tenants may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionsConfig {
    /// What each tenant may keep in the store.
    pub room: Room,
    /// The largest checkpoint, in bytes: what a top level may leave in memory.
    pub checkpoint_bytes: u64,
    /// Checkpoints kept in memory, in bytes; out of [`crate::ServiceConfig::memory_bytes`].
    pub cache_bytes: u64,
}

impl Default for FunctionsConfig {
    fn default() -> Self {
        FunctionsConfig {
            room: Room { functions: 1000, versions: 100, bytes: 1 << 30 },
            checkpoint_bytes: 64 << 20,
            cache_bytes: 256 << 20,
        }
    }
}

/// The functions of all tenants.
pub(crate) struct Functions {
    store: FunctionStore,
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
    checkpoint: Checkpoint,
    image: Image,
}

impl Loaded {
    fn new(version: &str, definition: &Definition, checkpoint: Checkpoint, image: Image) -> Self {
        let (contract, limits) = (definition.contract.clone(), definition.limits());
        Loaded { version: version.to_owned(), contract, limits, checkpoint, image }
    }

    /// What it takes of memory, in bytes.
    fn size(&self) -> u64 {
        let variables = self.contract.inputs.iter().chain(&self.contract.outputs);
        let texts = variables.map(|variable| variable.name.len() + variable.description.len() + 64);
        (self.checkpoint.size() + texts.sum::<usize>()) as u64 + ENTRY_OVERHEAD
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
        Functions { store, config, loaded }
    }

    /// The version that a reference means.
    async fn version(&self, tenant: &str, reference: &FunctionReference) -> Result<String, Error> {
        check_reference("function", reference)?;
        let name = &reference.name;
        let head = self.store.head(tenant, name).await?;
        if !reference.version.is_empty() {
            let version = head.version(&reference.version).ok_or_else(|| {
                Error::NotFound(format!("function '{name}' has no version {}", quoted(&reference.version)))
            })?;
            return Ok(version.version.clone());
        }
        let alias = if reference.alias.is_empty() { LATEST } else { &reference.alias };
        let version = head.aliases.get(alias);
        version.cloned().ok_or_else(|| Error::NotFound(format!("function '{name}' has no alias '{alias}'")))
    }

    /// What is kept of a version.
    async fn definition(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
    ) -> Result<(Definition, Option<String>), Error> {
        let head = self.store.head(tenant, name).await?;
        let known = head.version(version);
        let known =
            known.ok_or_else(|| Error::NotFound(format!("function '{name}' has no version '{version}'")))?;
        let kept = self.store.definition(tenant, name, known).await?;
        let definition = Definition::from_json(kept.content()).ok_or_else(|| {
            Error::Store(ampoule_store::StoreError::Damaged(format!("version {version} of function {name}")))
        })?;
        Ok((definition, kept.signature().map(str::to_owned)))
    }
}

/// The alias that points to what was put last.
const LATEST: &str = "latest";

/// Checks a reference; `field` is where it stands.
fn check_reference(field: &str, reference: &FunctionReference) -> Result<(), Error> {
    let invalid = |part: &str, reason: String| Err(Error::invalid(format!("{field}.{part}"), reason));
    if let Err(reason) = check_name(&reference.name) {
        return invalid("name", reason);
    }
    if !reference.version.is_empty() && !reference.alias.is_empty() {
        return invalid("alias", "is given together with a version: give one of them".into());
    }
    let is_hex = reference.version.len() == 64
        && reference.version.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !reference.version.is_empty() && !is_hex {
        let shown = quoted(&reference.version);
        return invalid(
            "version",
            format!("is {shown}: versions have 64 hexadecimal digits; is it an alias?"),
        );
    }
    if !reference.alias.is_empty()
        && let Err(reason) = check_name(&reference.alias)
    {
        return invalid("alias", reason);
    }
    Ok(())
}

/// What is wrong with the name of a function or an alias.
fn check_name(name: &str) -> Result<(), String> {
    const RULE: &str = "use 1 to 100 letters, digits, '-', '_' or '.', the first a letter or digit";
    if name.is_empty() {
        return Err(format!("is empty: {RULE}"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let starts_well = name.as_bytes()[0].is_ascii_alphanumeric();
    if name.len() <= LONGEST_NAME && starts_well && name.bytes().all(plain) {
        return Ok(());
    }
    Err(format!("{} is no name: {RULE}", quoted(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["a", "9", "text-tools_v1.2", &"x".repeat(100)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", ".a", "-a", "a/b", "a b", "ä", "a\0", &"x".repeat(101)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
