//! Tenants: owners of limits, slots, quotas and a fair share of the processors.

use crate::config::Caps;
use crate::metrics::{Meters, Metrics};
use crate::quota::{Quota, QuotaConfig};
use ampoule_engine::Share;
use ampoule_world::Limits;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// The tenant of a service that has no others: whoever reaches it.
pub const OPEN_TENANT: &str = "open";

/// What one tenant is granted.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantConfig {
    /// Its name: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub name: String,
    /// Its share of processors and slots when there are not enough for all, relative to the others'. 1 to
    /// [`Share::MAX_WEIGHT`].
    pub weight: u32,
    /// What its executions get for each limit that a request leaves open.
    pub defaults: Limits,
    /// The most its requests can ask for.
    pub caps: Caps,
    /// The most slots it can have at a time. It gets fewer when others need theirs.
    pub slots: usize,
    /// Its requests that may wait for a slot; one more is refused.
    pub queue: usize,
    /// What its executions may use up over time.
    pub quota: QuotaConfig,
}

/// A tenant of a service. Cheap to clone; clones are the same tenant.
#[derive(Clone, Debug)]
pub struct Tenant(pub(crate) Arc<Account>);

#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) config: TenantConfig,
    pub(crate) share: Share,
    pub(crate) quota: Quota,
    pub(crate) meters: Meters,
    /// Slots it has, memory in bytes that is set aside for it, and what of that is for requests that wait; changed under the
    /// lock of `Slots` only.
    pub(crate) slots: AtomicUsize,
    pub(crate) memory: AtomicUsize,
    pub(crate) waiting: AtomicUsize,
    /// What of the memory is for requests that are being received.
    pub(crate) receiving: AtomicUsize,
    /// What of the memory is for answers that are being sent.
    pub(crate) sending: AtomicUsize,
    /// Requests that wait for the answer to another one.
    pub(crate) repeats: AtomicUsize,
    /// Of its memory what is set aside beside slots.
    pub(crate) reserved: AtomicUsize,
}

impl Tenant {
    fn new(config: TenantConfig, metrics: &Metrics) -> Tenant {
        let meters = metrics.of(&config.name);
        let share = Share::new(config.weight);
        let quota = Quota::new(config.quota);
        Tenant(Arc::new(Account {
            config,
            share,
            quota,
            meters,
            slots: AtomicUsize::new(0),
            memory: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            receiving: AtomicUsize::new(0),
            sending: AtomicUsize::new(0),
            repeats: AtomicUsize::new(0),
            reserved: AtomicUsize::new(0),
        }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.config.name
    }

    /// What it is granted.
    pub fn config(&self) -> &TenantConfig {
        &self.0.config
    }

    /// Executions of it that run.
    pub fn running(&self) -> usize {
        self.0.slots.load(Relaxed)
    }

    /// Processor time that its executions have used; of those that run, up to when they last let others go first.
    pub fn cpu_time(&self) -> Duration {
        self.0.share.cpu_time()
    }

    /// Memory that is set aside for it.
    pub fn memory_bytes(&self) -> usize {
        self.0.memory.load(Relaxed)
    }

    pub(crate) fn is(&self, other: &Tenant) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// The tenants of a service, by name.
#[derive(Debug)]
pub(crate) struct Tenants {
    metrics: Metrics,
    by_name: BTreeMap<String, Tenant>,
}

impl Tenants {
    pub(crate) fn new(configs: &[TenantConfig]) -> Tenants {
        let metrics = Metrics::new();
        let tenants =
            configs.iter().map(|config| (config.name.clone(), Tenant::new(config.clone(), &metrics)));
        Tenants { by_name: tenants.collect(), metrics }
    }

    /// What is counted of them all.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Tenant> {
        self.by_name.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Tenant> {
        self.by_name.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }
}

/// What is wrong with a tenant's name.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err("is no name: use 1 to 64 letters, digits, '-', '_' or '.'".into())
}
