//! Bytecode made by hand, in guests of the Python image: metering ends it, not the watchdog below, and the
//! next guest in the slot is well.
//!
//! What libFuzzer gives is a seed: the program beside this file makes instructions of it. Any ending is right
//! but one that comes late.
#![no_main]

use ampoule_engine::{Engine, EngineConfig};
use ampoule_service::{Images, Service, ServiceConfig, default_images_folder};
use ampoule_model::{Entry, Language, Outcome, Program, Request};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::runtime::Runtime;

const PROGRAM: &str = include_str!("bytecode.py");

/// What comes next in the slot.
const NEXT: &str = "def main(): return sum(n * n for n in range(100))";

/// Fuel ends a loop long before, however busy the machine is.
const WALL_TIME: Duration = Duration::from_secs(5);

/// Far above what that fuel buys, and the longest pass through the guest's memory that is charged at its end.
const MOST_CPU: Duration = Duration::from_millis(1500);

/// Enough for every loop to show that it is metered.
const FUEL: u64 = 500_000_000;

static TOKIO: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime starts")
});

static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let config = ServiceConfig {
        engine: EngineConfig { slots: 1, reused_guests: 0, ..EngineConfig::default() },
        ..ServiceConfig::default()
    };
    let engine = Engine::new(config.engine.clone()).expect("the engine starts");
    let names = [Language::Python.name().to_owned()];
    let images = Images::load(&engine, &default_images_folder(), &names).expect("the image is built");
    Service::new(config, engine, images)
});

fuzz_target!(|bytes: &[u8]| {
    let seed = hex::encode(bytes);
    let ended = run(PROGRAM, format!("{{\"seed\": \"{seed}\"}}"));
    assert_eq!(SERVICE.health().cut_off, 0, "not metered: {ended:?}");
    assert!(ended.usage.cpu_time < MOST_CPU, "{ended:?}");
    let next = run(NEXT, String::new());
    assert_eq!(next.result_json, "328350", "what is left in the slot: {next:?}");
});

fn run(source: &str, input: String) -> Outcome {
    let program = Program {
        language: Language::Python,
        entry: Entry::Main,
        source: source.into(),
        file_name: String::new(),
        modules: Vec::new(),
        bigint: false,
    };
    let mut request = Request::of(program);
    request.input_json = input;
    request.limits.wall_time = Some(WALL_TIME);
    request.limits.fuel = Some(FUEL);
    TOKIO.block_on(SERVICE.execute(request)).expect("it is admitted").outcome
}
