//! Two tenants on one server: what one of them notices of the other's endless loops.

use crate::server::Server;
use crate::stats::{Samples, human};
use crate::{Options, Report, programs, request};
use ampoule_api::v1::ExecuteRequest;
use ampoule_api::{request_to_proto, v1};
use ampoule_auth::ApiKey;
use ampoule_model::Language;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tonic::Request;

/// Endless loops that the greedy tenant keeps running.
const GREEDY_LOOPS: usize = 64;

/// Those of the other one, when their shares are measured: enough to fill the processors.
const OTHER_LOOPS: usize = 8;

/// Memory of each loop: all of them run at a time on a small machine, too.
const LOOP_MEMORY: u64 = 16 << 20;

/// How long a tenant's loops take to be all under way.
const SETTLING: Duration = Duration::from_millis(700);

struct Tenants {
    server: Server,
    monitoring: SocketAddr,
    greedy: ApiKey,
    other: ApiKey,
}

pub(crate) async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (greedy, other) = (ApiKey::generate()?, ApiKey::generate()?);
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("tenants.toml");
    let tenant =
        |name: &str, key: &ApiKey| format!("[[tenants]]\nname = \"{name}\"\nkeys = [\"{}\"]\n", key.hash());
    // Free until now, and hardly anybody takes it meanwhile.
    let monitoring = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let head = format!("metrics = \"{monitoring}\"\n");
    std::fs::write(&config, head + &tenant("greedy", &greedy) + &tenant("other", &other))?;
    let server = Server::start(&options.server, &["--config", &config.to_string_lossy()]).await?;
    let tenants = Tenants { server, monitoring, greedy, other };
    let time = Duration::from_secs(if options.quick { 4 } else { 12 });
    tenants.latency(time, report).await?;
    tenants.shares(time, report).await
}

impl Tenants {
    async fn latency(&self, time: Duration, report: &mut Report) -> anyhow::Result<()> {
        let loops = self.loops(&self.greedy, GREEDY_LOOPS).await?;
        tokio::time::sleep(SETTLING).await;
        let mut client = self.server.connect().await?;
        let (source, input) = programs::trivial(Language::Python);
        let trivial = request_to_proto(request(Language::Python, source, input));
        let mut samples = Vec::new();
        let started = Instant::now();
        while started.elapsed() < time {
            let sent = Instant::now();
            let answer = client.execute(by(&self.other, trivial.clone())?).await?.into_inner();
            samples.push(sent.elapsed());
            anyhow::ensure!(answer.status() == v1::Status::Completed, "{:?}", answer.failure);
        }
        drop(loops);
        let samples = Samples::new(samples);
        report.row(
            &format!(
                "trivial Python of one tenant beside {GREEDY_LOOPS} endless loops of another, over gRPC"
            ),
            format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99())),
            "p50 ≤ 3 ms, p99 ≤ 15 ms",
            samples.p50() <= Duration::from_millis(3) && samples.p99() <= Duration::from_millis(15),
        );
        Ok(())
    }

    async fn shares(&self, time: Duration, report: &mut Report) -> anyhow::Result<()> {
        let loops =
            (self.loops(&self.greedy, GREEDY_LOOPS).await?, self.loops(&self.other, OTHER_LOOPS).await?);
        tokio::time::sleep(SETTLING).await;
        let before = (self.used("greedy").await?, self.used("other").await?);
        tokio::time::sleep(time).await;
        let after = (self.used("greedy").await?, self.used("other").await?);
        drop(loops);
        let (greedy, other) = (after.0 - before.0, after.1 - before.1);
        let share = other / (greedy + other);
        report.row(
            &format!(
                "processor time of {OTHER_LOOPS} endless loops beside {GREEDY_LOOPS} of another tenant, equal weights"
            ),
            format!("{:.1} % of the guests'", share * 100.0),
            "50 %, within 10 % of that",
            (0.45..=0.55).contains(&share),
        );
        Ok(())
    }

    /// Endless loops, until they are dropped.
    async fn loops(&self, key: &ApiKey, count: usize) -> anyhow::Result<JoinSet<()>> {
        let endless = "def main():\n    while True:\n        pass\n";
        let mut endless = request_to_proto(request(Language::Python, endless, "{}"));
        let limits = endless.limits.get_or_insert_default();
        limits.wall_time = Some(Duration::from_secs(60).into());
        limits.memory_bytes = LOOP_MEMORY;
        limits.fuel = 10_000_000_000_000;
        let mut loops = JoinSet::new();
        for _ in 0..count {
            let (mut client, endless) = (self.server.connect().await?, by(key, endless.clone())?);
            loops.spawn(async move { drop(client.execute(endless).await) });
        }
        Ok(loops)
    }

    /// Processor time in seconds that a tenant's guests have used, as monitoring has it.
    async fn used(&self, tenant: &str) -> anyhow::Result<f64> {
        let mut stream = TcpStream::connect(self.monitoring).await?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let series = format!("ampoule_tenant_cpu_seconds_total{{tenant=\"{tenant}\"}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&series));
        Ok(value.ok_or_else(|| anyhow::anyhow!("monitoring has no {series}"))?.parse()?)
    }
}

fn by(key: &ApiKey, message: ExecuteRequest) -> anyhow::Result<Request<ExecuteRequest>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-api-key", key.reveal().parse()?);
    Ok(request)
}
