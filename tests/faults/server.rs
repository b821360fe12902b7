//! A server process whose log goes to a file, so that nobody needs to read it for the server to go on.

use crate::tiny;
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far longer than anything takes: whoever waits so long waits for what does not come.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A folder with the tiny images, and addresses of its own.
pub(crate) struct TestEnvironment {
    folder: TempDir,
    pub(crate) grpc: String,
    pub(crate) http: String,
    metrics: String,
}

impl TestEnvironment {
    pub(crate) fn new() -> TestEnvironment {
        let folder = tempfile::tempdir().unwrap();
        tiny::write_images(&folder.path().join("images"));
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        TestEnvironment { grpc: free(), http: free(), metrics: free(), folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of the image that is served.
    pub(crate) fn image(&self) -> PathBuf {
        let name = self.path("images/python");
        name.join(std::fs::read_to_string(name.join("current")).unwrap())
    }

    pub(crate) fn ampoule(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ampoule"));
        command
            .current_dir(self.folder.path())
            .env("AMPOULE_IMAGES", self.path("images"))
            // No recipes: nothing is built behind a test's back.
            .env("AMPOULE_RUNTIMES", self.folder.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .stdin(Stdio::null())
            .args(arguments);
        command
    }

    pub(crate) fn serve(&self) -> Command {
        std::fs::write(self.path("config.toml"), "[log]\nformat = \"json\"\n").unwrap();
        let listeners = ["--listen", &self.grpc, "--http", &self.http, "--metrics", &self.metrics];
        self.ampoule(&[&["serve", "--config", "config.toml"], &listeners[..]].concat())
    }

    /// A server that answers.
    pub(crate) fn start(&self, command: &mut Command) -> Server {
        let log = self.path("log");
        let server = Server { child: command.stderr(File::create(&log).unwrap()).spawn().unwrap(), log };
        self.wait_until_it_answers();
        server
    }

    pub(crate) fn wait_until_it_answers(&self) {
        let started = Instant::now();
        while TcpStream::connect(&self.http).is_err() {
            assert!(started.elapsed() < TIMEOUT, "the server does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until so many executions run at least.
    pub(crate) fn wait_until_running(&self, count: usize) {
        let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let started = Instant::now();
        let running = || {
            let metrics = exchange(&self.metrics, request).ok()?;
            let line = metrics.lines().find_map(|line| line.strip_prefix("ampoule_slots_running "))?;
            line.trim().parse::<usize>().ok()
        };
        while running().is_none_or(|running| running < count) {
            assert!(started.elapsed() < TIMEOUT, "there were never {count} executions");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a program of the tiny guest over HTTP; the whole answer, or what the connection came to.
    pub(crate) fn execute(&self, source: &str, wall_time: &str) -> io::Result<String> {
        let body = format!(
            "{{\"source\": {{\"language\": \"LANGUAGE_PYTHON\", \"code\": \"{source}\"}}, \
             \"limits\": {{\"wallTime\": \"{wall_time}\", \"memoryBytes\": \"1048576\"}}}}"
        );
        let head = format!(
            "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        exchange(&self.http, &(head + &body))
    }
}

fn exchange(address: &str, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

pub(crate) struct Server {
    child: Child,
    log: PathBuf,
}

impl Server {
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Its exit code; `None` when a signal ended it.
    pub(crate) fn wait(mut self) -> Option<i32> {
        wait(&mut self.child).code()
    }

    /// The log's lines about requests, or with this message.
    pub(crate) fn lines(&self, which: impl Fn(&Value) -> bool) -> Vec<Value> {
        lines(&self.log).into_iter().filter(which).collect()
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.log.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a process that must end by itself.
pub(crate) fn wait(child: &mut Child) -> std::process::ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if started.elapsed() > TIMEOUT {
            let _ = child.kill();
            panic!("the process did not end");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// All of a log.
pub(crate) fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Whether a line is about a request that ended like this.
pub(crate) fn ended(line: &Value, status: &str) -> bool {
    line["target"] == "ampoule::request" && line["status"] == status
}
