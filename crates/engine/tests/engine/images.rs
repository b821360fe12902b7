//! An image is used only when it is what its manifest says and asks for nothing it may not have.

use crate::common::{guest_wat, one_slot, write_image};
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE};

fn load_error(change: impl FnOnce(&std::path::Path), wat: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    write_image(folder.path(), wat);
    change(folder.path());
    match one_slot().load(folder.path()) {
        Ok(_) => panic!("the image was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_changed_byte_is_noticed_before_the_code_is_mapped() {
    let error = load_error(
        |folder| {
            let mut code = std::fs::read(folder.join(CODE_FILE)).unwrap();
            let middle = code.len() / 2;
            code[middle] ^= 1;
            std::fs::write(folder.join(CODE_FILE), code).unwrap();
        },
        &guest_wat("(call $done)"),
    );
    assert!(error.contains("code.cwasm has sha256") && error.contains("rebuild"), "{error}");
}

#[test]
fn a_missing_or_foreign_manifest_is_an_error_that_says_so() {
    let wat = guest_wat("(call $done)");
    let missing = load_error(|folder| std::fs::remove_file(folder.join(MANIFEST_FILE)).unwrap(), &wat);
    assert!(missing.contains("manifest.json"), "{missing}");
    let foreign = load_error(|folder| std::fs::write(folder.join(MANIFEST_FILE), "{}").unwrap(), &wat);
    assert!(foreign.contains("manifest.json"), "{foreign}");
}

/// The same bytes, so that only the way to them is wrong.
#[test]
fn nothing_of_an_image_lies_outside_of_its_folder() {
    let wat = guest_wat("(call $done)");
    let outside = tempfile::tempdir().unwrap();
    let elsewhere = outside.path().join(CODE_FILE);
    let by_link = load_error(
        |folder| {
            std::fs::rename(folder.join(CODE_FILE), &elsewhere).unwrap();
            std::os::unix::fs::symlink(&elsewhere, folder.join(CODE_FILE)).unwrap();
        },
        &wat,
    );
    assert!(by_link.contains("code.cwasm: ") && by_link.contains("outside"), "{by_link}");
    let by_name = load_error(
        |folder| {
            let manifest = std::fs::read_to_string(folder.join(MANIFEST_FILE)).unwrap();
            let other = manifest.replace("\"code.cwasm\":", &format!("\"{}\":", elsewhere.display()));
            assert_ne!(other, manifest);
            std::fs::write(folder.join(MANIFEST_FILE), other).unwrap();
        },
        &wat,
    );
    assert!(by_name.contains("outside"), "{by_name}");
}

#[test]
fn the_memory_that_limits_count_from_is_the_codes_own() {
    let error = load_error(
        |folder| {
            let manifest = std::fs::read_to_string(folder.join(MANIFEST_FILE)).unwrap();
            let lie = manifest.replace("\"initial_memory_bytes\":65536", "\"initial_memory_bytes\":0");
            assert_ne!(lie, manifest);
            std::fs::write(folder.join(MANIFEST_FILE), lie).unwrap();
        },
        &guest_wat("(call $done)"),
    );
    assert!(error.contains("starts with 65536 bytes of memory, the manifest says 0"), "{error}");
}

#[test]
fn the_largest_limit_fits_on_top_of_an_image() {
    let folder = tempfile::tempdir().unwrap();
    write_image(folder.path(), &guest_wat("(call $done)"));
    let load = |max_memory_bytes| {
        let config = EngineConfig { slots: 1, max_memory_bytes, ..EngineConfig::default() };
        Engine::new(config).unwrap().load(folder.path()).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(load((4 << 30) - 65536), Ok(()));
    let error = load((4 << 30) - 65535).unwrap_err();
    assert!(error.contains("lower caps.memory_bytes to 4294901760 at most"), "{error}");
}

#[test]
fn an_image_that_imports_more_than_the_list_is_refused() {
    for import in [
        r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))"#,
        r#"(import "ampoule" "shell" (func))"#,
    ] {
        let wat = guest_wat("(call $done)").replacen("(module", &format!("(module {import}"), 1);
        let error = load_error(|_| {}, &wat);
        assert!(error.contains("it imports"), "{error}");
    }
}

#[test]
fn an_image_without_the_abis_exports_is_refused() {
    let wat = guest_wat("(call $done)").replace("ampoule_compile", "something_else");
    let error = load_error(|_| {}, &wat);
    assert!(error.contains("lacks the export 'ampoule_compile'"), "{error}");
}
