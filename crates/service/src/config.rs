//! What a service grants.

use ampoule_engine::EngineConfig;
use ampoule_world::Limits;
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
    /// Requests that may wait for a slot; one more is refused.
    pub queue: usize,
    /// Compiled programs kept, in bytes.
    pub program_cache_bytes: u64,
}

/// The most a request can ask for. The cap of memory is the engine's, [`EngineConfig::max_memory_bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caps {
    /// For [`Limits::wall_time`].
    pub wall_time: Duration,
    /// For [`Limits::fuel`].
    pub fuel: u64,
    /// For [`Limits::output_bytes`].
    pub output_bytes: u64,
    /// For [`Limits::result_bytes`].
    pub result_bytes: u64,
}

/// The largest requests taken. The guest holds all of it in its own memory too, so these bound what a request costs
/// before its memory limit speaks.
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
}

impl Default for ServiceConfig {
    fn default() -> Self {
        ServiceConfig {
            engine: EngineConfig::default(),
            defaults: Limits::default(),
            caps: Caps::default(),
            sizes: Sizes::default(),
            queue: 1024,
            program_cache_bytes: 64 << 20,
        }
    }
}

impl Default for Caps {
    fn default() -> Self {
        Caps {
            wall_time: Duration::from_secs(60),
            fuel: 10_000_000_000_000,
            output_bytes: 16 << 20,
            result_bytes: 32 << 20,
        }
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
        }
    }
}

impl Sizes {
    /// A size that no acceptable request exceeds, in bytes: what a transport needs to take in. The 64 bytes an item
    /// are for its framing.
    pub fn largest_request(&self) -> usize {
        let items = self.files + self.modules + self.environment;
        self.input_bytes
            + self.source_bytes
            + self.file_bytes
            + self.environment_bytes
            + 64 * items
            + (64 << 10)
    }
}

impl ServiceConfig {
    /// What in the configuration contradicts itself, in words for the operator.
    pub fn check(&self) -> Result<(), String> {
        let defaults = &self.defaults;
        let pairs = [
            ("fuel", defaults.fuel, self.caps.fuel),
            ("memory_bytes", defaults.memory_bytes, self.engine.max_memory_bytes),
            ("output_bytes", defaults.output_bytes, self.caps.output_bytes),
            ("result_bytes", defaults.result_bytes, self.caps.result_bytes),
        ];
        for (name, default, cap) in pairs {
            if default > cap {
                return Err(format!("the default of {name} is {default}, above its cap of {cap}"));
            }
        }
        if defaults.wall_time > self.caps.wall_time {
            return Err(format!(
                "the default of wall_time is {} s, above its cap of {} s",
                defaults.wall_time.as_secs_f64(),
                self.caps.wall_time.as_secs_f64()
            ));
        }
        if self.engine.slots == 0 {
            return Err("slots is 0: nothing could run".into());
        }
        Ok(())
    }
}
