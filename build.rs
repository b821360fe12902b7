//! What the binary says of itself (`src/build_info.rs`): the commit, the compiler, the version of wasmtime,
//! the API's hash.

use sha2::{Digest, Sha256};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROTO: &str = "proto";

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo builds again only where one of these has changed.
    for path in [PROTO, "Cargo.lock", "build.rs"] {
        println!("cargo:rerun-if-changed={path}");
    }
    let commit = commit().unwrap_or_else(|| "unknown".into());
    let rustc = std::env::var("RUSTC")?;
    let rustc =
        output(Command::new(rustc).arg("--version")).ok_or("the compiler does not tell its version")?;
    let lock = fs::read_to_string("Cargo.lock")?;
    let wasmtime = version_in(&lock, "wasmtime").ok_or("Cargo.lock has no wasmtime")?;
    let set = |name: &str, value: &str| println!("cargo:rustc-env=BUILD_INFO_{name}={value}");
    set("COMMIT", &commit);
    set("RUSTC", rustc.split(' ').nth(1).unwrap_or(&rustc));
    set("WASMTIME", wasmtime);
    set("PROTO", &proto_hash()?[..12]);
    Ok(())
}

/// The commit that is checked out, in twelve digits; none where the sources came without git.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| output(Command::new("git").args(arguments));
    // These change with every commit: HEAD's own log, or where it points to.
    for name in ["HEAD", "logs/HEAD"] {
        let path = git(&["rev-parse", "--git-path", name])?;
        if Path::new(&path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The version of a package in `Cargo.lock`.
fn version_in<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

/// sha256 over the names and contents of `proto/`, in order.
fn proto_hash() -> Result<String, Box<dyn Error>> {
    let mut files = Vec::new();
    below(Path::new(PROTO), &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        let content = fs::read(&file)?;
        hash.update(file.to_string_lossy().as_bytes());
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hex::encode(hash.finalize()))
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { below(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
