//! Sources are what the recipe pins, or the build stops. A stand-in for `npm` on the PATH brings them.

mod common;

use common::{House, LAST, child_build, sha256, source};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

/// Runs the build in another process whose `npm` is this script.
fn build_with_npm(house: &House, npm: &str) -> Output {
    let programs = house.path().join("bin");
    fs::create_dir_all(&programs).expect("a folder");
    let file = programs.join("npm");
    fs::write(&file, format!("#!/bin/sh\necho asked >>{}\n{npm}", house.path().join("asked").display()))
        .expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("there is one"));
    child_build(house).env("PATH", path).output().expect("it starts")
}

fn times_asked(house: &House) -> usize {
    fs::read_to_string(house.path().join("asked")).unwrap_or_default().lines().count()
}

fn house_with_source(sha256: &str) -> House {
    let house = House::with_guest();
    house.recipe(&format!(
        "{}[[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nsources = [\"lib\"]\nfiles = [\"guest.wasm\"]\n",
        source("lib", sha256)
    ));
    house.write("guest.sh", format!("cat \"$SRC_LIB\"\n{LAST}"));
    house
}

/// `npm pack … --pack-destination FOLDER NAME` runs in that folder.
const BRINGS_GENUINE: &str = "printf genuine >lib-1.2.3.tgz\n";

#[test]
fn child() {
    common::build_as_child();
}

#[test]
fn a_fetched_source_is_kept_and_not_fetched_again() {
    let house = house_with_source(&sha256(b"genuine"));
    let output = build_with_npm(&house, BRINGS_GENUINE);
    assert!(output.status.success(), "{output:?}");
    house.write("guest.sh", format!("# changed\n{LAST}"));
    let output = build_with_npm(&house, "exit 1\n");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(times_asked(&house), 1);
}

#[test]
fn a_wrong_hash_stops_the_build_and_nothing_is_kept() {
    let house = house_with_source(&sha256(b"genuine"));
    let output = build_with_npm(&house, "printf forged >lib-1.2.3.tgz\n");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    let expected = format!(
        "source `lib` (lib 1.2.3, lib.tgz) has the wrong sha256:\n  expected {}\n  found    {}",
        sha256(b"genuine"),
        sha256(b"forged")
    );
    assert!(said.contains(&expected), "{said}");
    let left = fs::read_dir(house.cache().join("sources")).expect("it is there").count();
    assert_eq!(left, 0);
}

#[test]
fn a_client_that_fails_is_asked_again() {
    let house = house_with_source(&sha256(b"genuine"));
    let fails_once =
        format!("[ $(wc -l <{}) -ge 2 ] || exit 1\n{BRINGS_GENUINE}", house.path().join("asked").display());
    let output = build_with_npm(&house, &fails_once);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(times_asked(&house), 2);
}

#[test]
fn a_client_that_keeps_failing_is_quoted() {
    let house = house_with_source(&sha256(b"genuine"));
    let output = build_with_npm(&house, "echo 'ENOTFOUND no such registry' >&2; exit 7\n");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("source `lib` (lib 1.2.3 from npm) could not be fetched"), "{said}");
    assert!(said.contains("exit status: 7") && said.contains("ENOTFOUND no such registry"), "{said}");
    assert_eq!(times_asked(&house), 3);
}

#[test]
fn a_damaged_file_in_the_cache_is_fetched_again() {
    let house = house_with_source(&sha256(b"genuine"));
    house.seed_source("lib", b"genuine");
    fs::write(house.cache().join("sources").join(sha256(b"genuine")).join("lib.tgz"), "damaged")
        .expect("a file");
    let output = build_with_npm(&house, BRINGS_GENUINE);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(times_asked(&house), 1);
}
