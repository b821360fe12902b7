//! Whether executions get through: a tiny one every second, in a slot and with a share of processor time of
//! its own.
//!
//! It waits for a seat, a thread and a guest as all others do, so it stops when they do, whatever the reason
//! is.

use crate::service::Service;
use ampoule_engine::{FairShare, Image, Job, Start};
use ampoule_model::{Entry, Language, Limits, Program, Status};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// Time between two beats. One takes 0.1 ms of a processor.
const INTERVAL: Duration = Duration::from_secs(1);

/// Without a beat for so long, requests are better sent elsewhere. A beat waits for the end of a slice at
/// most, 0.1 ms.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// Without a beat for so long, the process is better started again: far longer than a machine is busy with
/// something else.
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// When the last tiny execution ended.
#[derive(Debug, Default)]
pub(crate) struct Heartbeat {
    /// None: nobody has begun to beat.
    last: Mutex<Option<Instant>>,
}

/// How a service is, for who decides whether it gets requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vitals {
    /// Executions get through.
    Well,
    /// None got through lately.
    Slow,
    /// None will, or a thread is lost: the process should be started again.
    Stuck,
}

impl Heartbeat {
    /// How long ago the last beat was; none before the first.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.last().map(|last| last.elapsed())
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    /// Beats until it is dropped. The engine needs a slot for it beside the service's
    /// (`EngineConfig::reserved_slots`).
    pub async fn beat(&self) {
        let inner = self.inner();
        // One is as good as another: what fails is what they share.
        let Some(image) = inner.images.iter().next() else { return };
        *inner.heartbeat.last() = Some(Instant::now());
        let share = FairShare::new(FairShare::MAX_WEIGHT);
        let mut interval = tokio::time::interval(INTERVAL);
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            interval.tick().await;
            if let Err(what) = self.beat_once(image, &share).await {
                tracing::error!(what, "a tiny execution did not end as it should");
                continue;
            }
            *inner.heartbeat.last() = Some(Instant::now());
        }
    }

    async fn beat_once(&self, image: &Image, share: &FairShare) -> Result<(), String> {
        let language = image.language();
        let source = match language {
            Language::Python => "def main():\n    return 1\n",
            Language::Javascript => "function main() { return 1 }\n",
        };
        let program = Program {
            language,
            entry: Entry::Main,
            source: source.into(),
            file_name: "heartbeat".into(),
            modules: Vec::new(),
            bigint: false,
        };
        let job = Job {
            start: Start::Program { program: &program, compiled: None },
            input_json: "{}",
            files: &[],
            environment: &[],
            stdin: &[],
            output_files: &[],
            limits: Limits { wall_time: ALIVE_WITHIN, ..Limits::default() },
            deterministic: None,
            share,
            output_stream: None,
            permit: None,
            memory: None,
        };
        match self.inner().engine.run(image, &job).await {
            Ok(outcome) if outcome.status == Status::Completed => Ok(()),
            Ok(outcome) => Err(outcome.failure.map_or_else(String::new, |failure| failure.message)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether executions get through.
    pub fn vitals(&self) -> Vitals {
        let age = self.inner().heartbeat.age().unwrap_or_default();
        if self.health().stuck || age > ALIVE_WITHIN {
            Vitals::Stuck
        } else if age > READY_WITHIN {
            Vitals::Slow
        } else {
            Vitals::Well
        }
    }
}
