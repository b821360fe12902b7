//! A guest of our own that reads every byte of its linear memory: what it does not find is not there.

use super::canary::MARK;
use super::compare::describe;
use super::{SHARE, block_on};
use ampoule_engine::{Engine, Image, Job, Start, code_config};
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest};
use ampoule_model::{Entry, Language, Limits, Program, Status};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A guest that grows to 96 MiB and counts the places where its memory holds the mark: the request brings it
/// with every byte flipped, so that the request itself is none. The response's result is the number of
/// places, as one digit.
const SCANNER: &str = r#"(module
    (import "ampoule" "exit" (func (param i32)))
    (memory (export "memory") 2 65536)
    (global (export "__stack_pointer") (mut i32) (i32.const 65536))
    (data (i32.const 65600) "\10\00\00\00\04\00\00\00\00\00\00\00\11\00\00\00\01\00\00\000")
    (func (export "ampoule_alloc") (param i32) (result i32) (i32.const 66000))
    (func (export "ampoule_compile") (param i32 i32) (result i64) (i64.const 0))
    (func (export "ampoule_prepare") (param i32 i32) (result i64) (i64.const 0))
    (func (export "ampoule_call") (param i32 i32) (result i64) (i64.const 0))
    (func (export "ampoule_run") (param $request i32) (param $length i32) (result i64)
        (local $at i32) (local $end i32) (local $needle i64) (local $found i32)
        ;; The needle: eight bytes of the request's last field but flipped, right after "needle:".
        (local.set $at (local.get $request))
        (block $got (loop $look
            (br_if $got (i64.eq (i64.load (local.get $at)) (i64.const 0x3a656c6465656e3a)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $look (i32.lt_u (local.get $at) (i32.add (local.get $request) (local.get $length))))
            (unreachable)))
        (local.set $needle (i64.xor (i64.load offset=8 (local.get $at)) (i64.const 0x0101010101010101)))
        (drop (memory.grow (i32.const 1534)))
        (local.set $end (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))
        (local.set $at (i32.const 0))
        (loop $scan
            (if (i64.eq (i64.load (local.get $at)) (local.get $needle))
                (then (local.set $found (i32.const 1))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $scan (i32.lt_u (local.get $at) (local.get $end))))
        (i32.store8 (i32.const 65620) (i32.add (i32.const 48) (local.get $found)))
        (i64.or (i64.shl (i64.const 65600) (i64.const 32)) (i64.const 21))))"#;

/// What the scanner finds, with something beside the needle in its request.
pub(crate) fn scan(engine: &Engine, scanner: &Image, beside: &str) -> String {
    let flipped: String = MARK[..8].bytes().map(|byte| char::from(byte ^ 1)).collect();
    let program = Program {
        language: Language::Python,
        entry: Entry::Main,
        source: format!("{beside}:needle:{flipped}"),
        file_name: "scan".into(),
        modules: Vec::new(),
        bigint: false,
    };
    let job = Job {
        start: Start::Program { program: &program, compiled: None },
        input_json: "{}",
        files: &[],
        environment: &[],
        stdin: &[],
        output_files: &[],
        limits: Limits { wall_time: Duration::from_secs(60), ..Limits::default() },
        deterministic: None,
        share: &SHARE,
        output_stream: None,
        permit: None,
        memory: None,
    };
    let outcome = block_on(engine.run(scanner, &job)).expect("the scanner runs");
    assert_eq!(outcome.status, Status::Completed, "{}", describe(&outcome));
    outcome.result_json
}

/// The scanner, loaded for an engine.
pub(crate) fn scanner(engine: &Engine) -> Image {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wasm = wasmtime::Engine::new(&code_config()).expect("the configuration is sound");
    let wat = wat::parse_str(SCANNER).expect("the scanner is well formed");
    let metered = ampoule_meter::meter(&wat).expect("the scanner can be metered");
    let code = wasm.precompile_module(&metered).expect("the scanner compiles");
    std::fs::write(folder.path().join(CODE_FILE), &code).expect("it can be written");
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        name: "scanner".into(),
        digest: "0".repeat(64),
        language: Language::Python,
        version: "1".into(),
        packages: Vec::new(),
        exports: Vec::new(),
        imports: Vec::new(),
        initial_memory_bytes: 2 << 16,
        snapshot_bytes: 0,
        engine_version: String::new(),
        engine_config: String::new(),
        target: String::new(),
        cpu_features: Vec::new(),
        build_key: String::new(),
        files: [(CODE_FILE.to_owned(), hex::encode(Sha256::digest(&code)))].into(),
    };
    let text = serde_json::to_string(&manifest).expect("a manifest is JSON");
    std::fs::write(folder.path().join(MANIFEST_FILE), text).expect("it can be written");
    engine.load(folder.path()).expect("the scanner loads")
}
