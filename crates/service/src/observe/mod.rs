//! What operators see: the log line of each request, metrics, traces, and whether executions complete.

pub(crate) mod function_meters;
pub(crate) mod heartbeat;
pub(crate) mod metrics;
pub(crate) mod prometheus;
pub(crate) mod prometheus_memory;
pub(crate) mod prometheus_quotas;
pub(crate) mod prometheus_text;
pub(crate) mod request_log;
pub(crate) mod spans;
pub(crate) mod trace_parent;
