//! What a tenant is told of its quotas and of what it uses.

use crate::service::Service;
use crate::tenants::Tenant;
use crate::tenants::day::{DAY, UsedToday};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A quota, by what is counted and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaKind {
    /// Units of fuel, over ten seconds.
    FuelPerSecond,
    /// Nanoseconds of processor time, over ten seconds.
    CpuPerSecond,
    /// Requests, over a minute.
    RequestsPerMinute,
    /// Units of fuel, over a day.
    FuelPerDay,
    /// Nanoseconds of processor time, over a day.
    CpuPerDay,
}

/// A quota and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaUsage {
    /// Which one, and so what is counted.
    pub kind: QuotaKind,
    /// The most there is at once, or of a day.
    pub limit: u64,
    /// What is left now.
    pub left: u64,
    /// In which time so much comes back, or the day.
    pub window: Duration,
    /// When all of it is back.
    pub reset_after: Duration,
}

/// How things stand with a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantUsage {
    /// Executions that run.
    pub running: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Memory that is set aside for it.
    pub memory_bytes: usize,
    /// Since when `today` is counted: midnight, UTC.
    pub day_start: SystemTime,
    /// What it has used since.
    pub today: UsedToday,
    /// Its quotas; none that is not there.
    pub quotas: Vec<QuotaUsage>,
}

impl Service {
    /// How things stand with a tenant.
    pub fn usage(&self, tenant: &Tenant) -> TenantUsage {
        let (day, today) = tenant.used_today();
        TenantUsage {
            running: tenant.running(),
            waiting: self.slots().queued(tenant),
            memory_bytes: tenant.memory_bytes(),
            day_start: UNIX_EPOCH + Duration::from_secs(day * DAY),
            today,
            quotas: tenant.quotas(),
        }
    }
}
