//! What an image says of itself: an image whose manifest was tampered with is refused, or is the image that
//! it was.
#![no_main]

use ampoule_engine::{Engine, EngineConfig, EngineError};
use ampoule_fuzz::tiny;
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE, MANIFEST_FORMAT, Manifest};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;

struct Tiny {
    engine: Engine,
    #[expect(dead_code, reason = "is removed when dropped")]
    folder: TempDir,
    image: PathBuf,
    /// As it was written.
    manifest: Manifest,
}

static TINY: LazyLock<Tiny> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    tiny::write_images(folder.path());
    let name = folder.path().join("python");
    let digest = std::fs::read_to_string(name.join("current")).expect("it was just written");
    let image = name.join(digest);
    let manifest = std::fs::read(image.join(MANIFEST_FILE)).expect("it was just written");
    let manifest = serde_json::from_slice(&manifest).expect("it was just written");
    let engine = Engine::new(EngineConfig { slots: 1, ..EngineConfig::default() }).expect("an engine");
    Tiny { engine, folder, image, manifest }
});

fuzz_target!(|bytes: &[u8]| {
    // `"CODE"` stands for the digest of the code, which no fuzzer guesses.
    let text = String::from_utf8_lossy(bytes).replace("CODE", &TINY.manifest.files[CODE_FILE]);
    std::fs::write(TINY.image.join(MANIFEST_FILE), &text).expect("it is written");
    match TINY.engine.load(&TINY.image) {
        Ok(image) => {
            let said: Manifest = serde_json::from_str(&text).expect("it was read");
            assert_eq!(image.manifest(), &said);
            assert_eq!(said.format, MANIFEST_FORMAT);
            assert_eq!(
                said.files[CODE_FILE], TINY.manifest.files[CODE_FILE],
                "only the code that was built is mapped"
            );
            assert_eq!(said.initial_memory_bytes, TINY.manifest.initial_memory_bytes);
            let again: Manifest =
                serde_json::from_slice(&serde_json::to_vec(&said).expect("it is JSON")).expect("it is read");
            assert_eq!(again, said);
        }
        Err(EngineError::BadImage { path, reason }) => {
            assert!(path == TINY.image && !reason.is_empty(), "a refusal names the image and says why");
        }
        Err(other) => panic!("refused for something else: {other}"),
    }
});
