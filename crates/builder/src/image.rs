//! The image's folder: files, manifest, and the pointer to the current one.

use crate::cache::{UNFINISHED, create_folder, keep_newest, remove, remove_unfinished, write_atomically};
use crate::compile::{self, INTERFACE_FILE, Interface};
use crate::error::{Error, IoContext, Result};
use crate::key;
use crate::recipe::{self, Recipe};
use crate::snapshot::{Booted, FACTS_FILE};
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest, Package};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What a recipe's last step leaves beside `guest.wasm`.
pub(crate) const PACKAGES_FILE: &str = "packages.json";

/// Holds the digest of the current image.
const CURRENT_FILE: &str = "current";

/// Images kept per name: the current one, and what servers that are still running may have mapped.
const IMAGES_KEPT: usize = 3;

/// The outputs an image is put together from.
pub(crate) struct Parts {
    pub(crate) last_step: PathBuf,
    pub(crate) snapshot: PathBuf,
    pub(crate) compiled: PathBuf,
}

/// Writes the image's folder and makes it the current one.
pub(crate) fn assemble(
    images: &Path,
    recipe: &Recipe,
    build_key: &str,
    parts: &Parts,
) -> Result<(PathBuf, Manifest)> {
    let booted: Booted = read_json(&recipe.name, &parts.snapshot.join(FACTS_FILE))?;
    let interface: Interface = read_json(&recipe.name, &parts.compiled.join(INTERFACE_FILE))?;
    let code = parts.compiled.join(CODE_FILE);
    if key::of_file(&code)? != interface.code_sha256 {
        remove(&parts.compiled)?;
        return Err(Error::Damaged { path: code });
    }
    let mut manifest = Manifest {
        format: MANIFEST_FORMAT,
        name: recipe.name.clone(),
        digest: String::new(),
        language: recipe.language,
        version: recipe.version.clone(),
        packages: packages(recipe, &parts.last_step)?,
        exports: interface.exports,
        imports: interface.imports,
        initial_memory_bytes: booted.initial_memory_bytes,
        snapshot_bytes: booted.snapshot_bytes,
        engine_version: compile::ENGINE_VERSION.to_owned(),
        engine_config: ampoule_engine::code_config_id(),
        target: compile::target(),
        cpu_features: compile::cpu_features(),
        build_key: build_key.to_owned(),
        files: BTreeMap::from([(CODE_FILE.to_owned(), interface.code_sha256)]),
    };
    manifest.digest = digest(&manifest);

    let of_name = images.join(&recipe.name);
    create_folder(&of_name)?;
    remove_unfinished(&of_name)?;
    let unfinished = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(&of_name)
        .doing("create a folder in", &of_name)?;
    link_or_copy(&code, &unfinished.path().join(CODE_FILE))?;
    let text = serde_json::to_vec_pretty(&manifest).expect("a manifest is JSON");
    fs::write(unfinished.path().join(MANIFEST_FILE), text)
        .doing("write", &unfinished.path().join(MANIFEST_FILE))?;
    readable(unfinished.path())?;
    let folder = of_name.join(&manifest.digest);
    // The digest does not cover the build's key: the same content may come from another build.
    remove(&folder)?;
    fs::rename(unfinished.keep(), &folder).doing("keep", &folder)?;
    write_atomically(&of_name.join(CURRENT_FILE), manifest.digest.as_bytes())?;
    let is_digest = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    keep_newest(&of_name, IMAGES_KEPT, is_digest)?;
    Ok((folder, manifest))
}

/// The current image of this name, if it is whole: folder and manifest.
pub(crate) fn current(images: &Path, name: &str) -> Option<(PathBuf, Manifest)> {
    let of_name = images.join(name);
    let digest = fs::read_to_string(of_name.join(CURRENT_FILE)).ok()?;
    let folder = of_name.join(digest.trim());
    let manifest: Manifest = serde_json::from_slice(&fs::read(folder.join(MANIFEST_FILE)).ok()?).ok()?;
    let whole =
        manifest.format == MANIFEST_FORMAT && manifest.files.keys().all(|file| folder.join(file).is_file());
    whole.then_some((folder, manifest))
}

/// Whether every file still has the digest that the manifest says.
pub(crate) fn is_intact(folder: &Path, manifest: &Manifest) -> bool {
    let intact = |(file, sha256): (&String, &String)| {
        key::of_file(&folder.join(file)).is_ok_and(|found| found == *sha256)
    };
    manifest.files.iter().all(intact)
}

/// sha256 over name, language, version, packages and the digests of the files: the image's identity.
fn digest(manifest: &Manifest) -> String {
    let mut hasher = Sha256::new();
    let mut field = |text: &str| {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    };
    for text in [&manifest.name, manifest.language.name(), &manifest.version] {
        field(text);
    }
    for package in &manifest.packages {
        for text in [&package.name, &package.version, &package.licence, &package.sha256] {
            field(text);
        }
        field(&format!("{} {} {}", package.native, package.preimported, package.modules.join(" ")));
    }
    for (file, sha256) in &manifest.files {
        field(file);
        field(sha256);
    }
    hex::encode(hasher.finalize())
}

/// What is baked in: what the last step says, and the shipped sources it does not mention.
fn packages(recipe: &Recipe, last_step: &Path) -> Result<Vec<Package>> {
    let listed: Vec<Package> = read_json(&recipe.name, &last_step.join(PACKAGES_FILE))?;
    let mut packages = recipe::packages(recipe);
    packages.extend(listed.into_iter().map(|package| (package.name.clone(), package)));
    Ok(packages.into_values().collect())
}

fn read_json<T: DeserializeOwned>(image: &str, path: &Path) -> Result<T> {
    let text = fs::read(path).doing("read", path)?;
    serde_json::from_slice(&text).map_err(|error| Error::Guest {
        image: image.to_owned(),
        message: format!("{}: {error}", path.display()),
    })
}

/// One file, two names where the file system can: the code is tens of megabytes and never changed in place.
fn link_or_copy(from: &Path, to: &Path) -> Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(drop).doing("copy", from)
}

/// Temporary folders are the owner's alone; images are for every user who may serve them.
fn readable(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).doing("make readable", folder)
}
