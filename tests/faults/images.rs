//! Images that are damaged, or not there: refused at the start, by name.

use crate::server::{TestEnvironment, wait};
use ampoule_model::manifest::{CODE_FILE, MANIFEST_FILE};
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Stdio;

/// Starts a server that must refuse to; what it says.
fn refusal(house: &TestEnvironment) -> String {
    let mut child = house.serve().stderr(Stdio::piped()).spawn().unwrap();
    let status = wait(&mut child);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(!said.contains("\"message\":\"listening\""), "{said}");
    said
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_image_is_refused_by_name() {
    type Damage = fn(&Path);
    let cases: [(&str, &str, Damage); 9] = [
        ("a byte flipped", CODE_FILE, |image| {
            change(&image.join(CODE_FILE), |bytes| {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            });
        }),
        ("cut short", CODE_FILE, |image| change(&image.join(CODE_FILE), |bytes| bytes.truncate(4096))),
        ("a byte more", CODE_FILE, |image| change(&image.join(CODE_FILE), |bytes| bytes.push(0))),
        ("empty", CODE_FILE, |image| fs::write(image.join(CODE_FILE), "").unwrap()),
        ("not there", CODE_FILE, |image| fs::remove_file(image.join(CODE_FILE)).unwrap()),
        ("no JSON", MANIFEST_FILE, |image| change(&image.join(MANIFEST_FILE), |bytes| bytes.truncate(100))),
        ("another digest", CODE_FILE, |image| {
            let path = image.join(MANIFEST_FILE);
            let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            manifest["files"][CODE_FILE] = "0".repeat(64).into();
            fs::write(path, manifest.to_string()).unwrap();
        }),
        ("no manifest", MANIFEST_FILE, |image| fs::remove_file(image.join(MANIFEST_FILE)).unwrap()),
        ("no folder", "images/python", |image| fs::remove_dir_all(image).unwrap()),
    ];
    for (what, named, damage) in cases {
        let house = TestEnvironment::new();
        damage(&house.image());
        let said = refusal(&house);
        assert!(said.contains(named) && said.contains("images/python"), "{what}: {said}");
    }
}

#[test]
fn without_the_folder_it_says_how_to_get_images() {
    let house = TestEnvironment::new();
    fs::remove_dir_all(house.path("images")).unwrap();
    let said = refusal(&house);
    assert!(said.contains("build them with: ampoule image build"), "{said}");
}
