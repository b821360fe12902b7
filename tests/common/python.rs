//! Servers for clients written in Python, and those clients' environments.

use super::images_folder;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server process on a free port, ended with the test.
pub(crate) struct Server {
    child: Child,
    /// Of gRPC.
    pub(crate) address: String,
    /// Of the same as JSON over HTTP, if it was asked for.
    pub(crate) http: String,
    /// Of the contract of Dify's sandbox, if it was asked for.
    pub(crate) dify: String,
    /// Where it would keep functions; not where a user's own are.
    _data: TempDir,
}

impl Server {
    /// Starts `ampoule serve` with further arguments.
    pub(crate) fn start(arguments: &[&str]) -> Server {
        let data = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_ampoule"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("AMPOULE_IMAGES", images_folder())
            .env("XDG_DATA_HOME", data.path())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let address = address_in(&mut log);
        let mut of = |flag| if arguments.contains(&flag) { address_in(&mut log) } else { String::new() };
        let (http, dify) = (of("--http"), of("--dify"));
        // Nobody reads on, and a full pipe would stop the server.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Server { child, address, http, dify, _data: data }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of the next log line that says that the server listens; both log formats hold it as
/// `127.0.0.1:<port>`.
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
pub(crate) fn python_with(requirements: &Path) -> PathBuf {
    let text = std::fs::read(requirements).expect("the requirements can be read");
    let key = hex::encode(&Sha256::digest(text)[..8]);
    let kind =
        requirements.parent().and_then(Path::file_name).expect("it lies in a folder").to_string_lossy();
    let cache = ampoule_builder::Options::from_env().expect("there is a cache folder").cache;
    let folder = cache.join("tests").join(format!("{}-{key}", kind.replace('_', "-")));
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
