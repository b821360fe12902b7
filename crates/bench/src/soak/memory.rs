//! The server's memory while it is soaked: sampled once a second, told as CSV, judged at the end.

use super::world::World;
use crate::Report;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Between two samples of a soak that is long enough for a verdict.
const INTERVAL: Duration = Duration::from_secs(1);

/// A shorter one takes few seconds.
const SHORT: (usize, Duration) = (20_000, Duration::from_millis(100));

/// Samples below which "flat" means nothing: caches still fill.
const ENOUGH: usize = 90;

/// How much more the last third may have than the second.
const GROWTH: f64 = 1.1;

/// The server's memory at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) after: Duration,
    pub(crate) executions: usize,
    pub(crate) resident: u64,
    pub(crate) private: u64,
}

/// Samples until it is ended.
pub(crate) struct Watch {
    end: oneshot::Sender<()>,
    samples: JoinHandle<anyhow::Result<Vec<Sample>>>,
}

impl Watch {
    pub(crate) fn start(world: Arc<World>, done: Arc<AtomicUsize>, executions: usize) -> Watch {
        let interval = if executions < SHORT.0 { SHORT.1 } else { INTERVAL };
        let (end, mut ended) = oneshot::channel();
        let samples = tokio::spawn(async move {
            let (started, mut samples) = (Instant::now(), Vec::new());
            let mut ticks = tokio::time::interval(interval);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = &mut ended => return Ok(samples),
                }
                let (resident, private) = world.server.memory()?;
                let executions = done.load(Ordering::Relaxed);
                samples.push(Sample { after: started.elapsed(), executions, resident, private });
            }
        });
        Watch { end, samples }
    }

    pub(crate) async fn end(self) -> anyhow::Result<Memory> {
        let _ = self.end.send(());
        let samples = self.samples.await??;
        anyhow::ensure!(samples.len() >= 3, "the soak was too short to look at its memory");
        Ok(Memory { samples })
    }
}

/// All samples.
pub(crate) struct Memory {
    pub(crate) samples: Vec<Sample>,
}

impl Memory {
    /// The medians of resident memory of the three thirds, in bytes.
    pub(crate) fn thirds(&self) -> [u64; 3] {
        let count = self.samples.len();
        [0, 1, 2].map(|third| {
            let part = &self.samples[count * third / 3..count * (third + 1) / 3];
            let mut resident: Vec<u64> = part.iter().map(|sample| sample.resident).collect();
            resident.sort_unstable();
            resident[resident.len() / 2]
        })
    }

    pub(crate) fn flat(&self) -> bool {
        let [_, second, last] = self.thirds();
        last as f64 <= second as f64 * GROWTH
    }

    pub(crate) fn tell(&self, report: &mut Report) {
        let mib = |bytes: u64| bytes >> 20;
        let [first, second, last] = self.thirds().map(mib);
        let peak = self.samples.iter().map(|sample| sample.resident).max().unwrap_or_default();
        let reached = format!(
            "{last} MiB resident in the last third, {second} in the second, {first} in the first; at most {}",
            mib(peak)
        );
        if self.samples.len() < ENOUGH {
            report.details.push(format!("Memory: {reached}. Too short a soak to judge it."));
            return;
        }
        let promise = format!("median of the last third ≤ {GROWTH} × the second's");
        report.row("memory of the server during the soak", reached, &promise, self.flat());
    }

    pub(crate) fn to_csv(&self) -> String {
        let mut csv = String::from("seconds,executions,resident_mib,private_mib\n");
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        for sample in &self.samples {
            let Sample { after, executions, resident, private } = *sample;
            let (resident, private) = (mib(resident), mib(private));
            let _ = writeln!(csv, "{:.1},{executions},{resident:.1},{private:.1}", after.as_secs_f64());
        }
        csv
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(resident: impl Iterator<Item = u64>) -> Memory {
        let sample = |resident| Sample { after: Duration::ZERO, executions: 0, resident, private: 0 };
        Memory { samples: resident.map(sample).collect() }
    }

    #[test]
    fn growth_is_not_flat_and_a_plateau_is() {
        assert!(!memory((0..90).map(|second| 100 + second)).flat());
        assert!(memory((0..90).map(|second: u64| 100 + second.min(30))).flat());
        // A spike is not growth.
        assert!(memory((0..90).map(|second: u64| if second.is_multiple_of(9) { 500 } else { 100 })).flat());
    }
}
