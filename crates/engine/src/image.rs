//! Loading an image: manifest, digests, mapping, self-test.

use crate::checkpoint::prepare::Pristine;
use crate::config::ADDRESSABLE_BYTES;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::guest::EntryPoint;
use crate::host::GuestState;
use crate::reset::reuse::ReusedGuests;
use crate::watch::TrapSites;
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest};
use ampoule_model::{Language, imports};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OnceCell;
use wasmtime::{ExternType, InstancePre, Module, ModuleExport};

/// A verified, mapped image, ready to start guests from. Cheap to clone.
#[derive(Clone)]
pub struct Image {
    pub(crate) inner: Arc<LoadedImage>,
}

pub(crate) struct LoadedImage {
    pub(crate) manifest: Manifest,
    pub(crate) digest: Arc<str>,
    times: LoadTimes,
    /// The file of the code, whose digest was checked.
    pub(crate) file: File,
    /// The code, loaded once for each door. A slot that held a guest of a module keeps the memory ready that
    /// such guests write to, as far as it is not scattered too much; the compiler's would crowd out the
    /// programs', so the pool is made to see two modules and prefers to give each its own slots again. The
    /// mapped file is one.
    compiling: Code,
    running: Code,
    /// Guests of `running`.
    pub(crate) kept: ReusedGuests,
    /// What checkpoints are compared with, once there was one.
    pub(crate) pristine: OnceCell<Pristine>,
}

impl LoadedImage {
    pub(crate) fn code(&self, entry_point: EntryPoint) -> &Code {
        match entry_point {
            EntryPoint::Compile => &self.compiling,
            EntryPoint::Run | EntryPoint::Prepare | EntryPoint::Call => &self.running,
        }
    }
}

/// What loading an image took.
#[derive(Clone, Copy, Debug)]
pub struct LoadTimes {
    /// Reading its files and comparing their sha256 with the manifest's.
    pub checked_in: Duration,
    /// Mapping its code and memory, once for each door.
    pub mapped_in: Duration,
}

/// A module ready to be instantiated.
pub(crate) struct Code {
    pub(crate) pre: InstancePre<GuestState>,
    pub(crate) exports: GuestExports,
    pub(crate) sites: Arc<TrapSites>,
}

/// Where the ABI's exports are, so that no name is looked up per execution.
pub(crate) struct GuestExports {
    /// Where a stopped program was; guests of tests have none.
    pub(crate) place: Option<ModuleExport>,
    pub(crate) memory: ModuleExport,
    pub(crate) fuel: ModuleExport,
    pub(crate) alloc: ModuleExport,
    /// By the number of the [`EntryPoint`].
    pub(crate) entry_points: [ModuleExport; 4],
    /// The mutable globals but for that of the fuel, in the order of their names. Every global that a guest
    /// changes is exported (`ampoule_meter::check_state`).
    pub(crate) globals: Arc<[ModuleExport]>,
}

impl Image {
    /// The image's description.
    pub fn manifest(&self) -> &Manifest {
        &self.inner.manifest
    }

    /// The image's identity: a sha256 in hex.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// How long loading it took.
    pub fn load_times(&self) -> LoadTimes {
        self.inner.times
    }

    /// Guests of it that are kept and that nobody is in.
    pub fn reused_guests(&self) -> usize {
        self.inner.kept.len()
    }

    /// Executions that began in a guest that was kept.
    pub fn kept_executions(&self) -> u64 {
        self.inner.kept.reused()
    }

    /// The language it runs.
    pub fn language(&self) -> Language {
        self.inner.manifest.language
    }
}

impl Engine {
    /// Loads the image in `folder`: checks the manifest and every file's digest, then maps the code.
    pub fn load(&self, folder: &Path) -> Result<Image, EngineError> {
        let bad = |reason: String| EngineError::BadImage { path: folder.to_owned(), reason };
        // By way of the folder itself: no name in the manifest, and no link, leads out of it.
        let opened = Dir::open_ambient_dir(folder, ambient_authority());
        let files = opened.map_err(|error| bad(error.to_string()))?;
        let manifest = read_manifest(&files).map_err(bad)?;
        let started = Instant::now();
        let file = verified_files(&files, &manifest).map_err(bad)?;
        let checked_in = started.elapsed();
        let started = Instant::now();
        let compiling = self.load_code(&file, &manifest.name).map_err(bad)?;
        let running = self.load_code(&file, &manifest.name).map_err(bad)?;
        check_memory(running.pre.module(), &manifest, self.inner.config.max_memory_bytes).map_err(bad)?;
        let times = LoadTimes { checked_in, mapped_in: started.elapsed() };
        let digest = Arc::from(manifest.digest.as_str());
        let (kept, pristine) = (ReusedGuests::default(), OnceCell::new());
        let loaded = LoadedImage { manifest, digest, times, file, compiling, running, kept, pristine };
        Ok(Image { inner: Arc::new(loaded) })
    }

