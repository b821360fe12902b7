//! What the tests of whole programs share: images, services, fixtures and how they are compared.
//!
//! Images come the way the product gets them: built from `runtimes/` if they are not current. Set
//! `AMPOULE_TEST_IMAGES` to a folder of images to test those as they are, without a build.

// Every test binary uses a part of this.
#![allow(dead_code)]

pub(crate) mod canary;
pub(crate) mod compare;
pub(crate) mod fixture;
pub(crate) mod json;
pub(crate) mod keeping;
pub(crate) mod leaker;
pub(crate) mod prepared;
pub(crate) mod python;
pub(crate) mod runner;
pub(crate) mod scanner;

use ampoule_builder::{Builder, ConsoleProgress, Options};
use ampoule_engine::{Engine, EngineConfig, FairShare};
use ampoule_model::{Entry, Language, Program, Request};
use ampoule_service::{Images, Service, ServiceConfig};
use std::future::Future;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;
use tokio::runtime::Runtime;

/// The checkout whose tests these are. Asked for when they run: checkouts that share a cargo target share
/// test binaries.
pub(crate) fn checkout() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests").into()
}

/// Builds what is missing or stale, once; the builder's own lock keeps test binaries from building side by
/// side.
static IMAGES: LazyLock<PathBuf> = LazyLock::new(|| {
    if let Some(folder) = std::env::var_os("AMPOULE_TEST_IMAGES") {
        return folder.into();
    }
    let builder =
        Builder::new(Options::from_env().expect("the options are sound")).expect("the cache can be written");
    builder
        .build_all(&mut ConsoleProgress::new())
        .unwrap_or_else(|error| panic!("the images cannot be built: {error}"));
    builder.images().to_owned()
});

/// One runtime for all tests of a binary, set up as the server's own.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .event_interval(8)
        .global_queue_interval(8)
        .enable_all()
        .build()
        .unwrap()
});

/// The folder of the images under test.
pub(crate) fn images_folder() -> PathBuf {
    IMAGES.clone()
}

/// Runs a future to its end on the shared runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// Starts a task on the shared runtime.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    RUNTIME.spawn(future);
}

/// Pays for all tests that ask the engine itself.
pub(crate) static SHARE: LazyLock<FairShare> = LazyLock::new(|| FairShare::new(1));

/// A service with so many slots, all else as the product's defaults; with one slot, every guest is in it.
pub(crate) fn service_with_slots(slots: u32) -> Service {
    let defaults = EngineConfig::default();
    let reused_guests = if slots == 1 { 0 } else { defaults.reused_guests };
    service_of(ServiceConfig {
        engine: EngineConfig { slots, reused_guests, ..defaults },
        ..ServiceConfig::default()
    })
}

/// A service of this configuration with both images.
pub(crate) fn service_of(config: ServiceConfig) -> Service {
    let engine = Engine::new(config.engine.clone()).expect("the engine starts");
    let images = load_images(&engine);
    Service::new(config, engine, images)
}

/// Both images, loaded for this engine.
pub(crate) fn load_images(engine: &Engine) -> Images {
    let names: Vec<String> = Language::ALL.iter().map(|language| language.name().to_owned()).collect();
    Images::load(engine, &IMAGES, &names).expect("the images load")
}

/// A request for `source` by main, with a wall time that a busy machine does not reach.
pub(crate) fn request(language: Language, source: &str) -> Request {
    let program = Program {
        language,
        entry: Entry::Main,
        source: source.into(),
        file_name: String::new(),
        modules: Vec::new(),
        bigint: false,
    };
    let mut request = Request::of(program);
    request.limits.wall_time = Some(Duration::from_secs(30));
    request
}
