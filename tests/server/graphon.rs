//! The code execution client of graphon, Dify's node engine, as its package of PyPI has it, against
//! `ampoule serve --dify`.
//!
//! The package is pinned by hash in `tests/graphon/requirements.txt` and fetched once into the cache folder,
//! for the Python that it asks for, which need not be there: `tests/graphon/client.py` loads the one module
//! of it that wraps programs.

use crate::common;
use crate::common::python::Server;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the package; `None` where it cannot be had.
fn package(requirements: &Path) -> Option<PathBuf> {
    let cache = ampoule_builder::Options::from_env().expect("there is a cache folder").cache;
    let folder = cache.join("tests/graphon-0.8.0");
    if folder.join("graphon/dsl/code_runtime.py").is_file() {
        return Some(folder);
    }
    let fetched = Command::new("python3")
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--require-hashes",
            "--ignore-requires-python",
        ])
        .args(["--python-version", "3.13", "--only-binary", ":all:", "--target"])
        .arg(&folder)
        .arg("-r")
        .arg(requirements)
        .output()
        .expect("python3 starts");
    if !fetched.status.success() {
        println!("pip: {}", String::from_utf8_lossy(&fetched.stderr));
        return None;
    }
    Some(folder)
}

#[test]
fn graphon_is_served() {
    let root = common::checkout();
    let Some(package) = package(&root.join("tests/graphon/requirements.txt")) else {
        ampoule_testing::cannot_run("graphon cannot be fetched, see tests/graphon/requirements.txt");
        return;
    };
    let server = Server::start(&["--dify", "127.0.0.1:0"]);
    let client = Command::new("python3")
        .arg(root.join("tests/graphon/client.py"))
        .arg(&server.dify)
        .arg(package)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the client starts");
    let said = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "{said}\n{}", String::from_utf8_lossy(&client.stdout));
    assert!(said.contains("OK"), "no test ran:\n{said}");
}
