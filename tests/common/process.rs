//! `ampoule serve` as a process of its own, on the tiny images.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses a part of it")]

use crate::tiny;
use serde_json::Value;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server process that logs JSON.
pub struct Server {
    pub folder: TempDir,
    pub child: Child,
    pub log: BufReader<ChildStderr>,
    pub address: String,
    /// Where it answers `/metrics`, if it does.
    pub monitoring: Option<String>,
    /// Where it is administered, over gRPC and over HTTP, if it is.
    pub admin: Option<String>,
    pub admin_http: Option<String>,
}

impl Server {
    pub fn start(config: &str) -> Server {
        Server::start_at("127.0.0.1:0", config)
    }

    pub fn start_at(listen: &str, config: &str) -> Server {
        let folder = tempfile::tempdir().unwrap();
        tiny::write_images(&folder.path().join("images"));
        std::fs::write(folder.path().join("loop.py"), "l").unwrap();
        std::fs::write(folder.path().join("echo.py"), "e secret-source").unwrap();
        std::fs::write(folder.path().join("fail.py"), "f secret-source").unwrap();
        std::fs::write(folder.path().join("config.toml"), format!("{config}\n[log]\nformat = \"json\"\n"))
            .unwrap();
        Server::start_in(folder, listen)
    }

    /// On a folder with images and a `config.toml`.
    fn start_in(folder: TempDir, listen: &str) -> Server {
        let mut child = ampoule(&folder, &["serve", "--config", "config.toml", "--listen", listen])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut addresses = HashMap::new();
        let mut seen = String::new();
        while !addresses.contains_key("listening") {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it does not listen:\n{seen}");
            seen.push_str(&line);
            let value: Value = serde_json::from_str(&line).unwrap_or_default();
            if let (Some(message), Some(address)) = (value["message"].as_str(), value["address"].as_str()) {
                addresses.insert(message.to_owned(), address.to_owned());
            }
        }
        let address = addresses.remove("listening").unwrap();
        let mut of = |message: &str| addresses.remove(message);
        let monitoring = of("listening for monitoring");
        let (admin, admin_http) =
            (of("listening for administration"), of("listening for administration over HTTP"));
        Server { folder, child, log, address, monitoring, admin, admin_http }
    }

    /// Ends the process by a signal, and starts another one on its folder.
    pub fn restart(&mut self, signal: &str) {
        self.signal(signal);
        self.child.wait().unwrap();
        self.start_again();
    }

    /// Starts another process on the folder of one that has ended.
    pub fn start_again(&mut self) {
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        *self = Server::start_in(folder, "127.0.0.1:0");
    }

    /// Changes the configuration file: it is written under another name, and renamed.
    pub fn reconfigure(&self, config: &str) {
        self.write("config.toml", &format!("{config}\n[log]\nformat = \"json\"\n"));
    }

    /// The same with any file.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Command {
        let url = format!("http://{}", self.address);
        ampoule(&self.folder, &[&["run", "--addr", &url], arguments].concat())
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until so many executions run, as monitoring tells: for tests that signal in the middle of them.
    pub fn until_running(&self, count: u64) {
        let monitoring = self.monitoring.as_ref().expect("the configuration has `metrics =`");
        let series = format!("ampoule_slots_running {count}");
        let started = Instant::now();
        while !get(monitoring, "/metrics").lines().any(|line| line == series) {
            assert!(started.elapsed() < Duration::from_secs(30), "there were never {count} executions");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn ampoule(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ampoule"));
    command
        .current_dir(folder.path())
        .env("AMPOULE_IMAGES", folder.path().join("images"))
        // No recipes: nothing is built behind a test's back.
        .env("AMPOULE_RUNTIMES", folder.path())
        .env("XDG_DATA_HOME", folder.path().join("data"))
        // What the tests themselves were given is no program's.
        .stdin(Stdio::null())
        .args(arguments);
    command
}

/// Reads the log up to the line with this message.
pub fn line_with(log: &mut impl BufRead, message: &str) -> Value {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "no line '{message}' in:\n{seen}");
        seen.push_str(&line);
        match serde_json::from_str::<Value>(&line) {
            Ok(value) if value["message"] == message => return value,
            _ => {}
        }
    }
}

/// Reads the log up to the next line about a request.
pub fn request_line(log: &mut impl BufRead) -> (String, Value) {
    loop {
        let mut line = String::new();
        assert!(log.read_line(&mut line).unwrap() > 0, "the log ended");
        let value: Value = serde_json::from_str(&line).unwrap();
        if value["target"] == "ampoule::request" {
            return (line, value);
        }
    }
}

/// Posts `body` and reads what comes back, head and all, until the server closes.
pub fn http(address: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    exchange(address, &format!("{head}{body}"))
}

/// The same for `GET`.
pub fn get(address: &str, path: &str) -> String {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"))
}

/// The same with any method; `headers` are whole lines.
pub fn send(address: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n"
    );
    exchange(address, &format!("{head}{body}"))
}

fn exchange(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}
