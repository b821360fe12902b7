//! Counts what requests come to, for operators' monitoring.
//!
//! Every transport counts where it writes the log line ([`crate::RequestRecord`]), so the numbers are the
//! same whichever way a request came. Labels are names of ours and the tenants' configured names, so that
//! there is a bounded number of series, and nothing of users in them; but for functions, whose names and
//! number are bounded by `function_meters.rs`.

use crate::observe::function_meters::FunctionMeters;
use crate::service::Execution;
use ampoule_model::{Language, Status};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Upper ends of the histograms' buckets, in seconds: from a trivial execution's to the largest wall time's.
const SECONDS: [f64; 19] = [
    50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0, 60.0,
];

/// Why requests are refused, in gRPC's words and ours. What is not among them counts as the last.
const REASONS: [&str; 10] = [
    "unauthenticated",
    "permission_denied",
    "invalid_argument",
    "not_found",
    "resource_exhausted",
    "unavailable",
    "deadline_exceeded",
    "cancelled",
    "internal_error",
    "error",
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Executed {
    tenant: String,
    language: &'static str,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    tenant: String,
    language: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    tenant: String,
    reason: &'static str,
}

/// A reading of the tenants' files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Read {
    result: &'static str,
}

type Seconds = Counter<f64, AtomicU64>;

/// All series of a service.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    executions: Family<Executed, Counter>,
    refused: Family<Refused, Counter>,
    reads: Family<Read, Counter>,
    total: Family<Of, Histogram, fn() -> Histogram>,
    queue: Family<Of, Histogram, fn() -> Histogram>,
    wall: Family<Of, Histogram, fn() -> Histogram>,
    fuel: Family<Of, Counter>,
    cpu: Family<Of, Seconds>,
    output: Family<Of, Counter>,
    result: Family<Of, Counter>,
    /// Functions that all tenants' meters tell apart.
    functions: Arc<AtomicUsize>,
}

/// The series of one tenant, found once, so that counting is a few additions.
#[derive(Debug)]
pub(crate) struct Meters {
    tenant: String,
    metrics: Metrics,
    /// Made with a language's first execution: a tenant that never calls costs nothing.
    languages: [OnceLock<LanguageMeters>; Language::ALL.len()],
    pub(crate) functions: FunctionMeters,
}

#[derive(Debug)]
pub(crate) struct LanguageMeters {
    statuses: [Counter; Status::ALL.len()],
    total: Histogram,
    queue: Histogram,
    wall: Histogram,
    fuel: Counter,
    cpu: Seconds,
    output: Counter,
    result: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Metrics {
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        Metrics {
            executions: Family::default(),
            refused: Family::default(),
            reads: Family::default(),
            total: Family::new_with_constructor(histogram),
            queue: Family::new_with_constructor(histogram),
            wall: Family::new_with_constructor(histogram),
            fuel: Family::default(),
            cpu: Family::default(),
            output: Family::default(),
            result: Family::default(),
            functions: Arc::default(),
        }
    }

    /// Names the series; [`crate::Service::metrics`] puts `ampoule_` before each.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("executions", "Executions that ended, by how", self.executions.clone());
        registry.register(
            "refused",
            "Requests that were not executed, by why; without a tenant: nobody knows who called",
            self.refused.clone(),
        );
        let help = "Readings of changed tenants, by whether they were of use; where not, the old ones stay";
        registry.register("tenants_read", help, self.reads.clone());
        let help = "From a request's arrival to its answer; items of a batch: without reading and writing";
        registry.register_with_unit("request", help, Unit::Seconds, self.total.clone());
        let help = "From a request's arrival to its slot";
        registry.register_with_unit("queue", help, Unit::Seconds, self.queue.clone());
        registry.register_with_unit("wall", "Real time in the guest", Unit::Seconds, self.wall.clone());
        registry.register("fuel", "Units of fuel that executions used", self.fuel.clone());
        registry.register_with_unit("cpu", "Processor time of guests", Unit::Seconds, self.cpu.clone());
        let help = "Written to stdout and stderr, before truncation";
        registry.register_with_unit("output", help, Unit::Bytes, self.output.clone());
        registry.register_with_unit("result", "Results as JSON text", Unit::Bytes, self.result.clone());
    }

    /// A call of nobody we know.
    pub(crate) fn denied(&self) -> Counter {
        self.of_nobody(REASONS[0])
    }

    /// A call under another server's name, or from a web page.
    pub(crate) fn stranger(&self) -> Counter {
        self.of_nobody(REASONS[1])
    }

    fn of_nobody(&self, reason: &'static str) -> Counter {
        self.refused.get_or_create_owned(&Refused { tenant: String::new(), reason })
    }

    /// A reading of the tenants.
    pub(crate) fn read(&self, good: bool) -> Counter {
        let result = if good { "taken" } else { "refused" };
        self.reads.get_or_create_owned(&Read { result })
    }

    /// Ends the series of a tenant of which nothing is counted any more.
    pub(crate) fn forget(&self, tenant: &str) {
        for reason in REASONS {
            self.refused.remove(&Refused { tenant: tenant.to_owned(), reason });
        }
        for language in Language::ALL.map(Language::name) {
            let of = Of { tenant: tenant.to_owned(), language };
            for status in Status::ALL.map(Status::name) {
                self.executions.remove(&Executed { tenant: tenant.to_owned(), language, status });
            }
            self.total.remove(&of);
            self.queue.remove(&of);
            self.wall.remove(&of);
            self.fuel.remove(&of);
            self.cpu.remove(&of);
            self.output.remove(&of);
            self.result.remove(&of);
        }
    }

    /// The series of a tenant.
    pub(crate) fn of(&self, tenant: &str) -> Meters {
        Meters {
            tenant: tenant.to_owned(),
            metrics: self.clone(),
            languages: Default::default(),
            functions: FunctionMeters::new(&self.functions),
        }
    }
}

