//! `ampoule bench --load`: throughput and tails of a server under 1 to 256 clients, for each kind of call.
//!
//! A closed loop: every client has a connection of its own and sends its next call when it has the answer to
//! its last. So the times are those of callers who wait for each other's turns, and nothing is promised of
//! callers who would arrive regardless: while a server of a closed loop stands still, nobody arrives. What
//! ends within the measured time is the rate; the latencies are those of the calls that began in it, each to
//! its end, however late that was.

use crate::calls::{self, Client};
use crate::server::{Server, cpu_time};
use crate::stats::{Samples, human};
use crate::{Report, programs, request};
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::{request_to_proto, v1};
use ampoule_model::Language;
use std::path::Path;
use std::time::{Duration, Instant};

/// Clients at the same time.
pub const CLIENTS: [usize; 4] = [1, 8, 64, 256];

/// The function that is called.
const FUNCTION: &str = "sum";

/// Inputs of each batch.
const BATCH: usize = 16;

/// A kind of call. A new one is a name in [`Kind::ALL`] and [`Kind::name`], and what a client does in
/// [`Kind::call`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Execute`.
    Unary,
    /// `ExecuteStream` of a program that prints a line.
    Stream,
    /// `ExecuteBatch` of 16 inputs.
    Batch,
    /// `Execute` of a function that the server keeps.
    Function,
}

impl Kind {
    /// All of them, in the order of the table.
    pub const ALL: [Kind; 4] = [Kind::Unary, Kind::Stream, Kind::Batch, Kind::Function];

    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unary => "unary",
            Kind::Stream => "stream",
            Kind::Batch => "batch of 16",
            Kind::Function => "function",
        }
    }

    /// One call, its answer checked; the executions in it.
    async fn call(self, client: &mut Client) -> anyhow::Result<usize> {
        let (source, input) = programs::trivial(Language::Python);
        let asked = |source, input| request_to_proto(request(Language::Python, source, input));
        match self {
            Kind::Unary => {
                let answer = client.execute(asked(source, input)).await?.into_inner();
                is_sum(&answer)?;
                Ok(1)
            }
            Kind::Stream => {
                let source = "def main(a, b):\n    print('adding')\n    return {'sum': a + b}\n";
                let told = calls::stream(client, asked(source, input), Duration::ZERO).await?;
                anyhow::ensure!(told.stdout == "adding\n", "{:?} was printed", told.stdout);
                is_sum(&told.outcome)?;
                Ok(1)
            }
            Kind::Batch => {
                let answers = calls::batch(client, asked(source, ""), vec![input.into(); BATCH]).await?;
                answers.iter().try_for_each(is_sum)?;
                Ok(answers.len())
            }
            Kind::Function => {
                let function = Some(v1::FunctionReference { name: FUNCTION.into(), ..Default::default() });
                let asked = v1::ExecuteRequest { function, input_json: input.into(), ..Default::default() };
                is_sum(&client.execute(asked).await?.into_inner())?;
                Ok(1)
            }
        }
    }

    /// What a server must know before it is called.
    async fn prepare(self, server: &Server) -> anyhow::Result<()> {
        if self == Kind::Function {
            let (source, _) = programs::trivial(Language::Python);
            let put = v1::PutFunctionRequest {
                name: FUNCTION.into(),
                source: request_to_proto(request(Language::Python, source, "")).source,
                ..Default::default()
            };
            FunctionServiceClient::new(server.channel().await?).put_function(put).await?;
        }
        Ok(())
    }
}

fn is_sum(answer: &v1::ExecuteResponse) -> anyhow::Result<()> {
    let good =
        answer.status() == v1::Status::Completed && answer.result_json.replace(' ', "") == "{\"sum\":3}";
    anyhow::ensure!(good, "{:?}: {:?}", answer.status(), answer.failure);
    Ok(())
}

/// How long the clients come in one by one, run before they are measured, and are measured.
#[derive(Clone, Copy, Debug)]
struct Plan {
    ramp: Duration,
    warm_up: Duration,
    measured: Duration,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    executions: usize,
    failed: usize,
    first_failure: Option<String>,
}

