//! Runs steps as soon as what they need is there, a few at a time.

use crate::error::Result;
use crate::plan::StepPlan;
use crate::progress::Progress;
use crate::script::last_line;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Steps that run at the same time. Two: every script uses all cores where it compiles, but spends
/// minutes in parts that use one (configure, link), which another's compiling can fill.
const AT_ONCE: usize = 2;

/// How often progress hears of the steps at work.
const TICK: Duration = Duration::from_millis(250);

/// Tells steps at work that another one failed.
#[derive(Debug, Default)]
pub(crate) struct Stop(AtomicBool);

impl Stop {
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One piece of work: what is shown of it, what must be done before.
pub(crate) struct Job<'a> {
    pub(crate) name: &'a str,
    pub(crate) needs: Vec<&'a str>,
    pub(crate) log: PathBuf,
    /// Absent for work that is no step of the plan.
    pub(crate) step: Option<&'a StepPlan>,
}

/// Runs all jobs on threads of their own, while this one reports on them. The first error stops the others
/// and is returned.
pub(crate) fn run_all<'a>(
    jobs: Vec<Job<'a>>,
    progress: &mut dyn Progress,
    work: impl Fn(&Job<'a>, &Stop) -> Result<()> + Sync,
) -> Result<()> {
    let stop = Stop::default();
    let mut waiting: Vec<&Job<'a>> = jobs.iter().collect();
    let mut unfinished: BTreeSet<&str> = jobs.iter().map(|job| job.name).collect();
    let mut running: BTreeMap<&str, (&Job<'a>, Instant)> = BTreeMap::new();
    let mut failure = None;
    let (work, stop_seen) = (&work, &stop);
    std::thread::scope(|scope| {
        let (sender, ended) = channel();
        loop {
            while running.len() < AT_ONCE && failure.is_none() {
                let is_ready = |job: &&Job<'_>| job.needs.iter().all(|need| !unfinished.contains(need));
                let Some(next) = waiting.iter().position(is_ready) else {
                    break;
                };
                let job = waiting.remove(next);
                progress.started(job.name);
                running.insert(job.name, (job, Instant::now()));
                let sender = sender.clone();
                scope.spawn(move || {
                    let result = catch_unwind(AssertUnwindSafe(|| work(job, stop_seen)));
                    // The receiver lives as long as this scope.
                    let _ = sender.send((job.name, result));
                });
            }
            if running.is_empty() {
                break;
            }
            match ended.recv_timeout(TICK) {
                Ok((name, result)) => {
                    let started = running.remove(name).map(|(_, started)| started);
                    match result {
                        Ok(Ok(())) => {
                            unfinished.remove(name);
                            progress
                                .finished(name, started.map_or(Duration::ZERO, |started| started.elapsed()));
                        }
                        Ok(Err(error)) => {
                            stop.ask();
                            // What the others say after being stopped is only that they were.
                            failure.get_or_insert(error);
                        }
                        Err(panic) => {
                            stop.ask();
                            resume_unwind(panic)
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    for (name, (job, _)) in &running {
                        progress.running(name, &last_line(&job.log));
                    }
                }
            }
        }
    });
    failure.map_or(Ok(()), Err)
}
