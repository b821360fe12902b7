//! Nothing of one run is visible to the next, however the first one ended.
//!
//! A *leaker* leaves its mark in everything it can reach and then ends in one of the ways an execution can end. The next
//! guest in the same slot (the engine has only one) is a canary, which looks around, or a scanner: a guest of our
//! own that reads every byte of its linear memory.

mod common;

use ampoule_engine::{Engine, EngineConfig, Job, code_config};
use ampoule_service::{Service, ServiceConfig};
use ampoule_world::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest};
use ampoule_world::{Entry, Language, Limits, Outcome, Program, Request, Status};
use common::canary::{self, MARK};
use common::compare::describe;
use common::runner::{execute, without_times};
use common::{block_on, load_images, request, service_with_slots};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The ways a leaker ends, and what is then seen.
const ENDINGS: [(&str, Status); 7] = [
    ("return", Status::Completed),
    ("raise", Status::Raised),
    ("fuel", Status::FuelExhausted),
    ("wall", Status::TimedOut),
    ("memory", Status::OutOfMemory),
    ("output", Status::OutputLimit),
    ("exit", Status::Raised),
];

fn leaker(language: Language, ending: &str) -> Request {
    let source = match language {
        Language::Python => include_str!("fixtures/canary/leaker.py"),
        Language::Javascript => include_str!("fixtures/canary/leaker.js"),
    };
    let mut request = request(language, source);
    request.input_json = format!("{{\"mark\": \"{MARK}\", \"ending\": \"{ending}\"}}");
    request.environment = vec![(MARK.into(), MARK.into())];
    request.files = vec![ampoule_world::File { path: format!("{MARK}.txt"), content: MARK.into() }];
    request.limits.fuel = Some(20_000_000_000);
    request.limits.memory_bytes = Some(192 << 20);
    match ending {
        "fuel" => request.limits.fuel = Some(1_500_000_000),
        "wall" => request.limits.wall_time = Some(Duration::from_secs(2)),
        _ => {}
    }
    request
}

fn leak(service: &Service, language: Language, ending: &str, status: Status) {
    let outcome = execute(service, leaker(language, ending)).expect("the leaker is admitted");
    let marked = outcome.stdout.starts_with("marked");
    assert!(outcome.status == status && marked, "{} {ending}: {}", language.name(), describe(&outcome));
}

/// What a canary answers here, and that it found nothing.
fn clean(service: &Service, language: Language, after: &str) -> Outcome {
    let outcome = execute(service, canary::request_of(language)).expect("the canary is admitted");
    assert_eq!(
        outcome.result_json,
        canary::CLEAN,
        "{} after {after}: {}",
        language.name(),
        describe(&outcome)
    );
    without_times(&outcome)
}

fn nothing_is_left_of(leaking: Language) {
    let pristine = Language::ALL.map(|language| clean(&service_with_slots(1), language, "nothing"));
    let service = service_with_slots(1);
    for (ending, status) in ENDINGS {
        leak(&service, leaking, ending, status);
        for (language, pristine) in Language::ALL.into_iter().zip(&pristine) {
            let outcome = clean(&service, language, ending);
            assert_eq!(
                outcome,
                *pristine,
                "the {} canary after {} {ending}",
                language.name(),
                leaking.name()
            );
        }
    }
}

/// Leaker and canary in one and the same guest: a canary that finds nothing here would prove nothing elsewhere.
#[test]
fn a_canary_does_see_what_a_leaker_leaves() {
    let service = service_with_slots(1);
    for language in Language::ALL {
        let mut both = canary::request_of(language);
        let looks = both.program.source.clone();
        both.program.source = match language {
            Language::Python => {
                let source = include_str!("fixtures/canary/leaker.py").to_owned();
                both.program.modules = vec![ampoule_world::Module { name: "leaker".into(), source }];
                format!(
                    "{looks}\n_look = main\nimport leaker\n\ndef main(kram):\n    leaker.mark_everything(kram[::-1])\n    return _look(kram)\n"
                )
            }
            Language::Javascript => {
                let leaks = include_str!("fixtures/canary/leaker.js")
                    .replace("async function main", "async function leak");
                format!("{looks}\n{leaks}\nmarkEverything('{MARK}');\n")
            }
        };
        let outcome = execute(&service, both).expect("it is admitted");
        // Its own tools are spoilt too: it may fail instead of telling what it found. Clean it is not.
        assert_ne!(
            outcome.result_json,
            canary::CLEAN,
            "{} is blind: {}",
            language.name(),
            describe(&outcome)
        );
        println!("{}: {}", language.name(), describe(&outcome));
    }
}

#[test]
fn nothing_is_left_of_a_python_run_however_it_ended() {
    nothing_is_left_of(Language::Python);
}

#[test]
fn nothing_is_left_of_a_javascript_run_however_it_ended() {
    nothing_is_left_of(Language::Javascript);
}