    /// Maps the code of a file whose digest has been checked.
    fn load_code(&self, file: &File, image: &str) -> Result<Code, String> {
        let module = map_code(&self.inner.wasm, file)
            .map_err(|error| format!("{error}; rebuild it with: ampoule image build {image}"))?;
        check_imports(&module)?;
        let exports = guest_exports(&module)?;
        let pre = self.inner.linker.instantiate_pre(&module).map_err(|error| format!("{error:#}"))?;
        let sites = Arc::new(TrapSites::of(&module)?);
        Ok(Code { pre, exports, sites })
    }
}

/// Maps the code of a file whose digest has been checked.
pub(crate) fn map_code(engine: &wasmtime::Engine, file: &File) -> Result<Module, String> {
    let file = file.try_clone().map_err(|error| format!("{CODE_FILE}: {error}"))?;
    // SAFETY: deserialising runs whatever machine code the file holds, so it must be what our builder wrote:
    // its digest was checked against the manifest through this very open file, and the images folder is
    // the operator's own, written atomically and never in place (SECURITY.md lists this trust).
    unsafe { Module::deserialize_open_file(engine, file) }.map_err(|error| format!("{error:#}"))
}

fn read_manifest(folder: &Dir) -> Result<Manifest, String> {
    let text = folder.read_to_string(MANIFEST_FILE).map_err(|error| format!("{MANIFEST_FILE}: {error}"))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| format!("{MANIFEST_FILE}: {error}"))?;
    if manifest.format != MANIFEST_FORMAT {
        return Err(format!(
            "manifest format {} is not {MANIFEST_FORMAT}; rebuild the image",
            manifest.format
        ));
    }
    Ok(manifest)
}

/// Hashes every file of the manifest; returns the handle of the code file, at its start.
fn verified_files(folder: &Dir, manifest: &Manifest) -> Result<File, String> {
    let mut code = None;
    for (name, expected) in &manifest.files {
        let mut file = folder.open(name).map_err(|error| format!("{name}: {error}"))?.into_std();
        let found = digest_of(&mut file).map_err(|error| format!("{name}: {error}"))?;
        if found != *expected {
            return Err(format!(
                "{name} has sha256 {found}, the manifest says {expected}; rebuild the image"
            ));
        }
        if name == CODE_FILE {
            code = Some(file);
        }
    }
    code.ok_or_else(|| format!("the manifest lists no {CODE_FILE}"))
}

fn digest_of(file: &mut File) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(&buffer[..length]);
    }
}

fn check_imports(module: &Module) -> Result<(), String> {
    match module.imports().find(|import| !imports::is_allowed(import.module(), import.name())) {
        None => Ok(()),
        Some(import) => Err(format!("it imports {}.{}, which no guest may", import.module(), import.name())),
    }
}

/// Limits and usage count from what the manifest says, and the largest limit must fit on top of it.
fn check_memory(module: &Module, manifest: &Manifest, largest_limit: u64) -> Result<(), String> {
    let found = match module.get_export("memory") {
        Some(ExternType::Memory(memory)) => memory.minimum() * memory.page_size(),
        _ => return Err("its export 'memory' is not a memory".into()),
    };
    let said = manifest.initial_memory_bytes;
    if found != said {
        return Err(format!(
            "it starts with {found} bytes of memory, the manifest says {said}; rebuild the image"
        ));
    }
    let room = ADDRESSABLE_BYTES - said.min(ADDRESSABLE_BYTES);
    if largest_limit > room {
        return Err(format!(
            "it starts with {said} bytes of memory, and caps.memory_bytes of {largest_limit} on top of them is more than the \
             {ADDRESSABLE_BYTES} that a guest can address: lower caps.memory_bytes to {room} at most"
        ));
    }
    Ok(())
}

fn guest_exports(module: &Module) -> Result<GuestExports, String> {
    let export =
        |name: &str| module.get_export_index(name).ok_or_else(|| format!("it lacks the export '{name}'"));
    let entry_point = |entry_point: EntryPoint| export(entry_point.export());
    let mut globals: Vec<String> = module
        .exports()
        .filter(|found| matches!(found.ty(), ExternType::Global(global) if global.mutability().is_var()))
        .map(|found| found.name().to_owned())
        .filter(|name| name != imports::FUEL_GLOBAL)
        .collect();
    globals.sort_unstable();
    Ok(GuestExports {
        memory: export("memory")?,
        fuel: export(imports::FUEL_GLOBAL)?,
        alloc: export("ampoule_alloc")?,
        place: module.get_export_index("ampoule_where"),
        entry_points: [
            entry_point(EntryPoint::Compile)?,
            entry_point(EntryPoint::Run)?,
            entry_point(EntryPoint::Prepare)?,
            entry_point(EntryPoint::Call)?,
        ],
        globals: globals.iter().map(|name| export(name)).collect::<Result<_, String>>()?,
    })
}
