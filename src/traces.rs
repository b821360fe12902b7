//! `[traces]` of the configuration: requests as spans of OpenTelemetry, sent by OTLP over gRPC.
//!
//! A span is made of a request's log line (`ampoule_service::RequestRecord`), when it is written: so it holds what the line
//! holds, no word of users', and what is not asked for costs nothing. Where the collector is slow or gone, spans are
//! dropped and requests go on.

use ampoule_service::REQUEST_LOG_TARGET;
use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState,
    Tracer, TracerProvider,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{Duration, SystemTime};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::{Context as LayerContext, Layer};
use tracing_subscriber::registry::LookupSpan;

/// How long one export may take, and the last one at the end.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Where spans are sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TracesConfig {
    /// The collector: `http://host:4317`.
    endpoint: String,
    /// Which part of the traces that begin here is kept, from 0 to 1. Those that a caller has begun are kept if it says so.
    #[serde(default = "all")]
    ratio: f64,
}

impl Eq for TracesConfig {}

fn all() -> f64 {
    1.0
}

impl TracesConfig {
    /// What is wrong with it.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.endpoint.starts_with("http://") {
            return Err(format!(
                "traces.endpoint is '{}': give a collector's http:// address, best one on this machine",
                self.endpoint
            ));
        }
        if !(0.0..=1.0).contains(&self.ratio) {
            return Err(format!("traces.ratio is {}, it must be from 0 to 1", self.ratio));
        }
        Ok(())
    }

    /// With a value for every key.
    pub(crate) fn with_everything() -> TracesConfig {
        TracesConfig { endpoint: "http://127.0.0.1:4317".into(), ratio: 1.0 }
    }

    /// Begins to send, within a tokio runtime.
    pub(crate) fn start(&self) -> Result<Traces, String> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&self.endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| format!("traces: {error}"))?;
        let resource = Resource::builder()
            .with_service_name("ampoule")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(self.ratio)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .with_sampler(sampler)
            .build();
        Ok(Traces { provider })
    }
}

/// Sends spans until it is told to end.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Makes spans of requests' lines, whatever is logged of them.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        let tracer = self.provider.tracer("ampoule");
        let is_line: FilterFn = filter_fn(|metadata| metadata.target() == REQUEST_LOG_TARGET);
        Spans { tracer }.with_filter(is_line)
    }

    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(EXPORT_TIMEOUT) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

struct Spans {
    tracer: SdkTracer,
}

/// A line's fields.
#[derive(Default)]
struct Line {
    trace_id: Option<TraceId>,
    parent_id: Option<SpanId>,
    sampled: bool,
    total: Duration,
    failed: bool,
    attributes: Vec<KeyValue>,
}

impl<S: Subscriber> Layer<S> for Spans {
    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        let parent = line.parent();
        let end = SystemTime::now();
        let mut span = self
            .tracer
            .span_builder("ampoule.execute")
            .with_kind(SpanKind::Server)
            .with_start_time(end.checked_sub(line.total).unwrap_or(end))
            .with_attributes(line.attributes)
            .start_with_context(&self.tracer, &parent);
        if line.failed {
            span.set_status(Status::error("the server failed"));
        }
        span.end_with_timestamp(end);
    }
}

impl Line {
    fn parent(&self) -> Context {
        let (Some(trace), Some(span)) = (self.trace_id, self.parent_id) else { return Context::new() };
        let flags = if self.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        let context = SpanContext::new(trace, span, flags, true, TraceState::default());
        Context::new().with_remote_span_context(context)
    }

    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.attributes.push(KeyValue::new(format!("ampoule.{}", field.name()), value));
    }
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "trace_id" => self.trace_id = TraceId::from_hex(value).ok(),
            "parent_id" => self.parent_id = SpanId::from_hex(value).ok(),
            name => {
                // Of how requests end, these are the server's own doing.
                self.failed |= name == "status" && ["internal", "internal_error"].contains(&value);
                self.add(field, value.to_owned());
            }
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "total_us" {
            self.total = Duration::from_micros(value);
        }
        self.add(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "sampled" {
            self.sampled = value;
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
