//! Requests as spans: one for each, and below it one for each thing that it waits for or does.
//!
//! ```text
//! ampoule.request ─ store ─ queue ─ compile ─ run
//! ```
//!
//! Spans have their own target, which only the layer of `src/traces.rs` asks for: without a collector none is
//! ever made, and a request pays for a look at a flag. Their attributes are those of the request's line in
//! the log.

use crate::observe::trace_parent::TraceParent;
use opentelemetry::trace::{SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, Value};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of the spans, for filters.
pub const TARGET: &str = "ampoule::span";

/// A thing that a request waits for or does: a span below the current one.
macro_rules! stage {
    ($name:literal) => {
        tracing::info_span!(target: $crate::observe::spans::TARGET, $name)
    };
}
pub(crate) use stage;

/// The span of a request.
pub(crate) fn of_request() -> Span {
    tracing::info_span!(target: TARGET, parent: None, "ampoule.request", otel.kind = "server")
}

/// From here the span is a part of its caller's trace. Nothing may have begun below it yet.
pub(crate) fn set_parent(span: &Span, parent: &TraceParent) {
    if span.is_disabled() {
        return;
    }
    let ids = (TraceId::from_hex(parent.trace_id()), SpanId::from_hex(parent.span_id()));
    let (Ok(trace), Ok(above)) = ids else { return };
    let flags = if parent.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let context = SpanContext::new(trace, above, flags, true, TraceState::default());
    // An error says that no collector is asked for.
    let _ = span.set_parent(Context::new().with_remote_span_context(context));
}

/// An attribute of a request's span; nothing where there is no value.
pub(crate) fn tell(span: &Span, name: &'static str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        span.set_attribute(name, value);
    }
}

/// The request failed for a reason of the server's own.
pub(crate) fn set_failed(span: &Span) {
    span.set_status(Status::error("the server failed"));
}
