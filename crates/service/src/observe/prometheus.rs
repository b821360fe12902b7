//! The metrics as text, in the form that Prometheus and its relatives read (OpenMetrics 1.0).
//!
//! What happened is counted as it happens (`metrics.rs`); how things stand is looked up when somebody asks.

use crate::observe::function_meters;
use crate::observe::prometheus_memory::{encode_functions, encode_memory};
use crate::observe::prometheus_quotas::encode_quotas;
use crate::service::Service;
use crate::tenants::Tenant;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;

/// The content type of [`Service::metrics`].
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const PREFIX: &str = "ampoule";

impl Service {
    /// All metrics as text.
    pub fn metrics(&self) -> String {
        self.metrics_with(|_| {})
    }

    /// The same with series that others count.
    pub fn metrics_with(&self, others: impl FnOnce(&mut Registry)) -> String {
        let mut registry = Registry::with_prefix(PREFIX);
        others(&mut registry);
        let build = &self.inner().config.build;
        if !build.is_empty() {
            registry.register("build", "Which build this is", Info::new(build.clone()));
        }
        self.tenant_metrics().register(&mut registry);
        registry.register_collector(Box::new(State(self.clone())));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }

    /// Counts a call of nobody we know: it has no tenant whose series it could be in.
    pub fn count_denied(&self) {
        self.tenant_metrics().denied().inc();
    }

    /// Counts a call under a name that is not this server's, or from a web page.
    pub fn count_stranger(&self) {
        self.tenant_metrics().stranger().inc();
    }
}

/// How things stand.
struct State(Service);

impl fmt::Debug for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("State(..)")
    }
}

impl Collector for State {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let service = &self.0;
        let level = service.level();
        let mut gauge = |name, help, value: u64| {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            metric.encode_gauge(&(value as i64))
        };
        gauge("slots", "Executions that can run at the same time", level.slots as u64)?;
        gauge("slots_running", "Executions that run", level.running as u64)?;
        gauge("requests_waiting", "Requests that wait for a slot", level.waiting as u64)?;
        gauge("memory_budget_bytes", "What requests and guests may take of the memory", level.memory)?;
        gauge("memory_set_aside_bytes", "What is set aside of it", level.set_aside)?;
        gauge("draining", "1: no more requests are taken", level.draining.into())?;
        let health = service.health();
        gauge(
            "seats_lent",
            "Guests that do not come back, and that others compute beside",
            health.seats_lent as u64,
        )?;
        let help = "How long the guest that computes and has been silent for longest has been so";
        let mut metric =
            encoder.encode_descriptor("oldest_slice", help, Some(&Unit::Seconds), MetricType::Gauge)?;
        metric.encode_gauge(&health.oldest_slice.as_secs_f64())?;
        let help = "Time since a tiny execution of the server's own got through";
        let mut metric =
            encoder.encode_descriptor("heartbeat_age", help, Some(&Unit::Seconds), MetricType::Gauge)?;
        metric.encode_gauge(&service.inner().heartbeat.age().unwrap_or_default().as_secs_f64())?;
        let mut gauge = |name, help, value: u64| {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            metric.encode_gauge(&(value as i64))
        };
        let cache = service.program_cache();
        gauge("program_cache_bytes", "Compiled programs that are kept", cache.bytes)?;
        gauge("program_cache_programs", "Compiled programs that are kept, their number", cache.programs)?;
        let reused = service.images().iter().map(|image| image.kept_executions()).sum();
        for (name, help, value) in [
            ("program_cache_hits", "Executions whose program was compiled already", cache.hits),
            ("program_cache_misses", "Executions that compiled their program", cache.misses),
            (
                "guests_cut_off",
                "Guests that were stopped by the watchdog, as they did not come back",
                health.cut_off,
            ),
            ("guests_reused", "Executions that began in a guest that was kept", reused),
        ] {
            let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            metric.encode_counter::<NoLabelSet, u64, f64>(&value, None)?;
        }
        let tenants: Vec<Tenant> = service.tenants().collect();
        let help = "Tenants there are, those of tokens that are not listed included";
        let mut metric = encoder.encode_descriptor("tenants", help, None, MetricType::Gauge)?;
        metric.encode_gauge(&(tenants.len() as i64))?;
        let help = "Executions that run, by tenant";
        let mut metric = encoder.encode_descriptor("tenant_slots", help, None, MetricType::Gauge)?;
        for tenant in &tenants {
            of_tenant(&mut metric, tenant.name(), tenant.running() as i64)?;
        }
        let help = "Memory that is set aside, by tenant";
        let mut metric = encoder.encode_descriptor("tenant_memory_bytes", help, None, MetricType::Gauge)?;
        for tenant in &tenants {
            of_tenant(&mut metric, tenant.name(), tenant.memory_bytes() as i64)?;
        }
        let help = "Processor time that executions have used, those that run included, by tenant";
        let mut metric =
            encoder.encode_descriptor("tenant_cpu", help, Some(&Unit::Seconds), MetricType::Counter)?;
        for tenant in &tenants {
            let labels = [("tenant", tenant.name())];
            let mut metric = metric.encode_family(&labels)?;
            metric.encode_counter::<NoLabelSet, f64, f64>(&tenant.cpu_time().as_secs_f64(), None)?;
        }
        let functions = tenants.iter().map(|tenant| (tenant.name(), &tenant.0.meters.functions));
        function_meters::encode(functions, &mut encoder)?;
        encode_functions(service, &mut encoder)?;
        encode_memory(service, &mut encoder)?;
        encode_quotas(&tenants, &mut encoder)?;
        let mut metric = encoder.encode_descriptor("image", "Images that run", None, MetricType::Info)?;
        for image in service.images().iter() {
            let manifest = image.manifest();
            metric.encode_info(&[
                ("name", manifest.name.as_str()),
                ("language", manifest.language.name()),
                ("version", &manifest.version),
                ("digest", &manifest.digest),
            ])?;
        }
        Ok(())
    }
}

fn of_tenant(metric: &mut MetricEncoder, tenant: &str, value: impl EncodeGaugeValue) -> fmt::Result {
    metric.encode_family(&[("tenant", tenant)])?.encode_gauge(&value)
}
