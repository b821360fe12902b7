//! Dependencies point one way, as the table of ARCHITECTURE.md says, and all that are declared are used.

use crate::{files, read, root};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Declared and named in no source file of the crate, with the reason.
const UNNAMED: [(&str, &str); 1] = [("pbjson", "the code that is generated from proto/ uses it")];

fn packages() -> Vec<Value> {
    let output = Command::new(std::env::var_os("CARGO").expect("cargo runs the tests"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Of each crate the crates of ours that it may use, by the table; none: all.
fn table() -> BTreeMap<String, Option<BTreeSet<String>>> {
    let architecture = read("ARCHITECTURE.md");
    let rows =
        architecture.lines().filter(|line| line.starts_with("| `crates/") || line.starts_with("| `src/`"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let name = cells[0].split_once("(`").unwrap().1.split('`').next().unwrap();
        let uses = cells.last().unwrap();
        // What is in brackets says what for.
        let plain: String =
            uses.split('(').map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect();
        let of_ours = |name: &str| (name.trim() != "–").then(|| format!("ampoule-{}", name.trim()));
        let uses = (plain.trim() != "all").then(|| plain.split(',').filter_map(of_ours).collect());
        (name.to_owned(), uses)
    };
    rows.map(row).collect()
}

#[test]
fn crates_use_what_the_table_of_architecture_md_lets_them_use() {
    let table = table();
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        let allowed =
            table.get(name).unwrap_or_else(|| panic!("{name} is not in the table of ARCHITECTURE.md"));
        let used: BTreeSet<String> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dependency| dependency["kind"].is_null())
            .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
            .filter(|used| used.starts_with("ampoule-"))
            .collect();
        if let Some(allowed) = allowed {
            assert_eq!(&used, allowed, "{name}: what it uses, and what the table of ARCHITECTURE.md has");
        }
    }
}

#[test]
fn unsafe_code_is_in_the_engine_alone() {
    for package in packages() {
        let manifest = package["manifest_path"].as_str().unwrap().to_owned();
        let folder = Path::new(&manifest).parent().unwrap();
        let library = ["src/lib.rs", "src/main.rs"].map(|file| folder.join(file));
        let source = library.iter().find(|file| file.exists()).unwrap();
        let forbids = std::fs::read_to_string(source).unwrap().contains("#![forbid(unsafe_code)]");
        assert_eq!(forbids, package["name"] != "ampoule-engine", "{}", source.display());
    }
}

/// docs/adr/0001-wasi-in-the-guest.md: the host serves no WASI.
#[test]
fn wasmtime_wasi_is_a_dependency_of_tests_alone() {
    for package in packages() {
        let of_tests = |dependency: &Value| dependency["kind"] == "dev";
        let mut dependencies = package["dependencies"].as_array().unwrap().iter();
        let is_right = dependencies.all(|one| one["name"] != "wasmtime-wasi" || of_tests(one));
        assert!(is_right, "{} depends on wasmtime-wasi outside of its tests", package["name"]);
    }
}

#[test]
fn declared_dependencies_are_used() {
    let mut unused = Vec::new();
    for package in packages() {
        let manifest = package["manifest_path"].as_str().unwrap().to_owned();
        let folder = Path::new(&manifest).parent().unwrap();
        let text = |parts: &[&str]| -> String {
            let of = |part: &&str| {
                let path = folder.join(part);
                if path.is_file() { vec![path] } else { files(&path, &[".rs"]) }
            };
            parts.iter().flat_map(of).map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect()
        };
        let texts = [
            ("normal", text(&["src"])),
            ("dev", text(&["src", "tests", "benches"])),
            ("build", text(&["build.rs"])),
        ];
        for dependency in package["dependencies"].as_array().unwrap() {
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            let name = dependency["rename"].as_str().or(dependency["name"].as_str()).unwrap();
            let text = &texts.iter().find(|(of, _)| *of == kind).unwrap().1;
            let is_named = names(text, &name.replace('-', "_"));
            if !is_named && !UNNAMED.iter().any(|(unnamed, _)| *unnamed == name) {
                unused.push(format!("{} ({kind}): {name}", package["name"].as_str().unwrap()));
            }
        }
    }
    assert!(unused.is_empty(), "declared and not used: {unused:#?}");
}

/// Whether a word is in a text, as a word.
fn names(text: &str, word: &str) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(word).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        !is_word(before) && !is_word(text.as_bytes().get(at + word.len()))
    })
}
