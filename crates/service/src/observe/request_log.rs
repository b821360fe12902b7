//! One structured line a request, the same from every transport; and its part in the metrics.
//!
//! Lines hold numbers and words of ours only: never source, input, output, file names or error messages of a
//! program, whose owner did not agree to have them in a log. Names and aliases of functions are the
//! exception: they are told where they are names.

use crate::answer::Answer;
use crate::error::Error;
use crate::functions::references::{LATEST, check_name, check_version};
use crate::observe::spans;
use crate::observe::trace_parent::TraceParent;
use crate::service::{Call, Execution};
use crate::tenants::Tenant;
use ampoule_model::{Entry, FunctionReference, Invocation, Language, Outcome};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};
use tracing::Span;

/// The target of the lines, for filters.
pub(crate) const TARGET: &str = "ampoule::request";

/// The header that carries an id which the caller chose; taken over so that its logs and ours can be joined,
/// and sent back.
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
    /// Disabled where no collector is asked for.
    span: Span,
}

/// How a request ended, as its line tells it.
#[derive(Default)]
struct Ending<'a> {
    status: &'a str,
    /// Known better than before: of an execution.
    language: Option<&'static str>,
    version: Option<&'a str>,
    outcome: Option<&'a Outcome>,
    /// Of a batch: items that were executed, and that were not.
    items: Option<(usize, usize)>,
    /// Of a request about functions: what it does.
    what: Option<&'static str>,
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
            span: spans::of_request(),
        }
    }

    /// From here the line is a part of the trace that the caller names in [`crate::TRACE_HEADER`].
    pub fn set_trace_parent(&mut self, trace_parent: Option<&str>) {
        self.parent = trace_parent.and_then(TraceParent::parse);
        if let Some(parent) = &self.parent {
            spans::set_parent(&self.span, parent);
        }
    }

    /// A call of the service on behalf of the request: what is done for it is a part of its trace. From here
    /// the line tells who asks.
    pub fn call(&mut self, tenant: Tenant, deadline: Option<Instant>) -> Call {
        self.set_tenant(&tenant);
        Call { tenant, deadline, span: self.span.clone() }
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
        let version = execution.function_version.as_str();
        self.write(&Ending {
            status: execution.outcome.status.name(),
            language: Some(execution.language.name()),
            version: Some(version).filter(|version| !version.is_empty()),
            outcome: Some(&execution.outcome),
            ..Ending::default()
        });
    }

    /// A batch that came to its end, with so many items that were executed, and that were not.
    pub fn finish_batch(mut self, executed: usize, refused: usize) {
        self.finished = true;
        let items = Some((executed, refused));
        self.write(&Ending { status: "batch", items, version: self.version(), ..Ending::default() });
    }

    /// A request about functions that was answered.
    pub fn finish_managed(mut self, what: &'static str) {
        self.finished = true;
        let version = self.version();
        self.write(&Ending { status: "managed", what: Some(what), version, ..Ending::default() });
    }

    /// Writes the line of a request that was not; `status` is the refusal's name in gRPC's words, lower case.
    pub fn finish_refused(mut self, status: &str) {
        self.finished = true;
        self.unexecuted(status);
    }

    fn unexecuted(&self, status: &str) {
        self.count_refused(status, self.reason.get().map_or(status, |reason| reason.cause));
        self.write(&Ending { status, version: self.version(), ..Ending::default() });
    }

    /// The request's line, and the same in its span. What is none of this request is left out.
    fn write(&self, ending: &Ending<'_>) {
        let Ending { status, outcome, items, what, .. } = *ending;
        let reason = self.reason.get();
        let usage = outcome.map(|outcome| &outcome.usage);
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let parent = self.parent.as_ref();
        // Requests about functions have neither.
        let asked = what.is_none();
        let (language, entry) = (ending.language.unwrap_or(self.language()), self.entry());
        macro_rules! write {
            ($($name:ident = $value:expr,)*) => {
                tracing::info!(
                    target: TARGET,
                    id = self.id,
                    trace_id = parent.map(TraceParent::trace_id),
                    parent_id = parent.map(TraceParent::span_id),
                    sampled = parent.map(TraceParent::is_sampled),
                    $($name = $value,)*
                );
                if !self.span.is_disabled() {
                    $(spans::tell(&self.span, concat!("ampoule.", stringify!($name)), attribute($value));)*
                }
            };
        }
        write! {
            tenant = Some(self.tenant_name()),
            language = asked.then_some(language),
            entry = asked.then_some(entry),
            function = self.function_name(),
            version = ending.version,
            alias = self.alias(),
            status = Some(status),
            reason = reason.map(|reason| reason.cause),
            about = reason.and_then(|reason| reason.about.as_deref()),
            what = what,
            repeated = self.repeated.then_some(true),
            executed = items.map(|(executed, _)| executed as u64),
            refused = items.map(|(_, refused)| refused as u64),
            total_us = Some(micros(self.started.elapsed())),
            queue_us = usage.map(|usage| micros(usage.queue_time)),
            wall_us = usage.map(|usage| micros(usage.wall_time)),
            cpu_us = usage.map(|usage| micros(usage.cpu_time)),
            fuel = usage.map(|usage| usage.fuel),
            memory_bytes = usage.map(|usage| usage.peak_memory_bytes),
            bytes_in = asked.then_some(self.bytes_in() as u64),
            bytes_out = outcome.map(bytes_out),
        }
        // Of how requests end, these are the server's own doing.
        if ["internal", "internal_error"].contains(&status) {
            spans::set_failed(&self.span);
        }
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
}

/// What is sent back of an execution.
fn bytes_out(outcome: &Outcome) -> u64 {
    let files: usize = outcome.files.iter().map(|file| file.content.len()).sum();
    (outcome.result_json.len() + files) as u64 + outcome.usage.output_bytes
}

/// A value of a line as OpenTelemetry has it.
fn attribute<T: IntoAttribute>(value: Option<T>) -> Option<opentelemetry::Value> {
    value.map(IntoAttribute::into_attribute)
}

trait IntoAttribute {
    fn into_attribute(self) -> opentelemetry::Value;
}

impl IntoAttribute for &str {
    fn into_attribute(self) -> opentelemetry::Value {
        self.to_owned().into()
    }
}

impl IntoAttribute for bool {
    fn into_attribute(self) -> opentelemetry::Value {
        self.into()
    }
}

impl IntoAttribute for u64 {
    /// There are no unsigned ones.
    fn into_attribute(self) -> opentelemetry::Value {
        i64::try_from(self).unwrap_or(i64::MAX).into()
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
