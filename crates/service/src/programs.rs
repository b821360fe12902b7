//! The program cache: compiled sources, each compiled once.

use crate::observe::spans::stage;
use crate::tenants::Tenant;
use crate::validate::admission::Admitted;
use ampoule_engine::{
    Compilation, Compiled, Engine, EngineError, FairShare, Job, MemoryGrant, Permit, Start,
};
use ampoule_model::{Deterministic, File, Language, Outcome, Program};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tracing::Instrument;

/// How long a request waits for another one that compiles the same source. Far more than a compilation takes;
/// a source that takes longer, or fails, is then compiled by everyone who sends it, within their own limits.
const COMPILE_WAIT: Duration = Duration::from_millis(100);

/// What an entry costs beside its code, in bytes.
const ENTRY_OVERHEAD: u64 = 256;

/// Entries are small programs mostly; only sizes the cache's tables.
const TYPICAL_CODE_BYTES: u64 = 4 << 10;

/// sha256 of all that code depends on.
type Key = [u8; 32];

/// Compiled programs, bounded by their size in bytes.
pub(crate) struct Programs {
    cache: Cache<Key, Compiled, CodeBytes>,
    /// Executions that found their program compiled, and that did not.
    hits: AtomicU64,
    misses: AtomicU64,
}

/// How the cache stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CacheLevel {
    pub(crate) programs: u64,
    pub(crate) bytes: u64,
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

/// A program ready to run, or how compiling it ended.
pub(crate) enum Prepared {
    /// Compiled earlier.
    Known(Compiled),
    /// Compiled just now.
    Fresh(Compiled),
    /// It does not compile, or compiling hit a limit.
    Failed(Box<Outcome>),
}

#[derive(Clone)]
struct CodeBytes;

impl Weighter<Key, Compiled> for CodeBytes {
    fn weight(&self, _: &Key, compiled: &Compiled) -> u64 {
        compiled.code.len() as u64 + ENTRY_OVERHEAD
    }
}

impl Programs {
    pub(crate) fn new(bytes: u64) -> Self {
        let entries = (bytes / TYPICAL_CODE_BYTES).clamp(16, 1 << 20) as usize;
        let cache = Cache::with_weighter(entries, bytes, CodeBytes);
        Programs { cache, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// What the program's last execution needed of the memory, in bytes; 0 if nobody knows.
    pub(crate) fn last_memory(&self, admitted: &Admitted, tenant: &Tenant) -> u64 {
        self.cache
            .peek(&key(tenant, admitted))
            .map_or(0, |compiled| compiled.history.last_memory.load(Relaxed))
    }

    /// The program's code: from the cache, from another request that compiles it now, or compiled here.
    pub(crate) async fn prepare(
        &self,
        engine: &Engine,
        admitted: &Admitted,
        tenant: &Tenant,
        slot: &Permit,
        memory: &Arc<dyn MemoryGrant>,
    ) -> Result<Prepared, EngineError> {
        let key = key(tenant, admitted);
        if let Some(compiled) = self.cache.get(&key) {
            self.hits.fetch_add(1, Relaxed);
            return Ok(Prepared::Known(compiled));
        }
        let place = match tokio::time::timeout(COMPILE_WAIT, self.cache.get_value_or_guard_async(&key)).await
        {
            Ok(Ok(compiled)) => {
                self.hits.fetch_add(1, Relaxed);
                return Ok(Prepared::Known(compiled));
            }
            Ok(Err(place)) => Some(place),
            Err(_) => None,
        };
        self.misses.fetch_add(1, Relaxed);
        let compiling = compile(engine, admitted, &tenant.0.share, slot, memory);
        match compiling.instrument(stage!("compile")).await? {
            Compilation::Ready(compiled) => {
                match place {
                    // Refused only when the entry was removed meanwhile; the code is good all the same.
                    Some(place) => drop(place.insert(compiled.clone())),
                    None => self.cache.insert(key, compiled.clone()),
                }
                Ok(Prepared::Fresh(compiled))
            }
            // Not kept: what failed here may be within another request's limits.
            Compilation::Failed(outcome) => Ok(Prepared::Failed(outcome)),
        }
    }

    /// How it stands.
    pub(crate) fn level(&self) -> CacheLevel {
        let cache = &self.cache;
        CacheLevel {
            programs: cache.len() as u64,
            bytes: cache.weight(),
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.cache.len()
    }
}

/// Compiles in a guest that gets the source, the wheels and nothing else of the request, so that the code is
/// the same whoever asks.
async fn compile(
    engine: &Engine,
    admitted: &Admitted,
    share: &FairShare,
    slot: &Permit,
    memory: &Arc<dyn MemoryGrant>,
) -> Result<Compilation, EngineError> {
    let program = Program { modules: Vec::new(), ..admitted.program.clone() };
    let job = Job {
        start: Start::Program { program: &program, compiled: None },
        input_json: &admitted.compile_input,
        files: &wheels(admitted).cloned().collect::<Vec<_>>(),
        environment: &[],
        stdin: &[],
        output_files: &[],
        limits: admitted.limits,
        deterministic: Some(Deterministic { seed: 0, now_unix_nanos: ampoule_model::DEFAULT_NOW_UNIX_NANOS }),
        share,
        output_stream: None,
        permit: Some(slot),
        memory: Some(memory),
    };
    engine.compile(&admitted.image, &job).await
}

fn key(tenant: &Tenant, admitted: &Admitted) -> Key {
    let program = &admitted.program;
    let mut hasher = Sha256::new();
    let fields = [
        // Or the time of the first execution would tell a tenant what others run.
        tenant.name(),
        admitted.image.digest(),
        program.entry.name(),
        &program.file_name,
        &program.source,
        &admitted.compile_input,
    ];
    for field in fields {
        hasher.update((field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    for wheel in wheels(admitted) {
        hasher.update((wheel.path.len() as u64).to_le_bytes());
        hasher.update(&wheel.path);
        hasher.update(Sha256::digest(&wheel.content));
    }
    hasher.finalize().into()
}

/// The files of a program whose modules are compiled with it.
fn wheels(admitted: &Admitted) -> impl Iterator<Item = &File> {
    let is_python = admitted.program.language == Language::Python;
    admitted.files.iter().filter(move |file| is_python && file.path.ends_with(".whl"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn the_cache_is_bounded_by_bytes() {
        let programs = Programs::new(1 << 20);
        for number in 0..100_u8 {
            let compiled = Compiled { code: Arc::from(vec![0; 100 << 10]), ..empty() };
            programs.cache.insert([number; 32], compiled);
        }
        assert!((1..=10).contains(&programs.len()), "{} entries of 100 KiB in 1 MiB", programs.len());
    }

    fn empty() -> Compiled {
        Compiled {
            code: Arc::from([]),
            fuel: 0,
            wall_time: Duration::ZERO,
            cpu_time: Duration::ZERO,
            image_digest: Arc::from(""),
            history: Arc::default(),
        }
    }
}
