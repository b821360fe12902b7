//! Counts calls of functions, by name and version, so that there is a bounded number of series.
//!
//! Tenants name functions, and versions come and go: so of each tenant those that were called last are told
//! apart, up to [`MOST_OF_TENANT`], and of all tenants up to [`MOST`]. The one that was called longest ago
//! makes room, and what was counted of it goes to [`OTHER`]: sums stay what they are. A name is told only
//! when a function of that name was called: what is made up fills no table.

use ampoule_model::Status;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Functions of one tenant in all of their versions that are told apart. A refusal, whose version nobody
/// knows, is one of them.
const MOST_OF_TENANT: usize = 50;

/// The same of all tenants: some thousand lines for whoever monitors.
const MOST: usize = 2000;

/// The name of all others. None of a function's own: names begin with a letter or a digit.
const OTHER: &str = "_other";

/// Digits of a version that are told: enough to tell it from all others.
const DIGITS: usize = 12;

/// Why calls are refused. What is not among them counts as the last.
const REASONS: [&str; 20] = [
    "invalid_argument",
    "not_found",
    "slots",
    "queue",
    "memory",
    "processors",
    "answer",
    "function",
    "quota",
    "draining",
    "disabled",
    "removed",
    "deadline_exceeded",
    "cancelled",
    "store_full",
    "store_failed",
    "engine_failed",
    "no_functions",
    "bug",
    "error",
];

/// Of one tenant.
#[derive(Debug)]
pub(crate) struct FunctionMeters {
    state: Mutex<State>,
    /// What all tenants tell apart together.
    all: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct State {
    /// By name and version, a colon between them.
    told: HashMap<String, Counts>,
    other: Counts,
    /// Counts calls, to know which came last.
    clock: u64,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    /// When it was last counted.
    last: u64,
    executions: [u64; Status::ALL.len()],
    refused: [u64; REASONS.len()],
    cpu_time: Duration,
}

impl FunctionMeters {
    /// `all` is shared by all tenants.
    pub(crate) fn new(all: &Arc<AtomicUsize>) -> FunctionMeters {
        FunctionMeters { state: Mutex::default(), all: Arc::clone(all) }
    }

    /// A call that ended.
    pub(crate) fn executed(&self, name: &str, version: &str, status: Status, cpu_time: Duration) {
        let mut state = self.lock();
        let counts = state.counts(key(name, version), &self.all);
        counts.executions[status as usize] += 1;
        counts.cpu_time += cpu_time;
    }

    /// A call that was refused.
    pub(crate) fn refused(&self, name: &str, reason: &str) {
        let reason = REASONS.iter().position(|known| *known == reason).unwrap_or(REASONS.len() - 1);
        let mut state = self.lock();
        let counts = match state.knows(name) {
            true => state.counts(key(name, ""), &self.all),
            false => &mut state.other,
        };
        counts.refused[reason] += 1;
    }

