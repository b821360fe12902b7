//! Two tenants on one server: what one of them notices of the other's endless loops.

use crate::server::Server;
use crate::stats::{Samples, human};
use crate::{Options, Report, programs, request};
use ampoule_access::ApiKey;
use ampoule_api::v1::ExecuteRequest;
use ampoule_api::{request_to_proto, v1};
use ampoule_world::Language;
use std::time::{Duration, Instant};
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
    greedy: ApiKey,
    other: ApiKey,
}

pub(crate) async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (greedy, other) = (ApiKey::generate()?, ApiKey::generate()?);
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("tenants.toml");
    let tenant =
        |name: &str, key: &ApiKey| format!("[[tenants]]\nname = \"{name}\"\nkeys = [\"{}\"]\n", key.hash());
    std::fs::write(&config, tenant("greedy", &greedy) + &tenant("other", &other))?;
    let server = Server::start(&options.server, &["--config", &config.to_string_lossy()]).await?;
    let tenants = Tenants { server, greedy, other };
    let time = Duration::from_secs(if options.quick { 4 } else { 12 });
    tenants.latency(time, report).await?;
    tenants.shares(time, report).await
}

impl Tenants {
    async fn latency(&self, time: Duration, report: &mut Report) -> anyhow::Result<()> {
        let loops = self.loops(&self.greedy, GREEDY_LOOPS, time + 2 * SETTLING).await?;
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
        all(loops).await?;
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

    /// While the greedy tenant's loops run all along: not all of them have memory at a time, so some begin when others end.
    async fn shares(&self, time: Duration, report: &mut Report) -> anyhow::Result<()> {
        let greedy = self.loops(&self.greedy, GREEDY_LOOPS, time + 2 * SETTLING).await?;
        tokio::time::sleep(SETTLING).await;
        let before = self.server.cpu_time()?;
        let other = all(self.loops(&self.other, OTHER_LOOPS, time).await?).await?;
        let whole = self.server.cpu_time()? - before;
        all(greedy).await?;
        let share = other.as_secs_f64() / whole.as_secs_f64();
        report.row(
            &format!(
                "processor time of {OTHER_LOOPS} endless loops beside {GREEDY_LOOPS} of another tenant, equal weights"
            ),
            format!("{:.1} % of the server's", share * 100.0),
            "50 %, within 10 % of that",
            (0.45..=0.55).contains(&share),
        );
        Ok(())
    }

    async fn loops(
        &self,
        key: &ApiKey,
        count: usize,
        wall_time: Duration,
    ) -> anyhow::Result<JoinSet<anyhow::Result<Duration>>> {
        let endless = "def main():\n    while True:\n        pass\n";
        let mut endless = request_to_proto(request(Language::Python, endless, "{}"));
        let limits = endless.limits.get_or_insert_default();
        limits.wall_time = Some(wall_time.into());
        limits.memory_bytes = LOOP_MEMORY;
        limits.fuel = 10_000_000_000_000;
        let mut loops = JoinSet::new();
        for _ in 0..count {
            let (mut client, endless) = (self.server.connect().await?, by(key, endless.clone())?);
            loops.spawn(async move {
                let answer = client.execute(endless).await?.into_inner();
                anyhow::ensure!(
                    answer.status() == v1::Status::TimedOut,
                    "an endless loop ended: {:?}",
                    answer.failure
                );
                Ok(answer.usage.unwrap_or_default().cpu_time.unwrap_or_default().try_into()?)
            });
        }
        Ok(loops)
    }
}

/// The processor time of all of them.
async fn all(mut loops: JoinSet<anyhow::Result<Duration>>) -> anyhow::Result<Duration> {
    let mut time = Duration::ZERO;
    while let Some(ended) = loops.join_next().await {
        time += ended??;
    }
    Ok(time)
}

fn by(key: &ApiKey, message: ExecuteRequest) -> anyhow::Result<Request<ExecuteRequest>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-api-key", key.reveal().parse()?);
    Ok(request)
}
