//! What an image says of itself: `manifest.json` beside its files.

use crate::Language;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format's version; an image of another version is rebuilt, not guessed at.
pub const MANIFEST_FORMAT: u32 = 3;

/// The file that holds the manifest.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The file that holds the machine code; an entry of [`Manifest::files`].
pub const CODE_FILE: &str = "code.cwasm";

/// The description of one image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`MANIFEST_FORMAT`] when it was written.
    pub format: u32,
    /// The image's name, e.g. `python`.
    pub name: String,
    /// sha256 in hex over name, language, version, packages and the digests of `files`:
    /// the image's identity.
    pub digest: String,
    /// The language it runs.
    pub language: Language,
    /// The interpreter's version, e.g. `3.13.5`.
    pub version: String,
    /// What is baked in, the interpreter included.
    pub packages: Vec<Package>,
    /// Names of the module's exports.
    pub exports: Vec<String>,
    /// The module's imports, `module.name`.
    pub imports: Vec<String>,
    /// Linear memory at the start of every execution, in bytes; limits and usage count from here.
    pub initial_memory_bytes: u64,
    /// What of it is not zero, in bytes: the part that is mapped from the file.
    pub snapshot_bytes: u64,
    /// Version of wasmtime that compiled the code.
    pub engine_version: String,
    /// Hash of the engine configuration the code was compiled with.
    pub engine_config: String,
    /// Target triple of the machine code.
    pub target: String,
    /// CPU features that the code may use.
    pub cpu_features: Vec<String>,
    /// The build's key: sha256 over everything that went in.
    pub build_key: String,
    /// File name → sha256 in hex. Checked before anything is mapped.
    pub files: BTreeMap<String, String>,
}

/// One package of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its name in its registry.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SPDX expression.
    pub licence: String,
    /// sha256 in hex of the file that it was taken from; empty for a part whose source is listed under
    /// another name.
    #[serde(default)]
    pub sha256: String,
    /// Whether compiled code of it is in the image; else it is pure, written in the image's language.
    #[serde(default)]
    pub native: bool,
    /// What programs import of it, e.g. `bs4`; empty for what they do not.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Whether it was imported before the snapshot, so that importing it costs nothing; else it is on demand.
    #[serde(default)]
    pub preimported: bool,
}
