//! wasmtime's configuration: the part that machine code depends on, and the pool.

use crate::reset::reuse::{self, Places};
use sha2::{Digest, Sha256};
use std::num::NonZeroUsize;
use std::time::Duration;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures};

/// Native stack a guest may use, in bytes. CPython's C recursion and QuickJS's parser need most; the
/// interpreters' own checks (a RecursionError or RangeError the program can catch) trigger well before.
const MAX_WASM_STACK: usize = 32 << 20;

/// Places on a guest's stack beyond wasm frames: host functions run there too. Without it the
/// process, not the guest, would overflow.
const HOST_STACK_HEADROOM: usize = 1 << 20;

/// A guest's native stack, in bytes.
pub(crate) const ASYNC_STACK: usize = MAX_WASM_STACK + HOST_STACK_HEADROOM;

/// Largest image memory that wasmtime maps copy-on-write even when it is sparse. Its default of 16 MiB would
/// silently copy our images at every start (27 ms instead of 1 µs); `Engine::load` checks the effect.
const DENSE_IMAGE_BYTES: u64 = 1 << 30;

/// All that 32-bit addresses reach. Every slot has so much address space, whatever the limits say: wasmtime
/// reserves it to leave out the checks of bounds.
pub(crate) const ADDRESSABLE_BYTES: u64 = 1 << 32;

/// How the pool is laid out.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Guests that can live at the same time.
    pub slots: u32,
    /// Slots beside those: for who must not wait for the others (a server's tiny executions, by which it
    /// knows that all is well).
    pub reserved_slots: u32,
    /// Guests that compute at the same time: the processors.
    pub seats: usize,
    /// How long a guest waits for a processor at most, in all, while others compute.
    pub processor_timeout: Duration,
    /// Largest memory limit a guest can be given, in bytes. Its image's memory comes on top of it: together
    /// at most [`ADDRESSABLE_BYTES`], which is checked when an image is loaded.
    pub max_memory_bytes: u64,
    /// Units of fuel between two looks at the clock and at other guests.
    pub fuel_slice: u64,
    /// Memory of a slot, in bytes, that is reset by copying and stays resident between guests; what a guest
    /// dirtied beyond it is given back to the system.
    pub keep_resident_bytes: usize,
    /// Of each image, the guests that are kept when they have answered (`reuse.rs`).
    pub reused_guests: u32,
    /// Programs that last used so many units of fuel are given guests that are kept.
    pub reuse_from_fuel: u64,
    /// Compare all of a guest's memory with the image's when it was reset to be kept; a difference is an
    /// error. For tests: it reads all of both.
    pub compare_reused: bool,
    /// A guest that traps says where, by the names of the functions in its image: for people who work on
    /// images. Users of a server have no use for it.
    pub debug_guest: bool,
    /// How long the host function `clock_now` blocks the guest's thread. For tests: none does.
    pub blocked_clock: Duration,
}

impl EngineConfig {
    /// What the guests that are kept hold at most while nobody is in them, in bytes.
    pub fn kept_bytes(&self) -> u64 {
        reuse::most_bytes(self.kept())
    }

    /// As many guests are kept at most as fit into `bytes` together.
    #[must_use]
    pub fn keeping_within(self, bytes: u64) -> Self {
        let fit = (bytes / reuse::most_bytes(1)).min(u64::from(u32::MAX)) as u32;
        EngineConfig { reused_guests: self.reused_guests.min(fit), ..self }
    }

    /// [`EngineConfig::reused_guests`] where the kernel tells which pages were written to.
    pub(crate) fn kept(&self) -> u32 {
        if PoolingAllocationConfig::is_pagemap_scan_available() { self.reused_guests } else { 0 }
    }
}

impl Default for EngineConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        EngineConfig {
            // A slot that nobody is in costs address space only; what bounds guests is the memory set aside
            // for them.
            slots: (64 * cores as u32).min(1024),
            reserved_slots: 0,
            seats: cores,
            // Twice the largest wall time. Callers who are in a hurry have deadlines of their own.
            processor_timeout: Duration::from_secs(120),
            max_memory_bytes: 1 << 30,
            // 20 to 100 µs of work (4 to 21 units a nanosecond, SPECIFICATION.md): short enough that short
            // runs beside endless loops stay short, long enough to make the switch, 6 µs, bearable; a guest
            // that is alone does not pay it (schedule/lease.rs).
            fuel_slice: 400_000,
            // Short programs stay within it. Every slot that was ever used keeps that much, so it bounds what
            // an idle server has.
            keep_resident_bytes: 1 << 20,
            // No more compute at a time; each may keep 4 MiB.
            reused_guests: (cores as u32).min(32),
            // About a millisecond. Shorter programs dirty few pages, which the pool resets as fast; and they
            // would pay for what longer ones have left to be reset.
            reuse_from_fuel: 4_000_000,
            compare_reused: false,
            debug_guest: false,
            blocked_clock: Duration::ZERO,
        }
    }
}

