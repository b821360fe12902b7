//! Tiny guests written as WAT, put into image folders as the builder would.

use ampoule_engine::{Engine, EngineConfig, EngineError, FairShare, Image, Job, Start, code_config};
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest};
use ampoule_model::{Deterministic, Entry, Language, Limits, Outcome, Program};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

/// A guest whose `ampoule_run` is `body` (it returns the packed response) with every host function imported.
/// The response at address 16 says `completed` with result `1` (24 bytes).
pub(crate) fn guest_wat(body: &str) -> String {
    guest_wat_with(body, "")
}

/// The same with further items of the module.
pub(crate) fn guest_wat_with(body: &str, items: &str) -> String {
    guest_of("(call $done)", "(call $done)", body, items)
}

/// A guest of these bodies of `ampoule_prepare`, `ampoule_call` and `ampoule_run`.
pub(crate) fn guest_of(prepare: &str, call: &str, run: &str, items: &str) -> String {
    format!(
        r#"(module
            (import "ampoule" "clock_now" (func $clock_now (param i32) (result i64)))
            (import "ampoule" "random_fill" (func $random_fill (param i32 i32)))
            (import "ampoule" "output_write" (func $output_write (param i32 i32 i32)))
            (import "ampoule" "sleep" (func $sleep (param i64)))
            (import "ampoule" "exit" (func $exit (param i32)))
            (memory (export "memory") 1 65536)
            (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
            (global $scratch (mut i64) (i64.const 0))
            (data (i32.const 16) "\10\00\00\00\04\00\00\00\00\00\00\00\11\00\00\00\01\00\00\001")
            (func $done (result i64) (i64.or (i64.shl (i64.const 16) (i64.const 32)) (i64.const 21)))
            (func (export "ampoule_alloc") (param i32) (result i32) (i32.const 4096))
            (func (export "ampoule_compile") (param i32 i32) (result i64) (call $done))
            {items}
            (func (export "ampoule_prepare") (param i32 i32) (result i64) {prepare})
            (func $call (export "ampoule_call") (param i32 i32) (result i64) {call})
            (func $run (export "ampoule_run") (param i32 i32) (result i64) {run}))"#
    )
}

/// Writes an image folder for a guest of one page of memory.
pub(crate) fn write_image(folder: &Path, wat: &str) {
    write_image_with(folder, wat, 1);
}

/// The same with as many pages, of 64 KiB.
fn write_image_with(folder: &Path, wat: &str, pages: u64) {
    let engine = wasmtime::Engine::new(&code_config()).unwrap();
    let code =
        engine.precompile_module(&ampoule_meter::meter(&wat::parse_str(wat).unwrap()).unwrap()).unwrap();
    std::fs::write(folder.join(CODE_FILE), &code).unwrap();
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        name: "tiny".into(),
        digest: sha256(&code),
        language: Language::Python,
        version: "1".into(),
        packages: Vec::new(),
        exports: Vec::new(),
        imports: Vec::new(),
        initial_memory_bytes: pages * 65536,
        snapshot_bytes: 0,
        engine_version: String::new(),
        engine_config: String::new(),
        target: String::new(),
        cpu_features: Vec::new(),
        build_key: String::new(),
        files: [(CODE_FILE.to_owned(), sha256(&code))].into(),
    };
    std::fs::write(folder.join(MANIFEST_FILE), serde_json::to_string(&manifest).unwrap()).unwrap();
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}

/// An engine of one slot, so that every guest meets its predecessor's slot.
pub(crate) fn one_slot() -> Engine {
    let config =
        EngineConfig { slots: 1, reused_guests: 0, max_memory_bytes: 64 << 20, ..EngineConfig::default() };
    Engine::new(config).unwrap()
}

/// Loads a guest from WAT.
pub(crate) fn load(engine: &Engine, wat: &str) -> Image {
    let folder = tempfile::tempdir().unwrap();
    write_image(folder.path(), wat);
    engine.load(folder.path()).unwrap()
}

/// Loads a guest of [`guest_wat`] with as many pages of memory, of 64 KiB.
pub(crate) fn load_with(engine: &Engine, wat: &str, pages: u64) -> Image {
    let folder = tempfile::tempdir().unwrap();
    let wat = wat.replace("(memory (export \"memory\") 1 ", &format!("(memory (export \"memory\") {pages} "));
    write_image_with(folder.path(), &wat, pages);
    engine.load(folder.path()).unwrap()
}

/// Small limits, so that a test that should be stopped is stopped soon.
pub(crate) fn small_limits() -> Limits {
    Limits {
        wall_time: Duration::from_millis(500),
        memory_bytes: 4 << 20,
        fuel: 1_000_000_000,
        output_bytes: 1000,
        ..Limits::default()
    }
}

/// Runs a guest's `ampoule_run`.
pub(crate) async fn run(
    engine: &Engine,
    image: &Image,
    limits: Limits,
    deterministic: Option<Deterministic>,
) -> Result<Outcome, EngineError> {
    let program = program();
    let start = Start::Program { program: &program, compiled: None };
    engine.run(image, &Job { deterministic, ..job(start, limits) }).await
}

/// What no tiny guest looks at.
pub(crate) fn program() -> Program {
    Program {
        language: Language::Python,
        entry: Entry::Main,
        source: String::new(),
        file_name: "main.py".into(),
        modules: Vec::new(),
        bigint: false,
    }
}

/// Pays for all tests.
static SHARE: LazyLock<FairShare> = LazyLock::new(|| FairShare::new(1));

/// A job with nothing but a start.
pub(crate) fn job(start: Start<'_>, limits: Limits) -> Job<'_> {
    let share = &SHARE;
    Job {
        start,
        input_json: "{}",
        files: &[],
        environment: &[],
        stdin: &[],
        output_files: &[],
        limits,
        deterministic: None,
        share,
        output_stream: None,
        permit: None,
        memory: None,
    }
}
