//! One structured line a request, the same from every transport; and its part in the metrics.
//!
//! Lines hold numbers and words of ours only: never source, input, output, file names or error messages of
//! a program, whose owner did not agree to have them in a log. Names and aliases of functions are the exception: they are told
//! where they are names.

use crate::answer::Answer;
use crate::error::Error;
use crate::functions::references::{LATEST, check_name, check_version};
use crate::observe::trace_parent::TraceParent;
use crate::service::Execution;
use crate::tenants::Tenant;
use ampoule_model::{Entry, FunctionReference, Invocation, Language};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

/// The target of the lines, for filters.
pub const TARGET: &str = "ampoule::request";

/// The header that carries an id which the caller chose; taken over so that its logs and ours can be joined, and sent back.
pub const ID_HEADER: &str = "x-request-id";

/// Longer ids are not ids.
const LONGEST_ID: usize = 64;

/// A line in the making. Dropped before it is finished, it says that the client went away.
#[derive(Debug)]
pub struct RequestRecord {
    id: String,
    /// None: the caller names none.
    parent: Option<TraceParent>,
    /// None: not known, or nobody's.
    tenant: Option<Tenant>,
    started: Instant,
    facts: Option<Facts>,
    /// The function that it is about.
    function: Option<Box<Function>>,
    /// Why it is refused, as far as more is known than its status.
    reason: OnceLock<Reason>,
    /// It was answered as an earlier request with its key.
    repeated: bool,
    finished: bool,
}

#[derive(Clone, Copy, Debug)]
struct Facts {
    /// None: a function is called.
    program: Option<(Language, Entry)>,
    bytes_in: usize,
}

/// What of a reference to a function can be told.
#[derive(Debug)]
struct Function {
    name: String,
    /// The alias that was asked for.
    alias: Option<String>,
    /// The version that was asked for, as far as its digits were given.
    version: Option<String>,
}

#[derive(Debug)]
struct Reason {
    cause: &'static str,
    /// The field or the quota that it is about.
    about: Option<String>,
}

impl RequestRecord {
    /// Begins with a request's arrival; `given` is what the caller sent as [`ID_HEADER`].
    pub fn start(given: Option<&str>) -> Self {
        RequestRecord {
            id: id(given),
            parent: None,
            tenant: None,
            started: Instant::now(),
            facts: None,
            function: None,
            reason: OnceLock::new(),
            repeated: false,
            finished: false,
        }
    }

    /// From here the line is a part of the trace that the caller names in [`crate::TRACE_HEADER`].
    pub fn set_trace_parent(&mut self, trace_parent: Option<&str>) {
        self.parent = trace_parent.and_then(TraceParent::parse);
    }

    /// From here the line tells who asks.
    pub fn set_tenant(&mut self, tenant: &Tenant) {
        self.tenant = Some(tenant.clone());
    }

    /// Who asks, as far as that is known.
    pub fn tenant(&self) -> Option<&Tenant> {
        self.tenant.as_ref()
    }

    /// The id; also goes back to the caller.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// From here the line tells which function it is about.
    pub fn set_function(&mut self, reference: &FunctionReference) {
        self.function = Function::of(reference);
    }

    /// From here the line tells which version became of what was put.
    pub fn set_version(&mut self, version: &str) {
        if let Some(function) = &mut self.function {
            function.version = Some(version.to_owned());
        }
    }

    /// From here the line tells why the request is refused. The first reason counts.
    pub fn set_error(&self, error: &Error) {
        let about = error.about().map(plain);
        let _ = self.reason.set(Reason { cause: error.cause(), about });
    }

    /// The same where a field of the message has no meaning.
    pub fn set_invalid_field(&self, field: &str) {
        let _ = self.reason.set(Reason { cause: "invalid_argument", about: Some(plain(field)) });
    }

    /// From here the line tells what was asked for.
    pub fn set_request(&mut self, asked: &Invocation) {
        let files: usize = asked.files().iter().map(|file| file.content.len()).sum();
        let (program, source) = match asked {
            Invocation::Program(request) => {
                let program = &request.program;
                (Some((program.language, program.entry)), program.source.len())
            }
            Invocation::Function(call) => {
                self.set_function(&call.function);
                let FunctionReference { version, alias, .. } = &call.function;
                if let (Some(function), true, true) =
                    (&mut self.function, version.is_empty(), alias.is_empty())
                {
                    function.alias = Some(LATEST.to_owned());
                }
                (None, 0)
            }
        };
        self.facts = Some(Facts { program, bytes_in: source + asked.input_json().len() + files });
    }

