//! Tenants' quotas among the metrics.

use crate::tenants::Tenant;
use crate::tenants::usage::QuotaKind;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use std::fmt;

/// What tenants have used of their quotas; at its limit one is refused.
pub(crate) fn encode_quotas(tenants: &[Tenant], encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let quotas: Vec<_> = tenants.iter().map(|tenant| (tenant.name(), tenant.quotas())).collect();
    for (name, help, used) in [
        (
            "tenant_quota_limit",
            "What a tenant may use, of quotas a second within ten: units of fuel, seconds of processor time, requests",
            false,
        ),
        (
            "tenant_quota_used",
            "What a tenant has used of it and has not got back; at the limit it is refused",
            true,
        ),
    ] {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (tenant, quotas) in &quotas {
            for quota in quotas {
                let amount = if used { quota.limit - quota.left } else { quota.limit };
                let (label, unit) = quota_label(quota.kind);
                let labels = [("tenant", *tenant), ("quota", label)];
                metric.encode_family(&labels)?.encode_gauge(&(amount as f64 / unit))?;
            }
        }
    }
    Ok(())
}

/// As in the configuration, and what its amounts are divided by.
fn quota_label(kind: QuotaKind) -> (&'static str, f64) {
    const NANOSECONDS: f64 = 1e9;
    match kind {
        QuotaKind::FuelPerSecond => ("fuel_per_second", 1.0),
        QuotaKind::FuelPerDay => ("fuel_per_day", 1.0),
        QuotaKind::CpuPerSecond => ("cpu_per_second", NANOSECONDS),
        QuotaKind::CpuPerDay => ("cpu_per_day", NANOSECONDS),
        QuotaKind::RequestsPerMinute => ("requests_per_minute", 1.0),
    }
}