/// Measures every kind with every number of clients.
pub async fn load(server: &Path, quick: bool) -> anyhow::Result<Report> {
    let of = |quick_ms, full_ms| Duration::from_millis(if quick { quick_ms } else { full_ms });
    let plan = Plan { ramp: of(50, 500), warm_up: of(50, 1000), measured: of(400, 6000) };
    let mut report = Report::default();
    for kind in Kind::ALL {
        // A server of its own for each: no kind profits from what another left.
        let server = Server::start(server, &[]).await?;
        kind.prepare(&server).await?;
        for clients in CLIENTS {
            // The more there are the longer each waits for its turn.
            let measured = plan.measured + Duration::from_millis(10) * clients as u32;
            measure(&server, kind, clients, Plan { measured, ..plan }, &mut report).await?;
        }
    }
    report.details.push(format!(
        "A closed loop of trivial Python over gRPC loopback: each client has its own connection and sends its next call when the \
         last is answered; {} s of ramp and {} s of warm-up are not counted. The clients compute on the same processors: \
         their share is of all processor time that clients and server took.",
        plan.ramp.as_secs_f64(),
        plan.warm_up.as_secs_f64()
    ));
    Ok(report)
}

async fn measure(
    server: &Server,
    kind: Kind,
    clients: usize,
    plan: Plan,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(server.connect().await?);
    }
    let begin = Instant::now();
    let from = begin + plan.ramp + plan.warm_up;
    let until = from + plan.measured;
    let tasks: Vec<_> = connections
        .into_iter()
        .enumerate()
        .map(|(index, client)| {
            let entrance = begin + plan.ramp.mul_f64(index as f64 / clients as f64);
            tokio::spawn(one_client(kind, client, entrance, from, until))
        })
        .collect();
    tokio::time::sleep_until(from.into()).await;
    let before = (cpu_time(std::process::id())?, server.cpu_time()?);
    tokio::time::sleep_until(until.into()).await;
    let (ours, theirs) = (cpu_time(std::process::id())? - before.0, server.cpu_time()? - before.1);
    let (mut latencies, mut executions, mut failed, mut failure) = (Vec::new(), 0, 0, None);
    for task in tasks {
        let seen = task.await?;
        latencies.extend(seen.latencies);
        executions += seen.executions;
        failed += seen.failed;
        failure = failure.or(seen.first_failure);
    }
    if let Some(failure) = failure {
        report.details.push(format!("{}, {clients} clients: the first failure: {failure}", kind.name()));
    }
    anyhow::ensure!(!latencies.is_empty(), "no call of {} with {clients} clients was answered", kind.name());
    let samples = Samples::new(latencies);
    let rate = executions as f64 / plan.measured.as_secs_f64();
    let share = ours.as_secs_f64() / (ours + theirs).as_secs_f64().max(0.01) * 100.0;
    report.row(
        &format!("{}, {clients} clients", kind.name()),
        format!(
            "{rate:.0} executions/s; p50 {}, p99 {}, p99.9 {} a call; clients' share {share:.0} %; {failed} failed",
            human(samples.p50()),
            human(samples.p99()),
            human(samples.percentile(0.999))
        ),
        "none fails",
        failed == 0,
    );
    Ok(())
}

async fn one_client(
    kind: Kind,
    mut client: Client,
    entrance: Instant,
    from: Instant,
    until: Instant,
) -> Seen {
    let mut seen = Seen::default();
    tokio::time::sleep_until(entrance.into()).await;
    loop {
        let sent = Instant::now();
        // Not before a call of its own was measured, however slow the server is.
        if sent >= until && !seen.latencies.is_empty() {
            return seen;
        }
        let answer = kind.call(&mut client).await;
        let ended = Instant::now();
        if sent >= from {
            seen.latencies.push(ended - sent);
        }
        match answer {
            Ok(executions) if ended >= from && ended < until => seen.executions += executions,
            Ok(_) => {}
            Err(error) => {
                seen.failed += 1;
                seen.first_failure.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }
}
