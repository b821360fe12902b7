//! From guest to image: the snapshot, the checks against the guest world, the manifest.

mod common;

use ampoule_builder::BuiltImage;
use ampoule_engine::{Engine, EngineConfig};
use common::{GUEST, House, LAST, sha256};
use std::fs;

fn house_with(guest: &str) -> House {
    let house = House::with_guest();
    house.write("guest.wasm", wat::parse_str(guest).expect("it is WAT"));
    house
}

fn build(house: &House) -> BuiltImage {
    house.build().expect("the build works")
}

#[test]
fn the_same_guest_gives_the_same_snapshot_and_image() {
    let (one, other) = (House::with_guest(), House::with_guest());
    let (first, second) = (build(&one), build(&other));
    assert_eq!(first.manifest, second.manifest);
    let snapshot = |house: &House| {
        let steps = house.builder().explain("tiny").expect("it can be explained");
        let key = &steps.iter().find(|step| step.name == "snapshot").expect("there is one").key;
        fs::read(house.cache().join(format!("steps/tiny-snapshot-{}/guest.wasm", &key[..16])))
            .expect("a snapshot")
    };
    assert_eq!(sha256(&snapshot(&one)), sha256(&snapshot(&other)));
    assert!(snapshot(&one).windows(6).any(|bytes| bytes == b"booted"));
}

#[test]
fn the_manifest_says_what_the_image_is() {
    let house = House::with_guest();
    let image = build(&house);
    let manifest = image.manifest;
    assert_eq!(
        manifest.exports,
        [
            "memory",
            "__stack_pointer",
            "boots",
            "ampoule_alloc",
            "ampoule_compile",
            "ampoule_prepare",
            "ampoule_call",
            "ampoule_run",
            "ampoule_fuel"
        ]
    );
    assert_eq!(
        manifest.imports,
        ["ampoule.clock_now", "ampoule.random_fill", "ampoule.output_write", "ampoule.refuel"]
    );
    assert_eq!(manifest.initial_memory_bytes, 3 * 65536);
    assert_eq!(manifest.snapshot_bytes, 2 * 4096);
    assert_eq!(manifest.packages.len(), 1);
    let code = fs::read(image.folder.join("code.cwasm")).expect("it is there");
    assert_eq!(manifest.files["code.cwasm"], sha256(&code));
    assert!(image.folder.ends_with(format!("images/tiny/{}", manifest.digest)));
    assert_eq!(
        fs::read_to_string(house.path().join("images/tiny/current")).expect("it is there"),
        manifest.digest
    );
}

#[test]
fn the_engine_loads_it() {
    let house = House::with_guest();
    let image = build(&house);
    let engine = Engine::new(EngineConfig::default()).expect("an engine");
    let loaded = engine.load(&image.folder).expect("it loads");
    assert_eq!(loaded.digest(), image.manifest.digest);
}

#[test]
fn the_guest_boots_with_a_fixed_clock_and_randomness_and_its_output_is_logged() {
    let house = House::with_guest();
    build(&house);
    assert_eq!(fs::read_to_string(house.cache().join("logs/tiny-snapshot.log")).expect("a log"), "booted");
}

#[test]
fn a_guest_that_asks_for_more_is_refused() {
    let wants_files = GUEST.replacen(
        "(import",
        "(import \"wasi_snapshot_preview1\" \"fd_read\" (func (param i32)))\n(import",
        1,
    );
    let message = house_with(&wants_files).error();
    assert!(message.contains("it imports wasi_snapshot_preview1.fd_read, which no guest may"), "{message}");
}

#[test]
fn a_guest_that_offers_less_is_refused() {
    let message = house_with(&GUEST.replace("ampoule_run", "run")).error();
    assert!(message.contains("it does not export `ampoule_run`"), "{message}");
    let message = house_with(
        &GUEST.replace("(export \"ampoule_alloc\") (param i32)", "(export \"ampoule_alloc\") (param i64)"),
    )
    .error();
    assert!(
        message.contains(
            "its export `ampoule_alloc` is a function (i64) -> (i32), not a function (i32) -> (i32)"
        ),
        "{message}"
    );
}

