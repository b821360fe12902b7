//! Compilation: from the snapshot to metered machine code for this kind of machine.

use crate::error::{Error, IoContext, Result};
use crate::guest;
use crate::key::Inputs;
use crate::snapshot::GUEST_FILE;
use ampoule_model::manifest::CODE_FILE;
use sha2::{Digest, Sha256};
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::Path;
use wasmtime::{Config, Engine, Module, OptLevel};

/// Beside the code: what the module imports and exports.
pub(crate) const INTERFACE_FILE: &str = "interface.json";

/// Raised when what this step leaves changes its form, or what it refuses does.
const COMPILED_FORMAT: &str = "3";

/// The version of wasmtime the code is made by and for; checked against Cargo.lock by a test.
pub(crate) const ENGINE_VERSION: &str = "48.0.8";

/// The compiled module's boundary, and its code's digest: the file may be damaged later.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Interface {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pub(crate) code_sha256: String,
}

/// The engine's configuration with what only a compiler needs.
fn config() -> Config {
    let mut config = ampoule_engine::code_config();
    config.cranelift_opt_level(OptLevel::Speed);
    config
}

/// What goes into the code besides the snapshot: wasmtime's own view of everything that matters to it, this
/// machine's CPU features included.
pub(crate) fn inputs() -> Result<Inputs> {
    let engine = engine("")?;
    let mut digest = DigestHasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut digest);
    Ok(Inputs::from([
        ("format".to_owned(), COMPILED_FORMAT.to_owned()),
        ("wasmtime".to_owned(), ENGINE_VERSION.to_owned()),
        ("engine configuration".to_owned(), hex::encode(digest.0.finalize())),
        ("engine configuration id".to_owned(), ampoule_engine::code_config_id()),
        ("metering".to_owned(), ampoule_meter::VERSION.to_owned()),
    ]))
}

/// Reads `from/guest.wasm`, writes `to/code.cwasm` and its interface.
pub(crate) fn run(image: &str, from: &Path, to: &Path) -> Result<()> {
    let path = from.join(GUEST_FILE);
    let wasm = fs::read(&path).doing("read", &path)?;
    let refused = |message: String| Error::Guest { image: image.to_owned(), message };
    ampoule_meter::check_state(&wasm).map_err(|error| refused(error.to_string()))?;
    let wasm = ampoule_meter::meter(&wasm).map_err(|error| refused(error.to_string()))?;
    let module = Module::new(&engine(image)?, &wasm).map_err(|error| refused(format!("{error:?}")))?;
    guest::check(&module).map_err(refused)?;
    let code = module.serialize().map_err(|error| refused(format!("{error:?}")))?;
    let interface = Interface {
        imports: module.imports().map(|import| format!("{}.{}", import.module(), import.name())).collect(),
        exports: module.exports().map(|export| export.name().to_owned()).collect(),
        code_sha256: hex::encode(Sha256::digest(&code)),
    };
    fs::write(to.join(CODE_FILE), code).doing("write", &to.join(CODE_FILE))?;
    let interface = serde_json::to_vec_pretty(&interface).expect("lists of names are JSON");
    fs::write(to.join(INTERFACE_FILE), interface).doing("write", &to.join(INTERFACE_FILE))
}

fn engine(image: &str) -> Result<Engine> {
    Engine::new(&config()).map_err(|error| Error::Guest {
        image: image.to_owned(),
        message: format!("this machine cannot compile it: {error:?}"),
    })
}

/// Target triple of the code; wasmtime compiles for the machine it runs on.
pub(crate) fn target() -> String {
    format!("{}-unknown-{}-gnu", std::env::consts::ARCH, std::env::consts::OS)
}

/// The CPU features of this machine that Cranelift makes use of.
pub(crate) fn cpu_features() -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! detect {
            ($($name:tt),*) => { $(if std::is_x86_feature_detected!($name) { found.push($name); })* };
        }
        detect!(
            "sse3",
            "ssse3",
            "sse4.1",
            "sse4.2",
            "popcnt",
            "avx",
            "avx2",
            "fma",
            "bmi1",
            "bmi2",
            "lzcnt",
            "cmpxchg16b",
            "avx512bitalg",
            "avx512dq",
            "avx512f",
            "avx512vl",
            "avx512vbmi"
        );
    }
    #[cfg(target_arch = "aarch64")]
    {
        macro_rules! detect {
            ($($name:tt),*) => { $(if std::arch::is_aarch64_feature_detected!($name) { found.push($name); })* };
        }
        detect!("lse", "paca", "fp16");
    }
    found.sort_unstable();
    found.into_iter().map(str::to_owned).collect()
}

/// Feeds a `Hash` into sha256: std's own hashers are not meant to be kept.
struct DigestHasher(Sha256);

impl Hasher for DigestHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        unreachable!("the digest is taken instead")
    }
}
