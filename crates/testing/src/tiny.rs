//! A tiny image for tests that are not about Python or JavaScript. See `guest.wat` for what its programs do.

use ampoule_engine::Engine;
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest, Package};
use ampoule_model::{Entry, Language, Program, Request};
use ampoule_service::{FunctionStore, Images, InMemory, Service, ServiceConfig};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Handle;

/// What the tiny guest's memory starts with.
pub const INITIAL_MEMORY_BYTES: u64 = 4 * 65536;

/// Writes the tiny image as `python` and as `javascript` into `images`.
pub fn write_images(images: &Path) {
    let engine = wasmtime::Engine::new(&ampoule_engine::code_config()).expect("this machine compiles");
    let wasm = wat::parse_str(include_str!("guest.wat")).expect("the tiny guest is well written");
    let metered = ampoule_meter::meter(&wasm).expect("the tiny guest can be metered");
    let module = wasmtime::Module::new(&engine, metered).expect("the tiny guest compiles");
    let code = module.serialize().expect("compiled code is bytes");
    for language in Language::ALL {
        write_image(images, language, &code);
    }
}

fn write_image(images: &Path, language: Language, code: &[u8]) {
    let name = language.name();
    let digest = hex::encode(Sha256::digest(name));
    let manifest = Manifest {
        format: MANIFEST_FORMAT,
        name: name.into(),
        digest: digest.clone(),
        language,
        version: "0.1".into(),
        packages: vec![Package {
            name: "tiny".into(),
            version: "0.1".into(),
            licence: "Apache-2.0".into(),
            sha256: "0".repeat(64),
            native: true,
            modules: vec!["tiny".into(), "tinier".into()],
            preimported: true,
        }],
        exports: Vec::new(),
        imports: Vec::new(),
        initial_memory_bytes: INITIAL_MEMORY_BYTES,
        snapshot_bytes: 0,
        engine_version: String::new(),
        engine_config: String::new(),
        target: String::new(),
        cpu_features: Vec::new(),
        build_key: String::new(),
        files: [(CODE_FILE.to_owned(), hex::encode(Sha256::digest(code)))].into(),
    };
    let folder = images.join(name).join(&digest);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(CODE_FILE), code).unwrap();
    std::fs::write(folder.join(MANIFEST_FILE), serde_json::to_vec(&manifest).unwrap()).unwrap();
    std::fs::write(images.join(name).join("current"), &digest).unwrap();
}

/// A service on the tiny images, configured by `change`.
pub fn service(change: impl FnOnce(&mut ServiceConfig)) -> Service {
    with_engine(change, |_| {}, in_memory())
}

/// The same that keeps functions in `store`.
pub fn keeping(store: FunctionStore, change: impl FnOnce(&mut ServiceConfig)) -> Service {
    with_engine(change, |_| {}, store)
}

/// The same as a server has it: guests compute on threads of their own. Within a runtime.
pub fn served(change: impl FnOnce(&mut ServiceConfig)) -> Service {
    let prepare = |engine: &Engine| engine.compute_on_own_threads(Handle::current()).unwrap();
    with_engine(change, prepare, in_memory())
}

/// Functions are kept for as long as the service lives.
fn in_memory() -> FunctionStore {
    FunctionStore::new(Arc::new(InMemory::new()))
}

fn with_engine(
    change: impl FnOnce(&mut ServiceConfig),
    prepare: impl FnOnce(&Engine),
    store: FunctionStore,
) -> Service {
    let mut config = ServiceConfig::default();
    config.engine.slots = 8;
    // All of the memory is for guests.
    config.functions.cache_bytes = 0;
    change(&mut config);
    let folder = tempfile::tempdir().unwrap();
    write_images(folder.path());
    let engine = Engine::new(config.engine.clone()).unwrap();
    prepare(&engine);
    let names = ampoule_service::image_names(folder.path()).unwrap();
    let images = Images::load(&engine, folder.path(), &names).unwrap();
    Service::with_functions(config, engine, images, Some(store))
}

/// Asks for a program of the tiny guest.
pub fn request(source: &str, input_json: &str) -> Request {
    let program = Program {
        language: Language::Python,
        entry: Entry::Main,
        source: source.into(),
        file_name: String::new(),
        modules: Vec::new(),
        bigint: false,
    };
    Request { input_json: input_json.into(), ..Request::of(program) }
}
