//! A folder is the only one that a store reaches, and what it answers is on the disk.

use ampoule_store::{Definition, FunctionStore, LocalObjectStore, StoreQuota, Words};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const ROOM: StoreQuota = StoreQuota { functions: 100, versions: 1000, bytes: 1 << 30 };

/// In this variable a test finds the folder that it, as a process of its own, is to write to until it is
/// killed.
const VICTIM: &str = "AMPOULE_STORE_TEST_FOLDER";

fn open(path: &std::path::Path) -> FunctionStore {
    FunctionStore::new(Arc::new(LocalObjectStore::open(path).unwrap()))
}

#[tokio::test]
async fn a_link_out_of_the_folder_leads_nowhere() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(folder.path());
    store.put("t", "f", &Definition::new("{}".into(), None), &Words::default(), &ROOM).await.unwrap();
    let whole = folder.path().join("objects/functions/t");
    std::fs::rename(&whole, outside.path().join("t")).unwrap();
    symlink(outside.path().join("t"), &whole).unwrap();
    let reached = open(folder.path()).head("t", "f").await;
    assert!(reached.is_err(), "{reached:?}");
    let written = open(folder.path())
        .put("t", "g", &Definition::new("{}".into(), None), &Words::default(), &ROOM)
        .await;
    assert!(written.is_err());
    assert!(!outside.path().join("t/g").exists());
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/functions");
    open(&path);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert!(LocalObjectStore::open(&file).is_err());
    assert!(LocalObjectStore::open(&file.join("below")).is_err());
}

/// A process puts version after version and says so; it is killed at a random moment, again and again.
/// Whatever it has said is there, all heads and definitions are whole, and nothing of it is in the way of
/// what follows.
#[tokio::test]
async fn kill_9_at_any_moment_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(String, String)> = Vec::new();
    for round in 0..25_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_victim", "--nocapture", "--test-threads=1"])
            .env(VICTIM, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Moments that differ, from the start of the process to many puts later.
        tokio::time::sleep(Duration::from_millis(5 + round * 37 % 150)).await;
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            // The harness's own words come first on a line, perhaps; a line that was cut is not an
            // acknowledgement.
            if let Some((_, put)) = line.split_once("put ")
                && let Some((name, version)) = put.split_once(' ')
                && let Some(version) = version.strip_suffix('.')
            {
                acknowledged.push((name.to_owned(), version.to_owned()));
            }
        }
        let store = open(folder.path());
        for name in store.names("t").await.unwrap() {
            // A folder without a head is of a put that was never acknowledged.
            let Ok(head) = store.head("t", &name).await else { continue };
            for version in &head.versions {
                store.definition("t", &name, version).await.unwrap();
            }
        }
        for (name, version) in &acknowledged {
            let head = store.head("t", name).await.unwrap();
            assert!(head.version(version).is_some(), "round {round}: {name} {version} is lost");
        }
    }
    assert!(acknowledged.len() > 50, "{} puts in all rounds", acknowledged.len());
}

/// Not a test of its own: see above.
#[tokio::test]
async fn the_victim() {
    let Some(path) = std::env::var_os(VICTIM) else { return };
    let store = open(std::path::Path::new(&path));
    for number in 0_u64.. {
        let name = format!("f{}", number % 7);
        let definition = Definition::new(format!("[{}, {number}]", std::process::id()), None);
        store.put("t", &name, &definition, &Words::default(), &ROOM).await.unwrap();
        // One write, so that a line is whole or cut, and never mixed.
        println!("put {name} {}.", definition.version());
    }
}
