//! A gRPC client that is not ours: Python's grpcio, with stubs generated from `proto/`, against `ampoule serve`.
//!
//! The client's packages are pinned by hash in `tests/python_client/requirements.txt` and installed once into a virtual
//! environment in the cache folder; its name holds the digest of the requirements, so a change makes a new one.

mod common;

use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

#[test]
fn a_client_of_python_grpcio_is_served() {
    let root = common::checkout();
    let python = python_with(&root.join("tests/python_client/requirements.txt"));
    let server = Server::start();
    let client = Command::new(python)
        .arg(root.join("tests/python_client/client.py"))
        .args([server.address.as_str(), &root.join("proto").display().to_string()])
        .output()
        .expect("the client starts");
    let said = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "{said}\n{}", String::from_utf8_lossy(&client.stdout));
    assert!(said.contains("OK"), "no test ran:\n{said}");
}

/// A server process on a free port, ended with the test.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start() -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ampoule"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("AMPOULE_IMAGES", common::images_folder())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let address = address_in(&mut log);
        // Nobody reads on, and a full pipe would stop the server.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Server { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of the log line that says that the server listens; both log formats hold it as `127.0.0.1:<port>`.
fn address_in(log: &mut impl BufRead) -> String {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        let length = log.read_line(&mut line).expect("the log can be read");
        assert!(length > 0, "the server ended:\n{seen}");
        seen.push_str(&line);
        if !line.contains("listening") {
            continue;
        }
        if let Some((_, rest)) = line.split_once("127.0.0.1:") {
            let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return format!("127.0.0.1:{port}");
        }
    }
}

/// The interpreter of an environment that holds exactly these requirements.
fn python_with(requirements: &Path) -> PathBuf {
    let text = std::fs::read(requirements).expect("the requirements can be read");
    let key = hex::encode(&Sha256::digest(text)[..8]);
    let cache = ampoule_builder::Options::from_env().expect("there is a cache folder").cache;
    let folder = cache.join("tests").join(format!("python-client-{key}"));
    let python = folder.join("bin/python");
    let ready = folder.join("ready");
    if ready.is_file() {
        return python;
    }
    // A half-made environment of an interrupted run starts over.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(cache.join("tests")).expect("the cache can be written");
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"])
        .args(["--require-hashes", "-r"])
        .arg(requirements));
    std::fs::write(&ready, b"").expect("the cache can be written");
    python
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}
