//! The three worlds that the programs run in.

use crate::compile::COMPILED;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use wasmtime::{Caller, Config, Engine, Instance, Linker, Memory, Module, OptLevel, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};

/// What a program is to do.
#[derive(Clone, Copy)]
pub(crate) struct Task<'a> {
    /// Its place among the programs of `main.c`.
    pub(crate) program: u32,
    /// Of `ends.c`, the way to end.
    pub(crate) variant: u32,
    /// Of `random.c`. On Linux they come by standard input.
    pub(crate) operations: &'a [u8],
    /// What is on standard input; at most 4 KiB, as much as a pipe hands over at once.
    pub(crate) input: &'a [u8],
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// `exit 0`, `trap`.
    pub(crate) end: String,
}

/// Most that a program prints.
const MOST_OUTPUT: usize = 64 << 20;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    // The files that programs leave open in wasmtime-wasi are this process's.
    let _ = rlimit::increase_nofile_limit(8192);
    let mut config = Config::new();
    // Compiling takes longer than running.
    config.cranelift_opt_level(OptLevel::None);
    Engine::new(&config).expect("the engine starts")
});
static WASI: LazyLock<Module> = LazyLock::new(|| load(&COMPILED.wasi));
static GUEST: LazyLock<Module> = LazyLock::new(|| load(&COMPILED.guest));

fn load(path: &Path) -> Module {
    Module::from_file(&ENGINE, path).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()))
}

/// A folder that looks like a guest's root. In memory if there is such a place: the programs make some ten
/// thousand files.
fn root() -> TempDir {
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let root = root.expect("there is room for a folder");
    for folder in ["work/out", "tmp"] {
        std::fs::create_dir_all(root.path().join(folder)).expect("there is room for a folder");
    }
    root
}

/// In wasmtime, on `wasmtime-wasi`.
pub(crate) fn in_wasi(task: Task<'_>) -> Outcome {
    let root = root();
    let (stdout, stderr) = (MemoryOutputPipe::new(MOST_OUTPUT), MemoryOutputPipe::new(MOST_OUTPUT));
    let mut context = WasiCtxBuilder::new();
    context
        .allow_blocking_current_thread(true)
        .stdin(MemoryInputPipe::new(task.input.to_vec()))
        .stdout(stdout.clone())
        .stderr(stderr.clone())
        .preopened_dir(root.path(), "/", FsPerms::ReadWrite)
        .expect("the folder opens");
    let mut store = Store::new(&ENGINE, context.build_p1());
    let mut linker: Linker<WasiP1Ctx> = Linker::new(&ENGINE);
    p1::add_to_linker_sync(&mut linker, |context| context).expect("it links");
    let instance = linker.instantiate(&mut store, &WASI).expect("the program links");
    give(&mut store, instance, task);
    let ended = start(&mut store, instance);
    let end = match &ended {
        Ok(()) => "exit 0".to_owned(),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(code) => format!("exit {}", code.0),
            None => trap(error),
        },
    };
    Outcome { stdout: text(&stdout.contents()), stderr: text(&stderr.contents()), end }
}

/// In wasmtime, on the guests' own WASI and the host functions of `runtimes/guest/abi.h`.
pub(crate) fn in_guest(task: Task<'_>) -> Outcome {
    let mut linker = Linker::new(&ENGINE);
    link(&mut linker).expect("it links");
    let host = Host { started: Instant::now(), random: 0, output: [Vec::new(), Vec::new()] };
    let mut store = Store::new(&ENGINE, host);
    let instance = linker.instantiate(&mut store, &GUEST).expect("the program links");
    give(&mut store, instance, task);
    write(&mut store, instance, "given_input", task.input);
    write(&mut store, instance, "given_length", &(task.input.len() as u32).to_le_bytes());
    let ended = start(&mut store, instance);
    let end = match &ended {
        Ok(()) => "exit 0".to_owned(),
        Err(error) => match error.downcast_ref::<Exit>() {
            Some(code) => format!("exit {}", code.0),
            None => trap(error),
        },
    };
    let [stdout, stderr] = &store.data().output;
    Outcome { stdout: text(stdout), stderr: text(stderr), end }
}