    /// Counts an item of a batch that was executed; it has no line of its own.
    pub fn item_executed(&self, execution: &Execution) {
        let usage = &execution.outcome.usage;
        self.count(execution, usage.queue_time + usage.wall_time);
    }

    /// Counts an item of a batch that was not.
    pub fn item_refused(&self, error: &Error) {
        self.count_refused(error.name(), error.cause());
    }

    fn count(&self, execution: &Execution, total: Duration) {
        let Some(tenant) = &self.tenant else { return };
        let meters = &tenant.0.meters;
        if self.repeated {
            meters.repeated(execution, total);
        } else {
            meters.executed(execution, total);
        }
        if let Some(function) = &self.function {
            let Execution { outcome, function_version: version, .. } = execution;
            let cpu_time = if self.repeated { Duration::ZERO } else { outcome.usage.cpu_time };
            meters.functions.executed(&function.name, version, outcome.status, cpu_time);
        }
    }

    /// Those of nobody we know are counted by who looked.
    fn count_refused(&self, status: &str, cause: &str) {
        let Some(tenant) = &self.tenant else { return };
        tenant.0.meters.refused(status);
        // Calls only: what is done about functions otherwise is not counted among them.
        if let (Some(function), Some(_)) = (&self.function, self.facts) {
            tenant.0.meters.functions.refused(&function.name, cause);
        }
    }

    /// Writes the line of a request that was answered.
    pub fn finish_answered(mut self, answer: &Answer) {
        self.repeated = answer.is_repeated();
        self.finish_executed(answer.execution());
    }

    /// Writes the line of a request that was executed.
    pub fn finish_executed(mut self, execution: &Execution) {
        self.finished = true;
        self.count(execution, self.started.elapsed());
        let outcome = &execution.outcome;
        let usage = &outcome.usage;
        let files: usize = outcome.files.iter().map(|file| file.content.len()).sum();
        tracing::info!(
            target: TARGET,
            id = self.id,
            trace_id = self.parent.as_ref().map(TraceParent::trace_id),
            parent_id = self.parent.as_ref().map(TraceParent::span_id),
            sampled = self.parent.as_ref().map(TraceParent::is_sampled),
            tenant = self.tenant_name(),
            language = execution.language.name(),
            entry = self.entry(),
            function = self.function_name(),
            version = Some(execution.function_version.as_str()).filter(|version| !version.is_empty()),
            alias = self.alias(),
            status = outcome.status.name(),
            repeated = self.repeated.then_some(true),
            total_us = self.total_us(),
            queue_us = usage.queue_time.as_micros() as u64,
            wall_us = usage.wall_time.as_micros() as u64,
            cpu_us = usage.cpu_time.as_micros() as u64,
            fuel = usage.fuel,
            memory_bytes = usage.peak_memory_bytes,
            bytes_in = self.bytes_in(),
            bytes_out = outcome.result_json.len() as u64 + usage.output_bytes + files as u64,
        );
    }

    /// A batch that came to its end, with so many items that were executed, and that were not.
    pub fn finish_batch(mut self, executed: usize, refused: usize) {
        self.finished = true;
        tracing::info!(
            target: TARGET,
            id = self.id,
            trace_id = self.parent.as_ref().map(TraceParent::trace_id),
            parent_id = self.parent.as_ref().map(TraceParent::span_id),
            sampled = self.parent.as_ref().map(TraceParent::is_sampled),
            tenant = self.tenant_name(),
            language = self.language(),
            entry = self.entry(),
            function = self.function_name(),
            version = self.version(),
            alias = self.alias(),
            status = "batch",
            executed,
            refused,
            total_us = self.total_us(),
            bytes_in = self.bytes_in(),
        );
    }

    /// A request about functions that was answered.
    pub fn finish_managed(mut self, what: &'static str) {
        self.finished = true;
        tracing::info!(
            target: TARGET,
            id = self.id,
            tenant = self.tenant_name(),
            function = self.function_name(),
            version = self.version(),
            alias = self.alias(),
            status = "managed",
            what,
            total_us = self.total_us(),
        );
    }

