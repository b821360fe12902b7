//! A server over gRPC loopback: latency, throughput, short runs beside endless loops, memory.

use crate::in_process::rounds;
use crate::server::Server;
use crate::stats::{Samples, human};
use crate::{Options, Report, programs, request};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::{request_to_proto, v1};
use ampoule_model::Language;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

type Client = ExecutionServiceClient<Channel>;

/// Endless loops beside which short runs are measured.
const LOOPS: usize = 8;

/// Sleeping guests whose memory is counted.
const LIVE: u64 = 20;

pub(crate) async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let server = Server::start(&options.server, &[]).await?;
    let (idle, idle_private) = server.memory()?;
    report.row(
        "server ready after its start",
        human(server.ready_after),
        "≤ 1 s",
        server.ready_after <= Duration::from_secs(1),
    );
    latency(&server, options, report).await?;
    prompt(&server, options, report).await?;
    throughput(&server, options, report).await?;
    beside_loops(&server, options, report).await?;
    drop(server);
    let server = Server::start(&options.server, &[]).await?;
    memory(&server, report, idle, idle_private).await
}

fn trivial(language: Language) -> v1::ExecuteRequest {
    let (source, input) = programs::trivial(language);
    request_to_proto(request(language, source, input))
}

async fn execute(client: &mut Client, request: v1::ExecuteRequest) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let response = client.execute(request).await?.into_inner();
    let elapsed = started.elapsed();
    if response.status() != v1::Status::Completed {
        anyhow::bail!("the benchmark's own program failed: {:?}", response.failure);
    }
    Ok(elapsed)
}

async fn latency(server: &Server, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    for language in Language::ALL {
        let samples = one_client(server, rounds(options, 3000), &trivial(language)).await?;
        report.row(
            &format!("{} trivial over gRPC loopback, one client", language.name()),
            format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99())),
            "p50 ≤ 0.5 ms, p99 ≤ 3 ms",
            samples.p50() <= Duration::from_micros(500) && samples.p99() <= Duration::from_millis(3),
        );
    }
    Ok(())
}

async fn prompt(server: &Server, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let asked = request_to_proto(request(Language::Python, programs::PROMPT, programs::PROMPT_INPUT));
    let samples = one_client(server, rounds(options, 1000), &asked).await?;
    report.row(
        "a prompt of 2 KB by jinja2, loops and filters, over gRPC",
        format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99())),
        "p50 ≤ 2 ms",
        samples.p50() <= Duration::from_millis(2),
    );
    Ok(())
}

/// One request after another, the first hundred not counted.
async fn one_client(server: &Server, rounds: usize, request: &v1::ExecuteRequest) -> anyhow::Result<Samples> {
    let mut client = server.connect().await?;
    let mut samples = Vec::new();
    for round in 0..rounds + 100 {
        let elapsed = execute(&mut client, request.clone()).await?;
        if round >= 100 {
            samples.push(elapsed);
        }
    }
    Ok(Samples::new(samples))
}

async fn throughput(server: &Server, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let duration = if options.quick { Duration::from_secs(1) } else { Duration::from_secs(5) };
    let done = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..8 {
        let (mut client, done) = (server.connect().await?, Arc::clone(&done));
        clients.push(tokio::spawn(async move {
            while started.elapsed() < duration {
                execute(&mut client, trivial(Language::Python)).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        }));
    }
    for client in clients {
        client.await??;
    }
    let rate = done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    report.row(
        "Python executions per second over gRPC, 8 clients on the same machine",
        format!("{rate:.0}/s"),
        "≥ 4,000/s",
        rate >= 4000.0,
    );
    Ok(())
}

async fn beside_loops(server: &Server, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let seconds = if options.quick { 4 } else { 12 };
    let mut loops = Vec::new();
    for _ in 0..LOOPS {
        let mut client = server.connect().await?;
        loops.push(tokio::spawn(async move {
            let mut endless = request_to_proto(request(
                Language::Python,
                "def main():\n    while True:\n        pass\n",
                "{}",
            ));
            let limits = endless.limits.get_or_insert_default();
            limits.wall_time = Some(Duration::from_secs(seconds).into());
            client.execute(endless).await?;
            anyhow::Ok(())
        }));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut client = server.connect().await?;
    let mut samples = Vec::new();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(seconds) - Duration::from_millis(1500) {
        samples.push(execute(&mut client, trivial(Language::Python)).await?);
    }
    for endless in loops {
        endless.await??;
    }
    let samples = Samples::new(samples);
    report.row(
        "short runs beside 8 endless loops, over gRPC",
        format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99())),
        "p99 ≤ 15 ms",
        samples.p99() <= Duration::from_millis(15),
    );
    Ok(())
}

/// An execution on a connection of its own, which lives for some seconds.
async fn sleeper(server: &Server) -> anyhow::Result<JoinHandle<anyhow::Result<Duration>>> {
    let mut client = server.connect().await?;
    let source = "import time\n\ndef main(a, b):\n    time.sleep(3)\n    return a + b\n";
    let sleeping = request_to_proto(request(Language::Python, source, "{\"a\": 1, \"b\": 2}"));
    Ok(tokio::spawn(async move { execute(&mut client, sleeping).await }))
}

async fn memory(server: &Server, report: &mut Report, idle: u64, idle_private: u64) -> anyhow::Result<()> {
    let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    report.row(
        "server memory, idle, both images loaded",
        format!("{:.0} MiB resident, {:.0} MiB of it private", megabytes(idle), megabytes(idle_private)),
        "≤ 150 MB resident",
        idle <= 150_000_000,
    );
    let mut sleepers = Vec::new();
    // What the first executions need once, the pages of code and of the image that all read, is not counted
    // for the others.
    for _ in 0..3 {
        execute(&mut server.connect().await?, trivial(Language::Python)).await?;
    }
    sleepers.push(sleeper(server).await?);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (_, before) = server.memory()?;
    for _ in 0..LIVE {
        sleepers.push(sleeper(server).await?);
    }
    tokio::time::sleep(Duration::from_millis(1000)).await;
    let (_, during) = server.memory()?;
    for sleeper in sleepers {
        sleeper.await??;
    }
    let each = during.saturating_sub(before) / LIVE;
    report.row(
        "private memory per live trivial Python execution, its connection included",
        format!("{:.2} MiB", megabytes(each)),
        "≤ 2 MB",
        each <= 2_000_000,
    );
    Ok(())
}
