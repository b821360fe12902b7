//! A server in a process of its own, on a port of its own.

use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

/// A running `ampoule serve`; stopped when dropped.
pub(crate) struct Server {
    child: Child,
    address: String,
    /// Of the contract of Dify's sandbox.
    pub(crate) dify: String,
    /// Where it keeps functions; not where a user's own are.
    _data: TempDir,
    /// From start to the first connection that was taken.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts one with further arguments.
    pub(crate) async fn start(binary: &Path, arguments: &[&str]) -> anyhow::Result<Server> {
        let (address, dify) = (free_address()?, free_address()?);
        let data = tempfile::tempdir()?;
        let started = Instant::now();
        let child = Command::new(binary)
            .args(["serve", "--listen", &address, "--dify", &dify])
            .args(arguments)
            .env("XDG_DATA_HOME", data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Server { child, address, dify, _data: data, ready_after: Duration::ZERO };
        while server.connect().await.is_err() {
            if let Some(status) = server.child.try_wait()? {
                anyhow::bail!("the server ended at once: {status}");
            }
            if started.elapsed() > Duration::from_secs(30) {
                anyhow::bail!("the server did not answer within 30 s");
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.ready_after = started.elapsed();
        Ok(server)
    }

    pub(crate) async fn connect(&self) -> anyhow::Result<ExecutionServiceClient<Channel>> {
        Ok(ExecutionServiceClient::new(self.channel().await?))
    }

    pub(crate) async fn channel(&self) -> anyhow::Result<Channel> {
        Ok(Endpoint::from_shared(format!("http://{}", self.address))?.tcp_nodelay(true).connect().await?)
    }

    /// Tells it to drain and waits for its end; the exit code.
    pub(crate) async fn terminate(mut self) -> anyhow::Result<Option<i32>> {
        // Not on a worker: clients have to answer the server's farewell.
        tokio::task::spawn_blocking(move || {
            let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
            anyhow::ensure!(told.success(), "the server could not be told to end");
            Ok(self.child.wait()?.code())
        })
        .await?
    }

    /// See [`cpu_time`].
    pub(crate) fn cpu_time(&self) -> anyhow::Result<Duration> {
        cpu_time(self.child.id())
    }

    /// (resident, private) memory of the process in bytes, as the kernel counts them.
    pub(crate) fn memory(&self) -> anyhow::Result<(u64, u64)> {
        let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let kilobytes = |name: &str| -> u64 {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_whitespace().nth(1))
                .and_then(|word| word.parse().ok())
                .unwrap_or(0)
        };
        Ok((kilobytes("Rss:") << 10, (kilobytes("Private_Dirty:") + kilobytes("Private_Clean:")) << 10))
    }
}

/// An address of this machine with a free port: bound and given up at once. Somebody could take it in
/// between; then the start of who wanted it fails.
pub(crate) fn free_address() -> anyhow::Result<String> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Processor time of a process so far, the kernel's for it included.
pub(crate) fn cpu_time(process: u32) -> anyhow::Result<Duration> {
    /// What Linux counts it in for programs, whatever it ticks itself.
    const TICKS_PER_SECOND: f64 = 100.0;
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, is the second word and may hold spaces; the times are the 14th and 15th.
    let words: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| words.get(index).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
    Ok(Duration::from_secs_f64((ticks(11) + ticks(12)) / TICKS_PER_SECOND))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