#[test]
fn a_guest_with_state_that_nobody_could_reset_is_refused() {
    let message = house_with(&GUEST.replace("(export \"boots\") ", "")).error();
    assert!(message.contains("global 1, which is mutable and not exported"), "{message}");
}

#[test]
fn a_guest_that_fails_to_boot_says_why() {
    let traps = GUEST.replace("(drop (memory.grow (i32.const 1)))", "unreachable");
    let message = house_with(&traps).error();
    assert!(message.contains("unreachable") && message.contains("it printed:\nbooted"), "{message}");
    let exits =
        traps.replacen("(import", "(import \"ampoule\" \"exit\" (func $exit (param i32)))\n(import", 1);
    let message = house_with(&exits.replace("unreachable", "(call $exit (i32.const 3))")).error();
    assert!(message.contains("it called exit(3) while booting"), "{message}");
}

#[test]
fn a_last_step_without_a_guest_is_told_so() {
    let house = House::with_guest();
    house.write("guest.sh", "true\n");
    assert!(house.error().contains("the recipe's last step left no $OUT/guest.wasm"));
}

#[test]
fn the_newest_three_images_are_kept() {
    let house = House::with_guest();
    let mut digests = Vec::new();
    for round in 0..5 {
        house.write(
            "guest.wasm",
            wat::parse_str(GUEST.replace("i32.const 42", &format!("i32.const {round}"))).expect("it is WAT"),
        );
        digests.push(build(&house).manifest.digest);
    }
    let kept = |digest: &String| house.path().join("images/tiny").join(digest).is_dir();
    assert_eq!(digests.iter().map(kept).collect::<Vec<_>>(), [false, false, true, true, true]);
}

#[test]
fn a_damaged_images_folder_is_made_anew() {
    let house = House::with_guest();
    let image = build(&house);
    fs::remove_file(image.folder.join("code.cwasm")).expect("it is there");
    assert!(!house.builder().is_current("tiny").expect("it can be read"));
    let again = build(&house);
    assert!(again.fresh && again.folder.join("code.cwasm").is_file());
    assert_eq!(again.manifest, image.manifest);
}

#[test]
fn a_change_that_changes_nothing_gives_the_same_image() {
    let house = House::with_guest();
    let before = build(&house);
    house.write("guest.sh", format!("# a comment\n{LAST}"));
    let after = build(&house);
    assert_eq!(before.manifest.digest, after.manifest.digest);
    assert_ne!(before.manifest.build_key, after.manifest.build_key);
    assert!(house.builder().is_current("tiny").expect("it can be read"));
}

#[test]
fn damaged_code_is_noticed_and_made_again() {
    let house = House::with_guest();
    let first = build(&house);
    let code = first.folder.join("code.cwasm");
    let good = fs::read(&code).expect("it is there");
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    // In place: the compile step's output is the same file under another name.
    fs::write(&code, &bad).expect("it can be written");
    let again = build(&house);
    assert!(again.fresh);
    assert_eq!(fs::read(again.folder.join("code.cwasm")).expect("it is there"), good);
    assert!(!build(&house).fresh);

    // The same with no image that would tell.
    fs::write(again.folder.join("code.cwasm"), &bad).expect("it can be written");
    fs::remove_dir_all(house.path().join("images")).expect("they can be removed");
    let error = house.build().expect_err("what is damaged is not used").to_string();
    assert!(error.contains("code.cwasm was damaged"), "{error}");
    assert_eq!(fs::read(build(&house).folder.join("code.cwasm")).expect("it is there"), good);
}

#[test]
fn the_manifests_engine_version_is_the_one_in_cargo_lock() {
    let manifest = build(&House::with_guest()).manifest;
    let lock = fs::read_to_string("../../Cargo.lock").expect("cargo runs tests in the crate's folder");
    for name in ["wasmtime", "wasmtime-wizer"] {
        let entry = format!("name = \"{name}\"\nversion = \"{}\"\n", manifest.engine_version);
        assert!(lock.contains(&entry), "{name} is not {}", manifest.engine_version);
    }
}
