//! Requests as spans of OpenTelemetry, sent by OTLP over gRPC, as `[traces]` of the configuration says.
//!
//! Spans come from the service (`crates/service/src/observe/spans.rs`) by way of `tracing`, and hold what a
//! request's log line holds, no word of users'. Where the collector is slow or gone, spans are dropped and
//! requests go on.

use ampoule_config::TracesConfig;
use ampoule_service::SPAN_TARGET;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// How long one export may take, and the last one at the end.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// Sends spans until it is told to end.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Begins to send, within a tokio runtime.
    pub(crate) fn start(config: &TracesConfig) -> Result<Traces, String> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(&config.endpoint)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| format!("traces: {error}"))?;
        let resource = Resource::builder()
            .with_service_name("ampoule")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(config.ratio)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .with_sampler(sampler)
            .build();
        Ok(Traces { provider })
    }

    /// Takes in the spans of requests, whatever is logged of them.
    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("ampoule"))
            // Where a span is in our source, and which of our threads it was on, tells an operator nothing.
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_level(false)
            .with_target(false)
            .with_filter(is_span())
    }

    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Err(error) = self.provider.shutdown_with_timeout(EXPORT_TIMEOUT) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// Spans of requests, which are no part of the log.
pub(crate) fn is_span() -> FilterFn {
    filter_fn(|metadata| metadata.target() == SPAN_TARGET)
}