    fn snapshot(&self) -> Vec<(String, Counts)> {
        let state = self.lock();
        let mut told: Vec<(String, Counts)> = state.told.clone().into_iter().collect();
        told.push((key(OTHER, ""), state.other.clone()));
        told
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Additions do not panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FunctionMeters {
    fn drop(&mut self) {
        let told = self.lock().told.len();
        self.all.fetch_sub(told, Relaxed);
    }
}

impl State {
    fn counts(&mut self, key: String, all: &AtomicUsize) -> &mut Counts {
        self.clock += 1;
        if !self.told.contains_key(&key) {
            if self.told.len() >= MOST_OF_TENANT || all.load(Relaxed) >= MOST {
                let oldest = self.told.iter().min_by_key(|(_, counts)| counts.last);
                let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return &mut self.other };
                if let Some(counts) = self.told.remove(&oldest) {
                    self.other.add(&counts);
                }
            } else {
                all.fetch_add(1, Relaxed);
            }
        }
        let counts = self.told.entry(key).or_default();
        counts.last = self.clock;
        counts
    }

    fn knows(&self, name: &str) -> bool {
        self.told.keys().any(|key| key.split_once(':').is_some_and(|(known, _)| known == name))
    }
}

impl Counts {
    fn add(&mut self, more: &Counts) {
        let sum = |sums: &mut [u64], more: &[u64]| {
            sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        };
        sum(&mut self.executions, &more.executions);
        sum(&mut self.refused, &more.refused);
        self.cpu_time += more.cpu_time;
    }
}

fn key(name: &str, version: &str) -> String {
    let digits = &version[..version.len().min(DIGITS)];
    [name, ":", digits].concat()
}

/// Writes the series of all tenants.
pub(crate) fn encode<'a>(
    tenants: impl Iterator<Item = (&'a str, &'a FunctionMeters)>,
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    let all: Vec<(&str, Vec<(String, Counts)>)> =
        tenants.map(|(tenant, meters)| (tenant, meters.snapshot())).collect();
    let series = || {
        all.iter().flat_map(|(tenant, told)| {
            told.iter().filter_map(|(key, counts)| {
                let (function, version) = key.split_once(':')?;
                Some((*tenant, function, version, counts))
            })
        })
    };
    let help = "Calls of functions that ended, by how; of those that were called last";
    let mut metric = encoder.encode_descriptor("function_executions", help, None, MetricType::Counter)?;
    for (tenant, function, version, counts) in series() {
        for status in Status::ALL {
            let count = counts.executions[status as usize];
            if count > 0 {
                let labels = [
                    ("tenant", tenant),
                    ("function", function),
                    ("version", version),
                    ("status", status.name()),
                ];
                metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
    }
    let help = "Calls of functions that were refused, by why; of those that were called last";
    let mut metric = encoder.encode_descriptor("function_refused", help, None, MetricType::Counter)?;
    for (tenant, function, _, counts) in series() {
        for (reason, count) in REASONS.iter().zip(counts.refused) {
            if count > 0 {
                let labels = [("tenant", tenant), ("function", function), ("reason", reason)];
                metric.encode_family(&labels)?.encode_counter::<NoLabelSet, u64, f64>(&count, None)?;
            }
        }
    }
    let help = "Processor time of calls of functions; of those that were called last";
    let unit = Some(&Unit::Seconds);
    let mut metric = encoder.encode_descriptor("function_cpu", help, unit, MetricType::Counter)?;
    for (tenant, function, version, counts) in series() {
        if counts.executions.iter().any(|count| *count > 0) {
            let labels = [("tenant", tenant), ("function", function), ("version", version)];
            let seconds = counts.cpu_time.as_secs_f64();
            metric.encode_family(&labels)?.encode_counter::<NoLabelSet, f64, f64>(&seconds, None)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::tenants::stop::Stopped;
    use ampoule_engine::EngineError;
    use ampoule_store::StoreError;

    const COMPLETED: Status = Status::Completed;

    fn meters() -> (FunctionMeters, Arc<AtomicUsize>) {
        let all = Arc::default();
        (FunctionMeters::new(&all), all)
    }

    fn executed(meters: &FunctionMeters, name: &str, version: &str) {
        meters.executed(name, version, COMPLETED, Duration::from_millis(1));
    }

    fn sums(meters: &FunctionMeters) -> (u64, u64, Duration) {
        let mut sum = Counts::default();
        meters.snapshot().iter().for_each(|(_, counts)| sum.add(counts));
        (sum.executions.iter().sum(), sum.refused.iter().sum(), sum.cpu_time)
    }

    #[test]
    fn the_one_called_longest_ago_makes_room_and_sums_stay() {
        let (meters, all) = meters();
        for number in 0..10 * MOST_OF_TENANT {
            executed(&meters, "always", "0123456789abcdef");
            executed(&meters, &format!("f{number}"), "00");
        }
        let told: HashMap<String, Counts> = meters.snapshot().into_iter().collect();
        assert_eq!((told.len(), all.load(Relaxed)), (MOST_OF_TENANT + 1, MOST_OF_TENANT));
        assert_eq!(told["always:0123456789ab"].executions[COMPLETED as usize], 10 * MOST_OF_TENANT as u64);
        assert!(
            told.contains_key(&format!("f{}:00", 10 * MOST_OF_TENANT - 1)) && !told.contains_key("f0:00")
        );
        let calls = 20 * MOST_OF_TENANT as u64;
        assert_eq!(sums(&meters), (calls, 0, Duration::from_millis(calls)));
        drop(meters);
        assert_eq!(all.load(Relaxed), 0);
    }

    #[test]
    fn all_tenants_together_have_a_bound_too() {
        let all = Arc::default();
        let tenants: Vec<FunctionMeters> = (0..60).map(|_| FunctionMeters::new(&all)).collect();
        for meters in &tenants {
            (0..MOST_OF_TENANT).for_each(|number| executed(meters, &format!("f{number}"), "00"));
        }
        let told: usize = tenants.iter().map(|meters| meters.snapshot().len() - 1).sum();
        assert_eq!((told, all.load(Relaxed)), (MOST, MOST));
        // The last ones have none of their own, and are counted all the same.
        assert_eq!(sums(&tenants[59]).0, MOST_OF_TENANT as u64);
    }

    #[test]
    fn every_cause_is_a_reason() {
        let busy = |what| Error::Busy { what, reason: String::new(), retry_after: Duration::ZERO };
        let mut errors = vec![
            Error::invalid("a", "b"),
            Error::NotFound(String::new()),
            Error::Full(String::new()),
            Error::NoFunctions,
            Error::UsedUp { quota: "q", limit: String::new(), retry_after: Duration::ZERO },
            Error::Draining,
            Error::Engine(EngineError::Guest(String::new())),
            Error::Store(StoreError::Contended),
            Error::Panicked,
            Error::Stopped(Stopped::Disabled),
            Error::Stopped(Stopped::Removed),
        ];
        errors.extend(["slots", "queue", "memory", "processors", "answer", "function"].map(busy));
        for error in errors {
            assert!(REASONS.contains(&error.cause()), "{error:?}");
        }
    }

    #[test]
    fn names_that_nobody_has_called_are_others() {
        let (meters, _) = meters();
        executed(&meters, "f", "0123456789abcdef");
        for (name, reason) in [("f", "quota"), ("f", "made up"), ("secret", "not_found")] {
            meters.refused(name, reason);
        }
        let told: HashMap<String, Counts> = meters.snapshot().into_iter().collect();
        let refused = |key: &str, reason: &str| {
            told[key].refused[REASONS.iter().position(|known| *known == reason).unwrap()]
        };
        assert_eq!((refused("f:", "quota"), refused("f:", "error")), (1, 1));
        assert_eq!((refused("_other:", "not_found"), told.len()), (1, 3));
    }
}