/// As a process.
pub(crate) fn on_linux(task: Task<'_>) -> Outcome {
    use std::os::unix::process::ExitStatusExt;
    let root = root();
    let mut process = Command::new(&COMPILED.linux)
        .args([task.program.to_string(), task.variant.to_string()])
        .current_dir(root.path().join("work"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = process.stdin.take().expect("it is piped");
    // A program that reads nothing of it may have ended.
    let _ = stdin.write_all(if task.operations.is_empty() { task.input } else { task.operations });
    drop(stdin);
    let output = process.wait_with_output().expect("the program ends");
    let status = output.status;
    // As a shell tells signals.
    let code = status.code().unwrap_or_else(|| 128 + status.signal().expect("it was a signal"));
    Outcome { stdout: text(&output.stdout), stderr: text(&output.stderr), end: format!("exit {code}") }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn trap(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => format!("trap: {trap}"),
        None => format!("error: {}", error.root_cause()),
    }
}

/// Writes a task to where the program looks for it.
fn give<T>(store: &mut Store<T>, instance: Instance, task: Task<'_>) {
    let count = task.operations.len() / crate::random::OPERATION_BYTES;
    let count = u32::try_from(count).expect("there are few");
    write(store, instance, "chosen", &task.program.to_le_bytes());
    write(store, instance, "variant", &task.variant.to_le_bytes());
    write(store, instance, "operations", task.operations);
    write(store, instance, "operation_count", &count.to_le_bytes());
}

/// Writes to a variable of the program.
fn write<T>(store: &mut Store<T>, instance: Instance, variable: &str, bytes: &[u8]) {
    let memory = instance.get_memory(&mut *store, "memory").expect("it is exported");
    let global = instance.get_global(&mut *store, variable).expect("it is exported");
    let address = global.get(&mut *store).unwrap_i32() as u32 as usize;
    memory.write(store, address, bytes).expect("it is in memory");
}

fn start<T>(store: &mut Store<T>, instance: Instance) -> wasmtime::Result<()> {
    let start = instance.get_typed_func::<(), ()>(&mut *store, "_start").expect("it is a command");
    start.call(store, ())
}

// ---- the host of a guest ----

struct Host {
    started: Instant,
    random: u64,
    /// stdout and stderr.
    output: [Vec<u8>; 2],
}

#[derive(Debug)]
struct Exit(i32);

impl std::fmt::Display for Exit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "exit({})", self.0)
    }
}

impl std::error::Error for Exit {}

/// As coarse as the engine's (`CLOCK_RESOLUTION_NANOS`).
const CLOCK_STEP: u128 = ampoule_engine::CLOCK_RESOLUTION_NANOS as u128;
/// As in the engine.
const MOST_RANDOM: i32 = 64 << 10;

fn link(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let module = ampoule_model::imports::MODULE;
    linker.func_wrap(module, "clock_now", |caller: Caller<'_, Host>, clock: i32| -> i64 {
        let time = match clock {
            0 => SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after the epoch"),
            _ => caller.data().started.elapsed(),
        };
        (time.as_nanos() / CLOCK_STEP * CLOCK_STEP) as i64
    })?;
    linker.func_wrap(module, "sleep", |nanoseconds: i64| {
        std::thread::sleep(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0)));
    })?;
    linker.func_wrap(module, "exit", |code: i32| -> wasmtime::Result<()> { Err(Exit(code).into()) })?;
    linker.func_wrap(
        module,
        "random_fill",
        |mut caller: Caller<'_, Host>, address: i32, length: i32| -> wasmtime::Result<()> {
            assert!((0..=MOST_RANDOM).contains(&length), "{length} random bytes at once");
            let host = caller.data_mut();
            let bytes: Vec<u8> =
                (0..length).map(|_| (crate::random::next(&mut host.random) >> 56) as u8).collect();
            Ok(memory(&mut caller).write(&mut caller, address as u32 as usize, &bytes)?)
        },
    )?;
    linker.func_wrap(
        module,
        "output_write",
        |mut caller: Caller<'_, Host>, stream: i32, address: i32, length: i32| {
            let memory = memory(&mut caller);
            let (data, host) = memory.data_and_store_mut(&mut caller);
            let start = address as u32 as usize;
            let bytes = &data[start..start + length as u32 as usize];
            let output = &mut host.output[usize::try_from(stream - 1).expect("it is 1 or 2")];
            output.extend_from_slice(bytes);
            assert!(output.len() <= MOST_OUTPUT, "the program prints without end");
        },
    )?;
    Ok(())
}

fn memory(caller: &mut Caller<'_, Host>) -> Memory {
    caller.get_export("memory").and_then(wasmtime::Extern::into_memory).expect("it is exported")
}