impl Meters {
    /// An execution that ended, and what its caller waited.
    pub(crate) fn executed(&self, execution: &Execution, total: Duration) {
        let (outcome, usage) = (&execution.outcome, &execution.outcome.usage);
        let meters = self.repeated(execution, total);
        meters.queue.observe(usage.queue_time.as_secs_f64());
        meters.wall.observe(usage.wall_time.as_secs_f64());
        meters.fuel.inc_by(usage.fuel);
        meters.cpu.inc_by(usage.cpu_time.as_secs_f64());
        meters.output.inc_by(usage.output_bytes);
        meters.result.inc_by(outcome.result_json.len() as u64);
    }

    /// A request that was answered as an earlier one: nothing ran, so nothing was consumed.
    pub(crate) fn repeated(&self, execution: &Execution, total: Duration) -> &LanguageMeters {
        let language = execution.language;
        let meters = self.languages[language as usize].get_or_init(|| self.language(language));
        meters.statuses[execution.outcome.status as usize].inc();
        meters.total.observe(total.as_secs_f64());
        meters
    }

    /// A request that was not executed.
    pub(crate) fn refused(&self, reason: &str) {
        let known = REASONS.iter().find(|known| **known == reason);
        let reason = known.copied().unwrap_or(REASONS[REASONS.len() - 1]);
        self.metrics.refused.get_or_create(&Refused { tenant: self.tenant.clone(), reason }).inc();
    }

    fn language(&self, language: Language) -> LanguageMeters {
        let (metrics, language) = (&self.metrics, language.name());
        let of = Of { tenant: self.tenant.clone(), language };
        LanguageMeters {
            statuses: Status::ALL.map(|status| {
                let executed = Executed { tenant: self.tenant.clone(), language, status: status.name() };
                metrics.executions.get_or_create_owned(&executed)
            }),
            total: metrics.total.get_or_create_owned(&of),
            queue: metrics.queue.get_or_create_owned(&of),
            wall: metrics.wall.get_or_create_owned(&of),
            fuel: metrics.fuel.get_or_create_owned(&of),
            cpu: metrics.cpu.get_or_create_owned(&of),
            output: metrics.output.get_or_create_owned(&of),
            result: metrics.result.get_or_create_owned(&of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampoule_model::{Outcome, Usage};

    /// What counting costs is told by `cargo test --release -- --nocapture`; a trivial execution takes 45 µs.
    #[test]
    fn counting_takes_little() {
        let metrics = Metrics::new();
        let meters = metrics.of("acme");
        let usage = Usage { fuel: 7, queue_time: Duration::from_micros(3), ..Usage::default() };
        let outcome = Outcome {
            status: Status::Completed,
            result_json: "{}".into(),
            stdout: String::new(),
            stderr: String::new(),
            stdout_truncated: false,
            stderr_truncated: false,
            failure: None,
            files: Vec::new(),
            usage,
        };
        let execution = Execution {
            outcome,
            image_digest: String::new(),
            language: Language::Python,
            function_version: String::new(),
            held: Default::default(),
        };
        let count = || meters.executed(&execution, Duration::from_micros(45));
        count();
        // The best of several runs: the machine may be busy.
        let best = (0..20).map(|_| {
            let started = std::time::Instant::now();
            (0..1000).for_each(|_| count());
            started.elapsed() / 1000
        });
        let best = best.min().unwrap();
        println!("counting takes {best:?}");
        // Beside it, what it would take to look for one series by its labels: it takes no more than a few of
        // those.
        let labels = Refused { tenant: "acme".into(), reason: "unavailable" };
        let found = (0..20).map(|_| {
            let started = std::time::Instant::now();
            (0..1000).for_each(|_| drop(metrics.refused.get_or_create(&labels)));
            started.elapsed() / 1000
        });
        let found = found.min().unwrap();
        assert!(best < 20 * found.max(Duration::from_nanos(20)), "{best:?}, finding one series {found:?}");
    }

    #[test]
    fn reasons_that_are_not_listed_count_as_errors() {
        let metrics = Metrics::new();
        let meters = metrics.of("acme");
        for reason in ["unavailable", "made up", "another"] {
            meters.refused(reason);
        }
        let count = |reason| metrics.refused.get_or_create(&Refused { tenant: "acme".into(), reason }).get();
        assert_eq!((count("unavailable"), count("error")), (1, 2));
    }
}
