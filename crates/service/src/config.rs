//! What a service grants.

use crate::capacity::memory;
use crate::capacity::slots;
use crate::error::about;
use crate::functions::FunctionsConfig;
use crate::tenants::quota::QuotaConfig;
use crate::tenants::registry::UnlistedConfig;
use crate::tenants::{self, OPEN_TENANT, TenantConfig};
use ampoule_engine::{EngineConfig, FairShare};
use ampoule_model::{Caps, Limits};
use std::collections::HashSet;
use std::time::Duration;

/// Everything a service is configured with. The defaults are right for a laptop.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    /// The engine's pool; its slots are the executions that run at the same time.
    pub engine: EngineConfig,
    /// What an execution gets for each limit that its request leaves open.
    pub defaults: Limits,
    /// The most a request can ask for.
    pub caps: Caps,
    /// The largest requests taken.
    pub sizes: Sizes,
    /// Requests that may wait for a slot, of all tenants together; one more is refused.
    pub queue: usize,
    /// How long a request waits for a slot at most.
    pub queue_timeout: Duration,
    /// How long an answer may lie unread, beyond what reading it slowly takes.
    pub unread: Duration,
    /// How long answers to requests with an idempotency key are kept.
    pub idempotency_window: Duration,
    /// What requests and guests may take of the host's memory together, in bytes. Every execution counts with
    /// all that its limits allow.
    pub memory_bytes: u64,
    /// Who may send requests, to begin with. None, and none to come: everybody who reaches the service, as
    /// the tenant [`OPEN_TENANT`].
    pub tenants: Vec<TenantConfig>,
    /// Who may send requests beside them, as an issuer of tokens vouches for them.
    pub unlisted: Option<UnlistedConfig>,
    /// It must be said who calls, also while no tenants are listed: they may come later.
    pub closed: bool,
    /// Compiled programs kept, in bytes.
    pub program_cache_bytes: u64,
    /// What tenants may keep of functions, where there is a store for them.
    pub functions: FunctionsConfig,
    /// Which build this is, as labels of `ampoule_build_info`. None: there is no such metric.
    pub build: Vec<(&'static str, &'static str)>,
}

/// How many executions a service's memory has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// What there is for executions, in bytes.
    pub bytes: u64,
    /// What one of them can have at most.
    pub one: u64,
    /// Executions at the same time that take what a short one takes, and slots for them.
    pub short: u64,
    /// Executions at the same time that take all that the default limits allow.
    pub full: u64,
}

/// Of [`ServiceConfig::memory_bytes`], one part in so many is what checkpoints that are kept may take: a
/// small machine's memory is for guests first.
pub(crate) const MOST_FOR_CHECKPOINTS: u64 = 4;

/// Of [`ServiceConfig::memory_bytes`], guests that are kept have one part in so many at most while nobody is
/// in them.
pub const MOST_FOR_IDLE_GUESTS: u64 = 16;

/// The largest requests taken. The guest holds all of it in its own memory too, so these bound what a request
/// costs before its memory limit speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// The input as JSON text, in bytes.
    pub input_bytes: usize,
    /// Source and modules together, in bytes.
    pub source_bytes: usize,
    /// Input files, names and contents together, in bytes.
    pub file_bytes: usize,
    /// Number of input files.
    pub files: usize,
    /// Number of modules.
    pub modules: usize,
    /// Number of environment variables.
    pub environment: usize,
    /// Environment variables, keys and values together, in bytes.
    pub environment_bytes: usize,
    /// What a program reads from its standard input, in bytes.
    pub stdin_bytes: usize,
    /// Number of patterns of files that come back.
    pub output_files: usize,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        ServiceConfig {
            engine: EngineConfig::default(),
            defaults: Limits::default(),
            caps: default_caps(),
            sizes: Sizes::default(),
            queue: 1024,
            queue_timeout: Duration::from_secs(30),
            // As long as a request's body may take to come.
            unread: Duration::from_secs(60),
            idempotency_window: Duration::from_secs(600),
            memory_bytes: memory::default_budget(),
            tenants: Vec::new(),
            unlisted: None,
            closed: false,
            program_cache_bytes: 64 << 20,
            functions: FunctionsConfig::default(),
            build: Vec::new(),
        }
    }
}

/// What requests can ask for at most, where the server's configuration says nothing else.
pub fn default_caps() -> Caps {
    Caps {
        wall_time: Duration::from_secs(60),
        cpu_time: Duration::from_secs(60),
        memory_bytes: EngineConfig::default().max_memory_bytes,
        fuel: 10_000_000_000_000,
        output_bytes: 16 << 20,
        result_bytes: 32 << 20,
        file_bytes: (),
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Sizes {
            input_bytes: 16 << 20,
            source_bytes: 4 << 20,
            file_bytes: 16 << 20,
            files: 256,
            modules: 256,
            environment: 256,
            environment_bytes: 128 << 10,
            stdin_bytes: 16 << 20,
            output_files: 16,
        }
    }
}

impl Sizes {
    /// A size that no acceptable request exceeds, in bytes: what a transport needs to take in. The 64 bytes
    /// an item are for its framing.
    pub fn largest_request(&self) -> usize {
        let items = self.files + self.modules + self.environment + self.output_files;
        self.input_bytes
            + self.source_bytes
            + self.file_bytes
            + self.environment_bytes
            + self.stdin_bytes
            + 64 * items
            + (64 << 10)
    }
}

