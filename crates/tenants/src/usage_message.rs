//! What a tenant uses, as proto has it.

use ampoule_api::v1::{GetUsageResponse, QuotaKind as Kind, QuotaUsage, TenantUsage};
use ampoule_api::{duration_to_proto, unix_nanos_to_proto};
use ampoule_service as service;
use ampoule_service::{QuotaKind, Service, Tenant};
use std::time::UNIX_EPOCH;

/// The answer to a tenant that asks for itself.
pub fn usage_of_caller(service: &Service, tenant: &Tenant) -> GetUsageResponse {
    GetUsageResponse { tenant: tenant.name().to_owned(), usage: Some(usage_to_proto(&service.usage(tenant))) }
}

/// What a tenant uses.
pub fn usage_to_proto(usage: &service::TenantUsage) -> TenantUsage {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let day_start = usage.day_start.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    TenantUsage {
        running: count(usage.running),
        waiting: count(usage.waiting),
        memory_bytes: usage.memory_bytes as u64,
        day_start: Some(unix_nanos_to_proto(i64::try_from(day_start).unwrap_or(i64::MAX))),
        fuel_today: usage.today.fuel,
        cpu_time_today: Some(duration_to_proto(usage.today.cpu)),
        requests_today: usage.today.requests,
        quotas: usage.quotas.iter().map(quota).collect(),
    }
}

fn quota(quota: &service::QuotaUsage) -> QuotaUsage {
    let kind = match quota.kind {
        QuotaKind::FuelPerSecond => Kind::FuelPerSecond,
        QuotaKind::FuelPerDay => Kind::FuelPerDay,
        QuotaKind::CpuPerSecond => Kind::CpuPerSecond,
        QuotaKind::CpuPerDay => Kind::CpuPerDay,
        QuotaKind::RequestsPerMinute => Kind::RequestsPerMinute,
    };
    QuotaUsage {
        kind: kind.into(),
        limit: quota.limit,
        remaining: quota.left,
        window: Some(duration_to_proto(quota.window)),
        reset_after: Some(duration_to_proto(quota.reset_after)),
    }
}
