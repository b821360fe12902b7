//! `ampoule bench --soak`: hours of a server's life in minutes. Three tenants send calls of every kind at
//! full concurrency, well and badly behaved, drawn from a seed; every outcome is compared with the one it
//! must have, and the server's memory is looked at all along.
//!
//! * `mix.rs`: what is sent, drawn from the seed,
//! * `world.rs`: the server and its tenants,
//! * `calls.rs`: how it is sent, and what must come back,
//! * `raw.rs`: clients that dawdle or leave, over bare connections,
//! * `hostile.rs`: programs that mean harm, each with how it must end,
//! * `memory.rs` and `plot.rs`: the server's memory over time, as CSV, as a picture, and the verdict.

mod calls;
mod hostile;
mod memory;
mod mix;
mod plot;
mod raw;
mod world;

use crate::Report;
use calls::Ended;
use memory::Watch;
use mix::{Drawn, Kind};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use world::World;

/// Clients at the same time: far more than there are processors, less than all queues hold.
const CLIENTS: usize = 64;

/// Spurious failures that are told one by one; the rest is counted.
const TOLD: usize = 20;

/// No call of the mix takes so long: who waits longer waits for an answer that does not come.
const LONGEST_CALL: Duration = Duration::from_secs(150);

/// What to soak with.
#[derive(Clone, Debug)]
pub struct Soak {
    /// The `ampoule` binary that is started with `serve`.
    pub server: PathBuf,
    /// Executions in all.
    pub executions: usize,
    /// What the mix is drawn from; the same seed sends the same calls.
    pub seed: u64,
    /// Where `soak.csv` and `soak.svg` go.
    pub out: PathBuf,
}

/// Runs it to its end; whether all of its report holds is in its rows.
pub async fn soak(options: &Soak) -> anyhow::Result<Report> {
    eprintln!("soak: {} executions, seed {}", options.executions, options.seed);
    let folder = tempfile::tempdir()?;
    let world = Arc::new(World::start(&options.server, folder.path()).await?);
    let done = Arc::new(AtomicUsize::new(0));
    let watch = Watch::start(Arc::clone(&world), Arc::clone(&done), options.executions);
    let tally = Arc::new(Mutex::new(Tally::default()));
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (world, done, next, tally) =
            (Arc::clone(&world), Arc::clone(&done), Arc::clone(&next), Arc::clone(&tally));
        let (executions, seed) = (options.executions, options.seed);
        clients.spawn(async move {
            let mut connection = world.server.connect().await?;
            while done.load(Ordering::Relaxed) < executions {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let drawn = Drawn::of(seed, number as u64);
                let call = calls::make(&world, &mut connection, &drawn);
                let ended = tokio::time::timeout(LONGEST_CALL, call).await;
                let ended = ended.unwrap_or_else(|_| Err(format!("no answer within {LONGEST_CALL:?}")));
                if let Ok(ended) = &ended {
                    done.fetch_add(ended.executions, Ordering::Relaxed);
                }
                tally.lock().expect("no panic").add(&drawn, ended);
            }
            anyhow::Ok(())
        });
    }
    while let Some(client) = clients.join_next().await {
        client??;
    }
    let took = started.elapsed();
    let memory = watch.end().await?;
    let tally = std::mem::take(&mut *tally.lock().expect("no panic"));
    let executed = done.load(Ordering::Relaxed);
    let mut report = Report::default();
    report.row(
        &format!("soak of {executed} executions by three tenants, seed {}", options.seed),
        format!(
            "{} spurious failures; {:.0} s, {:.0} executions/s, {} refused for want of room",
            tally.failed,
            took.as_secs_f64(),
            executed as f64 / took.as_secs_f64(),
            tally.kinds.values().map(|kind| kind.refused).sum::<usize>()
        ),
        "none",
        tally.failed == 0,
    );
    memory.tell(&mut report);
    last_words(world, &mut report).await?;
    report.details.push(tally.table());
    std::fs::create_dir_all(&options.out)?;
    std::fs::write(options.out.join("soak.csv"), memory.to_csv())?;
    std::fs::write(options.out.join("soak.svg"), plot::svg(&memory, executed))?;
    Ok(report)
}

/// After all of it every tenant is served, and nothing is left running that a drain would wait for.
async fn last_words(world: Arc<World>, report: &mut Report) -> anyhow::Result<()> {
    let mut connection = world.server.connect().await?;
    let mut served = 0;
    for number in 0..30 {
        let drawn = Drawn::plain(number);
        let ended = calls::make(&world, &mut connection, &drawn).await;
        served += usize::from(ended.is_ok_and(|ended| ended.executions == 1));
    }
    let asked = Instant::now();
    let world = Arc::into_inner(world).ok_or_else(|| anyhow::anyhow!("a client is still there"))?;
    let code = world.server.terminate().await?;
    report.row(
        "the server after the soak",
        format!(
            "{served} of 30 executions served; drained in {} ms, exit code {code:?}",
            asked.elapsed().as_millis()
        ),
        "serves all, drains, 0",
        served == 30 && code == Some(0),
    );
    Ok(())
}

/// What became of the calls.
#[derive(Default)]
struct Tally {
    kinds: BTreeMap<Kind, Count>,
    failed: usize,
}

#[derive(Default)]
struct Count {
    calls: usize,
    executions: usize,
    refused: usize,
}

impl Tally {
    fn add(&mut self, drawn: &Drawn, ended: Result<Ended, String>) {
        let count = self.kinds.entry(drawn.kind).or_default();
        count.calls += 1;
        match ended {
            Ok(ended) => {
                count.executions += ended.executions;
                count.refused += usize::from(ended.refused);
            }
            Err(what) => {
                self.failed += 1;
                if self.failed <= TOLD {
                    eprintln!("  SPURIOUS: {drawn:?}: {what}");
                }
            }
        }
    }

    fn table(&self) -> String {
        let mut table = String::from("| call | calls | executions | refused |\n|---|---|---|---|\n");
        for (kind, count) in &self.kinds {
            let Count { calls, executions, refused } = count;
            table.push_str(&format!("| {} | {calls} | {executions} | {refused} |\n", kind.name()));
        }
        table
    }
}