impl ServiceConfig {
    /// Of the memory, what checkpoints that are kept and idle guests may take.
    pub(crate) fn kept_memory(&self) -> (u64, u64) {
        let checkpoints = self.functions.cache_bytes.min(self.memory_bytes / MOST_FOR_CHECKPOINTS);
        let idle = self.engine.kept_bytes().min(self.memory_bytes / MOST_FOR_IDLE_GUESTS);
        (checkpoints, idle)
    }

    /// How many executions have room at the same time.
    pub fn capacity(&self) -> Capacity {
        let (checkpoints, idle) = self.kept_memory();
        let bytes = self.memory_bytes.saturating_sub(checkpoints + idle);
        let one = slots::for_one_execution(bytes);
        let short = (slots::for_new_executions(bytes) / memory::AT_START).min(self.engine.slots.into());
        Capacity { bytes, one, short, full: bytes / memory::of_limits(&self.defaults) }
    }

    /// What in the configuration contradicts itself, in words for the operator.
    pub fn check(&self) -> Result<(), String> {
        self.check_limits(&self.defaults, &self.caps)?;
        let (capacity, needs) = (self.capacity(), memory::of_limits(&self.defaults));
        if needs > capacity.one {
            return Err(format!(
                "memory is {}, of which one execution can have {} at most, and one with the default limits may need {}: give the machine or the container more memory (without a setting, memory is three quarters of it), or lower limits.memory_bytes, limits.result_bytes or limits.file_bytes",
                about(self.memory_bytes),
                about(capacity.one),
                about(needs)
            ));
        }
        if self.engine.slots == 0 {
            return Err("slots is 0: nothing could run".into());
        }
        let functions = &self.functions;
        if functions.checkpoint_bytes > functions.cache_bytes {
            return Err(format!(
                "the largest checkpoint is {} bytes, above the {} for all that are kept in memory",
                functions.checkpoint_bytes, functions.cache_bytes
            ));
        }
        self.check_tenants(&self.tenants)?;
        if let Some(unlisted) = &self.unlisted {
            self.check_tenant(&unlisted.granted)?;
        }
        Ok(())
    }

    /// What in tenants contradicts itself or the rest of the configuration.
    pub fn check_tenants(&self, tenants: &[TenantConfig]) -> Result<(), String> {
        let mut names = HashSet::new();
        for tenant in tenants {
            let name = &tenant.name;
            let is = |reason: String| format!("tenant '{}': {reason}", name.escape_debug());
            tenants::check_name(name).map_err(|reason| is(format!("its name {reason}")))?;
            if !names.insert(name) {
                return Err(is("is there twice".into()));
            }
            self.check_tenant(tenant).map_err(is)?;
        }
        Ok(())
    }

    /// What in the grants of one tenant does, whatever its name.
    pub fn check_tenant(&self, tenant: &TenantConfig) -> Result<(), String> {
        if tenant.weight == 0 || tenant.weight > FairShare::MAX_WEIGHT {
            return Err(format!(
                "weight is {}, it must be from 1 to {}",
                tenant.weight,
                FairShare::MAX_WEIGHT
            ));
        }
        if tenant.slots == 0 {
            return Err("slots is 0: nothing of it could run".into());
        }
        self.check_limits(&tenant.defaults, &tenant.caps)
    }

    fn check_limits(&self, defaults: &Limits, caps: &Caps) -> Result<(), String> {
        let pairs = [
            ("fuel", defaults.fuel, caps.fuel),
            ("memory_bytes", defaults.memory_bytes, caps.memory_bytes),
            ("output_bytes", defaults.output_bytes, caps.output_bytes),
            ("result_bytes", defaults.result_bytes, caps.result_bytes),
        ];
        for (name, default, cap) in pairs {
            if default > cap {
                return Err(format!("the default of {name} is {default}, above its cap of {cap}"));
            }
        }
        let times = [
            ("wall_time", defaults.wall_time, caps.wall_time),
            ("cpu_time", defaults.cpu_time, caps.cpu_time),
        ];
        for (name, default, cap) in times {
            if default > cap {
                return Err(format!(
                    "the default of {name} is {} s, above its cap of {} s",
                    default.as_secs_f64(),
                    cap.as_secs_f64()
                ));
            }
        }
        let most = self.engine.max_memory_bytes;
        if caps.memory_bytes > most {
            return Err(format!(
                "the cap of memory_bytes is {}, above the server's of {most}",
                caps.memory_bytes
            ));
        }
        Ok(())
    }

    /// Whether nobody is asked who calls.
    pub fn is_open(&self) -> bool {
        self.tenants.is_empty() && self.unlisted.is_none() && !self.closed
    }

    /// The tenants there are: those listed, or the open one.
    pub(crate) fn all_tenants(&self) -> Vec<TenantConfig> {
        if self.is_open() { vec![self.tenant(OPEN_TENANT)] } else { self.tenants.clone() }
    }

    /// A tenant that is granted all that the service grants.
    pub fn tenant(&self, name: &str) -> TenantConfig {
        TenantConfig {
            name: name.into(),
            weight: 1,
            defaults: self.defaults,
            caps: self.caps,
            slots: self.engine.slots as usize,
            queue: self.queue,
            quota: QuotaConfig::default(),
            disabled: false,
        }
    }
}