    /// Writes the line of a request that was not; `status` is the refusal's name in gRPC's words, lower case.
    pub fn finish_refused(mut self, status: &str) {
        self.finished = true;
        self.unexecuted(status);
    }

    fn unexecuted(&self, status: &str) {
        let reason = self.reason.get();
        self.count_refused(status, reason.map_or(status, |reason| reason.cause));
        tracing::info!(
            target: TARGET,
            id = self.id,
            trace_id = self.parent.as_ref().map(TraceParent::trace_id),
            parent_id = self.parent.as_ref().map(TraceParent::span_id),
            sampled = self.parent.as_ref().map(TraceParent::is_sampled),
            tenant = self.tenant_name(),
            language = self.language(),
            entry = self.entry(),
            function = self.function_name(),
            version = self.version(),
            alias = self.alias(),
            status,
            reason = reason.map(|reason| reason.cause),
            about = reason.and_then(|reason| reason.about.as_deref()),
            total_us = self.total_us(),
            bytes_in = self.bytes_in(),
        );
    }

    fn tenant_name(&self) -> &str {
        self.tenant.as_ref().map_or("", Tenant::name)
    }

    fn language(&self) -> &'static str {
        self.facts.and_then(|facts| facts.program).map_or("", |(language, _)| language.name())
    }

    fn entry(&self) -> &'static str {
        match self.facts {
            None => "",
            Some(facts) => facts.program.map_or("function", |(_, entry)| entry.name()),
        }
    }

    fn function_name(&self) -> Option<&str> {
        self.function.as_ref().map(|function| function.name.as_str())
    }

    /// The version that was asked for, or that became of a put.
    fn version(&self) -> Option<&str> {
        self.function.as_ref()?.version.as_deref()
    }

    fn alias(&self) -> Option<&str> {
        self.function.as_ref()?.alias.as_deref()
    }

    fn bytes_in(&self) -> usize {
        self.facts.map_or(0, |facts| facts.bytes_in)
    }

    fn total_us(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }
}

impl Function {
    /// None: its name is none.
    fn of(reference: &FunctionReference) -> Option<Box<Function>> {
        let FunctionReference { name, version, alias } = reference;
        check_name(name).ok()?;
        let alias = check_name(alias).is_ok().then(|| alias.clone());
        let version = check_version(version).is_ok().then(|| version.clone());
        Some(Box::new(Function { name: name.clone(), alias, version }))
    }
}

/// A field's path without places, and without keys of users', which are the last part of one.
fn plain(field: &str) -> String {
    let ours = field.split("['").next().unwrap_or_default();
    let mut depth = 0_u32;
    let outside = |character: &char| {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    ours.chars().filter(outside).collect()
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        if !self.finished {
            self.unexecuted("cancelled");
        }
    }
}

fn id(given: Option<&str>) -> String {
    let plain = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    given.filter(plain).map_or_else(new_id, str::to_owned)
}

/// Unique among servers by a random part of the process, and within it by a count.
fn new_id() -> String {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| RandomState::new().hash_one("ampoule") as u32);
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{:08x}-{}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_fields_and_functions_only_words_of_ours_and_names_are_told() {
        for (field, expected) in [
            ("limits.wall_time", "limits.wall_time"),
            ("files[12].path", "files.path"),
            ("input_json['se]cret'][3]", "input_json"),
        ] {
            assert_eq!(plain(field), expected);
        }
        let told = |name: &str, version: &str, alias: &str| {
            let reference =
                FunctionReference { name: name.into(), version: version.into(), alias: alias.into() };
            Function::of(&reference).map(|told| (told.name, told.version, told.alias))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(told("f", "", ""), Some(("f".into(), None, None)));
        assert_eq!(told("f", "0123", ""), Some(("f".into(), some("0123"), None)));
        assert_eq!(told("f", "", "stable"), Some(("f".into(), None, some("stable"))));
        assert_eq!(told("f", "a word", ""), Some(("f".into(), None, None)));
        assert_eq!(told("f", "", "two words"), Some(("f".into(), None, None)));
        assert_eq!(told("two words", "", ""), None);
    }

    #[test]
    fn only_plain_ids_are_taken_over() {
        assert_eq!(id(Some("a-1_b.C")), "a-1_b.C");
        assert_ne!(id(Some("a b")), "a b");
        assert_ne!(id(Some(&"x".repeat(65))), "x".repeat(65));
        assert_ne!(id(None), id(None));
    }
}