#[test]
fn runs_at_the_same_time_do_not_see_each_other() {
    let service = service_with_slots(4);
    let pristine = Language::ALL.map(|language| clean(&service_with_slots(1), language, "nothing"));
    block_on(async {
        let mut leakers = tokio::task::JoinSet::new();
        for round in 0..3 {
            for language in Language::ALL {
                let (ending, _) = ENDINGS[round % 2];
                let service = service.clone();
                leakers.spawn(async move {
                    service.execute(leaker(language, ending)).await.expect("it is admitted")
                });
            }
        }
        for _ in 0..6 {
            for (language, pristine) in Language::ALL.into_iter().zip(&pristine) {
                let execution = service.execute(canary::request_of(language)).await.expect("it is admitted");
                assert_eq!(without_times(&execution.outcome), *pristine, "{}", describe(&execution.outcome));
            }
        }
        while let Some(ended) = leakers.join_next().await {
            ended.expect("no panic");
        }
    });
}

#[test]
fn a_request_that_is_given_up_leaves_nothing() {
    let service = service_with_slots(1);
    let pristine = Language::ALL.map(|language| clean(&service, language, "nothing"));
    for language in Language::ALL {
        block_on(async {
            let given_up =
                tokio::time::timeout(Duration::from_millis(700), service.execute(leaker(language, "wall")))
                    .await;
            assert!(given_up.is_err(), "the leaker ended before it was given up");
        });
        for (language, pristine) in Language::ALL.into_iter().zip(&pristine) {
            assert_eq!(clean(&service, language, "a run that was given up"), *pristine);
        }
    }
}

#[test]
fn randomness_and_time_are_fresh_in_every_run() {
    let service = service_with_slots(1);
    let sources = [
        (
            Language::Python,
            "import random, os, uuid, secrets\ndef main(): return [random.random(), random.getrandbits(64), os.urandom(8).hex(), str(uuid.uuid4()), secrets.token_hex(8)]",
        ),
        (
            Language::Javascript,
            "const main = () => [Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(8))]]",
        ),
    ];
    for (language, source) in sources {
        let results: std::collections::HashSet<String> = (0..20)
            .map(|_| execute(&service, request(language, source)).expect("it is admitted"))
            .map(|outcome| outcome.result_json)
            .collect();
        assert_eq!(results.len(), 20, "{} repeats itself", language.name());
    }
}

/// A guest that grows to 96 MiB and counts the places where its memory holds the mark: the request brings it with every
/// byte flipped, so that the request itself is none. The response's result is the number of places, as one digit.
const SCANNER: &str = r#"(module
    (import "ampoule" "exit" (func (param i32)))
    (memory (export "memory") 2 65536)
    (global (export "__stack_pointer") (mut i32) (i32.const 65536))
    (data (i32.const 65600) "\10\00\00\00\04\00\00\00\00\00\00\00\11\00\00\00\01\00\00\000")
    (func (export "ampoule_alloc") (param i32) (result i32) (i32.const 66000))
    (func (export "ampoule_compile") (param i32 i32) (result i64) (i64.const 0))
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

#[test]
fn no_byte_of_an_earlier_guest_is_left_in_the_slots_memory() {
    let config = EngineConfig { slots: 1, ..EngineConfig::default() };
    let engine = Engine::new(config.clone()).expect("the engine starts");
    let scanner = scanner(&engine);
    let service = Service::new(
        ServiceConfig { engine: config, ..ServiceConfig::default() },
        engine.clone(),
        load_images(&engine),
    );
    // The scanner does find the mark where it is: in the request that carries it unflipped.
    assert_eq!(scan(&engine, &scanner, &MARK[..8]), "1", "the scanner is blind");
    for language in Language::ALL {
        for (ending, status) in ENDINGS {
            leak(&service, language, ending, status);
            let found = scan(&engine, &scanner, "");
            assert_eq!(found, "0", "after a {} run that ended by {ending}", language.name());
        }
    }
}

fn scan(engine: &Engine, scanner: &ampoule_engine::Image, beside: &str) -> String {
    let flipped: String = MARK[..8].bytes().map(|byte| char::from(byte ^ 1)).collect();
    let program = Program {
        language: Language::Python,
        entry: Entry::Main,
        source: format!("{beside}:needle:{flipped}"),
        file_name: "scan".into(),
        modules: Vec::new(),
    };
    let job = Job {
        program: &program,
        compiled: None,
        input_json: "{}",
        files: &[],
        environment: &[],
        limits: Limits { wall_time: Duration::from_secs(60), ..Limits::default() },
        deterministic: None,
        share: &ampoule_engine::Share::new(1),
        tap: None,
    };
    let outcome = block_on(engine.run(scanner, &job)).expect("the scanner runs");
    assert_eq!(outcome.status, Status::Completed, "{}", describe(&outcome));
    outcome.result_json
}

fn scanner(engine: &Engine) -> ampoule_engine::Image {
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
