//! A guest at image build: what it must look like, and the host functions it meets while it boots.
//!
//! Everything it can ask for is fixed, so that the same guest always boots into the same bytes.

use ampoule_model::imports::{self, REQUIRED_EXPORTS};
use std::fs::File;
use std::io::Write;
use wasmtime::{Caller, ExternType, Linker, Module, Result, bail, format_err};

/// What the real-time clock shows at image build: 2025-01-01T00:00:00Z in nanoseconds. It does not move.
const BUILD_TIME: i64 = 1_735_689_600_000_000_000;

/// Most bytes one call may ask for or write, as at run time.
const LARGEST_BUFFER: i32 = 64 << 10;

/// What the host functions work on while a guest boots.
pub(crate) struct BootState {
    log: File,
    random: u64,
}

impl BootState {
    /// `log` receives what the guest prints.
    pub(crate) fn new(log: File) -> BootState {
        BootState { log, random: 0 }
    }
}

/// The host functions of `ampoule_model::imports`, as they are at image build.
pub(crate) fn link(linker: &mut Linker<BootState>) -> Result<()> {
    let module = imports::MODULE;
    linker.func_wrap(module, "clock_now", |clock: i32| if clock == 0 { BUILD_TIME } else { 0 })?;
    linker.func_wrap(module, "sleep", |_nanoseconds: i64| {})?;
    linker.func_wrap(module, "exit", |code: i32| -> Result<()> {
        bail!("it called exit({code}) while booting")
    })?;
    linker.func_wrap(
        module,
        "random_fill",
        |mut caller: Caller<'_, BootState>, address: i32, length: i32| -> Result<()> {
            if !(0..=LARGEST_BUFFER).contains(&length) {
                bail!("it asked for {length} random bytes at once");
            }
            let bytes: Vec<u8> = (0..length).map(|_| pattern(&mut caller.data_mut().random)).collect();
            let memory = memory(&mut caller)?;
            Ok(memory.write(&mut caller, address as u32 as usize, &bytes)?)
        },
    )?;
    linker.func_wrap(
        module,
        "output_write",
        |mut caller: Caller<'_, BootState>, _stream: i32, address: i32, length: i32| -> Result<()> {
            let memory = memory(&mut caller)?;
            let (data, state) = memory.data_and_store_mut(&mut caller);
            let start = address as u32 as usize;
            let end = start.checked_add(length as u32 as usize);
            let bytes = end.and_then(|end| data.get(start..end));
            let bytes = bytes.ok_or_else(|| format_err!("it printed from outside its memory"))?;
            Ok(state.log.write_all(bytes)?)
        },
    )?;
    Ok(())
}

fn memory(caller: &mut Caller<'_, BootState>) -> Result<wasmtime::Memory> {
    let export = caller.get_export("memory").and_then(wasmtime::Extern::into_memory);
    export.ok_or_else(|| format_err!("it exports no memory"))
}

/// The next byte of a fixed sequence (SplitMix64). Never zero: a seed of zeros means "no entropy" to some.
fn pattern(state: &mut u64) -> u8 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) as u8).max(1)
}

/// Checks a module against the guest world: imports nothing else, exports everything required, as the right
/// kind.
pub(crate) fn check(module: &Module) -> std::result::Result<(), String> {
    let foreign: Vec<String> = module
        .imports()
        .filter(|import| !imports::is_allowed(import.module(), import.name()))
        .map(|import| format!("{}.{}", import.module(), import.name()))
        .collect();
    if !foreign.is_empty() {
        return Err(format!("it imports {}, which no guest may", foreign.join(", ")));
    }
    for name in REQUIRED_EXPORTS {
        let Some(export) = module.get_export(name) else {
            return Err(format!("it does not export `{name}`"));
        };
        let found = describe(&export);
        let expected = match name {
            "memory" => "memory",
            "__stack_pointer" => "mutable global i32",
            "ampoule_alloc" => "function (i32) -> (i32)",
            _ => "function (i32, i32) -> (i64)",
        };
        if found != expected {
            return Err(format!("its export `{name}` is a {found}, not a {expected}"));
        }
    }
    Ok(())
}

fn describe(export: &ExternType) -> String {
    let list = |types: Vec<String>| types.join(", ");
    match export {
        ExternType::Func(function) => format!(
            "function ({}) -> ({})",
            list(function.params().map(|kind| kind.to_string()).collect()),
            list(function.results().map(|kind| kind.to_string()).collect())
        ),
        ExternType::Memory(_) => "memory".to_owned(),
        ExternType::Global(global) => {
            let mutable = if global.mutability().is_var() { "mutable" } else { "constant" };
            format!("{mutable} global {}", global.content())
        }
        ExternType::Table(_) => "table".to_owned(),
        ExternType::Tag(_) => "tag".to_owned(),
    }
}
