//! Loading an image: manifest, digests, mapping, self-test.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::host::GuestState;
use ampoule_world::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest};
use ampoule_world::{Language, imports};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use wasmtime::{InstancePre, Module, ModuleExport};

/// A verified, mapped image, ready to start guests from. Cheap to clone.
#[derive(Clone)]
pub struct Image {
    pub(crate) inner: Arc<LoadedImage>,
}

pub(crate) struct LoadedImage {
    pub(crate) manifest: Manifest,
    pub(crate) digest: Arc<str>,
    pub(crate) pre: InstancePre<GuestState>,
    pub(crate) exports: GuestExports,
}

/// Where the ABI's exports are, so that no name is looked up per execution.
pub(crate) struct GuestExports {
    pub(crate) memory: ModuleExport,
    pub(crate) fuel: ModuleExport,
    pub(crate) alloc: ModuleExport,
    pub(crate) compile: ModuleExport,
    pub(crate) run: ModuleExport,
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

    /// The language it runs.
    pub fn language(&self) -> Language {
        self.inner.manifest.language
    }
}

impl Engine {
    /// Loads the image in `folder`: checks the manifest and every file's digest, then maps the code.
    pub fn load(&self, folder: &Path) -> Result<Image, EngineError> {
        let bad = |reason: String| EngineError::BadImage { path: folder.to_owned(), reason };
        let manifest = read_manifest(folder).map_err(bad)?;
        let code = verified_files(folder, &manifest).map_err(bad)?;
        // SAFETY: deserialising runs whatever machine code the file holds, so it must be what our builder wrote:
        // its digest was just checked against the manifest through this very file handle, and the images folder is
        // the operator's own, written atomically and never in place (SECURITY.md lists this trust).
        let module = unsafe { Module::deserialize_open_file(&self.inner.wasm, code) }.map_err(|error| {
            bad(format!("{error:#}; rebuild it with: ampoule image build {}", manifest.name))
        })?;
        check_imports(&module).map_err(bad)?;
        let exports = guest_exports(&module).map_err(bad)?;
        let pre = self.inner.linker.instantiate_pre(&module).map_err(|error| bad(format!("{error:#}")))?;
        let digest = Arc::from(manifest.digest.as_str());
        Ok(Image { inner: Arc::new(LoadedImage { manifest, digest, pre, exports }) })
    }
}

fn read_manifest(folder: &Path) -> Result<Manifest, String> {
    let path = folder.join(MANIFEST_FILE);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{MANIFEST_FILE}: {error}"))?;
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
fn verified_files(folder: &Path, manifest: &Manifest) -> Result<File, String> {
    let mut code = None;
    for (name, expected) in &manifest.files {
        if name.contains('/') || name == ".." {
            return Err(format!("file name '{name}' leaves the image's folder"));
        }
        let mut file = File::open(folder.join(name)).map_err(|error| format!("{name}: {error}"))?;
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

fn guest_exports(module: &Module) -> Result<GuestExports, String> {
    let export =
        |name: &str| module.get_export_index(name).ok_or_else(|| format!("it lacks the export '{name}'"));
    Ok(GuestExports {
        memory: export("memory")?,
        fuel: export(imports::FUEL_GLOBAL)?,
        alloc: export("ampoule_alloc")?,
        compile: export("ampoule_compile")?,
        run: export("ampoule_run")?,
    })
}