/// The configuration that machine code depends on. The builder compiles with it (adding what only a compiler
/// needs), the engine loads with it; wasmtime refuses code when the two differ.
pub fn code_config() -> Config {
    let mut config = Config::new();
    // What our guests use and nothing more: every proposal left on is attack surface in the
    // compiler and the runtime. Set one by one because cargo features change the defaults.
    config.wasm_features(WasmFeatures::all(), false);
    config.wasm_features(
        WasmFeatures::MUTABLE_GLOBAL
            | WasmFeatures::SATURATING_FLOAT_TO_INT
            | WasmFeatures::SIGN_EXTENSION
            | WasmFeatures::REFERENCE_TYPES
            | WasmFeatures::CALL_INDIRECT_OVERLONG
            | WasmFeatures::MULTI_VALUE
            | WasmFeatures::BULK_MEMORY
            | WasmFeatures::BULK_MEMORY_OPT
            | WasmFeatures::SIMD
            | WasmFeatures::TAIL_CALL
            | WasmFeatures::EXTENDED_CONST
            | WasmFeatures::FLOATS
            // C++ in packages throws; an exception in flight is a reference, hence the collector.
            | WasmFeatures::EXCEPTIONS
            | WasmFeatures::GC_TYPES,
        true,
    );
    config
        .concurrency_support(false)
        .gc_support(true)
        .collector(wasmtime::Collector::DeferredReferenceCounting)
        .shared_memory(false)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(DENSE_IMAGE_BYTES)
        .max_wasm_stack(MAX_WASM_STACK)
        .async_stack_size(ASYNC_STACK)
        .wasm_backtrace_max_frames(None)
        .native_unwind_info(false)
        .generate_address_map(false)
        // Of the metering pass: without them its calls of `refuel` stand in the middle of hot loops.
        .wasm_branch_hinting(true);
    config
}

/// A short name for what [`code_config`] means for machine code; part of every image's build key. Changed by
/// hand with `code_config`: wasmtime itself refuses stale code, this only makes the builder notice.
pub fn code_config_id() -> String {
    let description = format!("ampoule-code-4 stack={MAX_WASM_STACK} dense={DENSE_IMAGE_BYTES}");
    hex::encode(&Sha256::digest(description.as_bytes())[..8])
}

/// Frames that [`EngineConfig::debug_guest`] shows: deep enough for an interpreter's own loop and what it
/// called.
const DEBUG_FRAMES: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// Of a stack that was used, the bytes that are set to zero and stay; what lies deeper is given back to the
/// system. Most executions stay within it.
pub(crate) const STACK_KEPT: usize = 32 << 10;

/// [`code_config`] with the pool.
pub(crate) fn pooled_config(config: &EngineConfig) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    let slots = config.slots + config.reserved_slots + Places::slots(config.kept());
    pool.total_core_instances(slots)
        .total_memories(2 * slots)
        .total_gc_heaps(slots)
        .total_tables(slots)
        .total_stacks(slots)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        // An image's function table has one entry per C function that is ever called indirectly:
        // about 8,000 in CPython, 60,000 with the scientific packages.
        .table_elements(200_000)
        .max_core_instance_size(1 << 20)
        .max_memory_size(ADDRESSABLE_BYTES as usize)
        .max_unused_warm_slots(slots)
        .table_keep_resident(1 << 20)
        // At once: what waits for a batch is memory that nobody accounts for, up to a guest's whole limit
        // each.
        .decommit_batch_size(1)
        .async_stack_keep_resident(STACK_KEPT);
    if PoolingAllocationConfig::is_pagemap_scan_available() && swap_is_off() {
        // Resets only the pages a run dirtied. wasmtime 48 does not see pages that were swapped
        // out, so with swap on they would survive into the next guest: never use it there.
        pool.pagemap_scan(Enabled::Yes).linear_memory_keep_resident(config.keep_resident_bytes);
    } else {
        pool.pagemap_scan(Enabled::No).linear_memory_keep_resident(0);
    }
    let mut pooled = code_config();
    // Or every stack would keep for ever what the deepest recursion on it has once touched: up to 33 MiB for
    // each slot.
    pooled.async_stack_zeroing(true);
    if config.debug_guest {
        pooled.wasm_backtrace_max_frames(Some(DEBUG_FRAMES));
    }
    pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    pooled
}

/// Whether the machine has no swap in use or at hand. Unreadable counts as swap on.
pub fn swap_is_off() -> bool {
    match std::fs::read_to_string("/proc/swaps") {
        Ok(text) => text.lines().skip(1).all(|line| line.trim().is_empty()),
        Err(_) => false,
    }
}
