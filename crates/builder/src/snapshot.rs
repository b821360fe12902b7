//! The snapshot: boots a guest once and writes its memory back into the module, so that every
//! execution starts from an interpreter that is up already.

use crate::error::{Error, IoContext, Result};
use crate::guest::{self, BootState};
use crate::key::Inputs;
use crate::script;
use std::fs::{self, File};
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wasmtime::{Engine, Instance, Linker, Module, OptLevel, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// The module a recipe's last step leaves, and the one the snapshot leaves.
pub(crate) const GUEST_FILE: &str = "guest.wasm";
/// Holds the [`Booted`] facts beside it.
pub(crate) const FACTS_FILE: &str = "booted.json";

/// Raised when the snapshot is made in another way.
const SNAPSHOT_FORMAT: &str = "1 wizer-48.0.8";

/// Boots the interpreter; `_initialize`, libc's constructors, comes before.
const INIT: &str = "ampoule_init";
const INITIALIZE: &str = "_initialize";

/// Stack of the thread a guest boots on; must exceed `max_wasm_stack`, else an overflow ends the process.
const BOOT_STACK: usize = 80 << 20;

/// Most time a guest may take to boot: ten times what the slowest needs on a busy machine with two cores. One
/// that has gone astray would otherwise be waited for without end.
const BOOT_TIME: Duration = Duration::from_secs(600);

/// Granularity in which memory is mapped from an image.
const PAGE: usize = 4096;

/// What is known of a guest once it has booted.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Booted {
    pub(crate) initial_memory_bytes: u64,
    pub(crate) snapshot_bytes: u64,
}

/// What goes into a snapshot besides the guest.
pub(crate) fn inputs() -> Inputs {
    Inputs::from([("format".to_owned(), SNAPSHOT_FORMAT.to_owned())])
}

/// Reads `from/guest.wasm`, writes `to/guest.wasm` and what is known of it.
pub(crate) fn run(image: &str, from: &Path, to: &Path, log: &Path) -> Result<()> {
    let path = from.join(GUEST_FILE);
    let wasm = fs::read(&path).doing("read", &path)?;
    let output = File::create(log).doing("create", log)?;
    let booting = std::thread::Builder::new().stack_size(BOOT_STACK).spawn(move || boot(&wasm, output));
    let booted = booting.doing("start a thread for", &path)?.join().expect("booting returns errors");
    let (snapshot, facts) = booted.map_err(|message| Error::Guest {
        image: image.to_owned(),
        message: match script::tail(log) {
            printed if printed.is_empty() => message,
            printed => format!("{message}; it printed:\n{printed}"),
        },
    })?;
    fs::write(to.join(GUEST_FILE), snapshot).doing("write", &to.join(GUEST_FILE))?;
    let facts = serde_json::to_vec_pretty(&facts).expect("two numbers are JSON");
    fs::write(to.join(FACTS_FILE), facts).doing("write", &to.join(FACTS_FILE))
}

fn boot(wasm: &[u8], log: File) -> std::result::Result<(Vec<u8>, Booted), String> {
    boot_and_snapshot(wasm, log).map_err(|error| format!("{error:?}"))
}

fn boot_and_snapshot(wasm: &[u8], log: File) -> wasmtime::Result<(Vec<u8>, Booted)> {
    let mut config = ampoule_engine::code_config();
    config
        // The guest boots once: compiling it fast is worth more than running it fast.
        .cranelift_opt_level(OptLevel::None)
        // The bits of a NaN differ between processors and would end up in the snapshot.
        .cranelift_nan_canonicalization(true)
        // So that a guest which traps while booting says where.
        .wasm_backtrace_max_frames(NonZeroUsize::new(20))
        .generate_address_map(true)
        .epoch_interruption(true);
    let engine = Engine::new(&config)?;
    let mut wizer = Wizer::new();
    wizer.init_func(INIT);
    let (context, instrumented) = wizer.instrument(wasm)?;
    let module = Module::new(&engine, &instrumented)?;
    guest::check(&module).map_err(wasmtime::Error::msg)?;

    let mut linker = Linker::new(&engine);
    guest::link(&mut linker)?;
    let mut store = Store::new(&engine, BootState::new(log));
    store.set_epoch_deadline(1);
    let instance = within(BOOT_TIME, &engine, || boot_instance(&mut store, &linker, &module))?;

    let memory = instance.get_memory(&mut store, "memory").expect("guest::check has seen it");
    let facts = Booted {
        initial_memory_bytes: memory.data_size(&store) as u64,
        snapshot_bytes: nonzero_bytes(memory.data(&store)),
    };
    let mut state = Booting { store, instance };
    let snapshot = ready(wizer.snapshot(&context, &mut state))?;
    Ok((snapshot, facts))
}

fn boot_instance(
    store: &mut Store<BootState>,
    linker: &Linker<BootState>,
    module: &Module,
) -> wasmtime::Result<Instance> {
    let instance = linker.instantiate(&mut *store, module)?;
    if module.get_export(INITIALIZE).is_some() {
        instance.get_typed_func::<(), ()>(&mut *store, INITIALIZE)?.call(&mut *store, ())?;
    }
    instance.get_typed_func::<(), ()>(&mut *store, INIT)?.call(&mut *store, ())?;
    Ok(instance)
}

/// Does `work` in a guest of the engine, and ends it with an error once `time` has passed.
fn within<T>(
    time: Duration,
    engine: &Engine,
    work: impl FnOnce() -> wasmtime::Result<T>,
) -> wasmtime::Result<T> {
    let (done, waits) = mpsc::channel::<()>();
    let engine = engine.clone();
    let clock = std::thread::spawn(move || {
        let late = waits.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout);
        if late {
            engine.increment_epoch();
        }
        late
    });
    let result = work();
    drop(done);
    if clock.join().expect("the clock does not panic") {
        return Err(wasmtime::Error::msg(format!("the guest did not boot within {} s", time.as_secs())));
    }
    result
}

/// Bytes of the pages that hold anything but zeros.
fn nonzero_bytes(memory: &[u8]) -> u64 {
    let pages = memory.chunks(PAGE).filter(|page| page.iter().any(|byte| *byte != 0));
    (pages.count() * PAGE) as u64
}

/// A booted guest, as Wizer reads it. (Wizer's own adapter would need its `wasmtime` feature.)
struct Booting {
    store: Store<BootState>,
    instance: Instance,
}

impl InstanceState for Booting {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name).expect("Wizer exported it");
        match global.get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(value) => SnapshotVal::F32(value),
            Val::F64(value) => SnapshotVal::F64(value),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            _ => unreachable!("Wizer refuses mutable globals of reference types"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name).expect("Wizer exported it");
        contents(memory.data(&self.store));
    }
}

/// The value of a future that never waits: Wizer's interface is async for hosts that are.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing in a snapshot waits"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_never_boots_is_an_error_after_its_time() {
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let engine = Engine::new(&config).expect("the engine starts");
        let endless = r#"(module (func (export "_initialize") (loop $again (br $again))))"#;
        let module =
            Module::new(&engine, wat::parse_str(endless).expect("the WAT is good")).expect("it is valid");
        let log = tempfile::tempfile().expect("there is room for a file");
        let mut store = Store::new(&engine, BootState::new(log));
        store.set_epoch_deadline(1);
        let linker = Linker::new(&engine);
        let booted =
            within(Duration::from_millis(50), &engine, || boot_instance(&mut store, &linker, &module));
        let message = booted.expect_err("it never boots").to_string();
        assert!(message.contains("did not boot within"), "{message}");
    }
}
