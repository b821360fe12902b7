//! Tenants: owners of limits, slots, quotas and a fair share of the processors.

pub(crate) mod day;
pub(crate) mod quota;
pub(crate) mod registry;
pub(crate) mod stop;
pub(crate) mod usage;

use crate::capacity::aside;
use crate::observe::metrics::{Meters, Metrics};
use crate::tenants::day::UsedToday;
use crate::tenants::quota::{Quota, QuotaConfig};
use crate::tenants::stop::{Stop, Stopped};
use crate::tenants::usage::QuotaUsage;
use ampoule_engine::FairShare;
use ampoule_model::Caps;
use ampoule_model::Limits;
use ampoule_turns::Member;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The tenant of a service that has no others: whoever reaches it.
pub const OPEN_TENANT: &str = "open";

/// What one tenant is granted.
#[derive(Clone, Debug, PartialEq)]
pub struct TenantConfig {
    /// Its name: 1 to 64 letters, digits, `-`, `_` or `.`.
    pub name: String,
    /// Its share of processors and slots when there are not enough for all, relative to the others'. 1 to
    /// [`FairShare::MAX_WEIGHT`].
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
    /// Nothing of it runs, and its requests are refused.
    pub disabled: bool,
}

/// A tenant of a service: its account, which stays for as long as there is the tenant, and what it was
/// granted when it was looked up, so that a request goes by one configuration from its beginning to its end.
/// Cheap to clone; clones are the same tenant.
#[derive(Clone, Debug)]
pub struct Tenant(pub(crate) Arc<Account>, Arc<TenantConfig>);

/// What is counted of a tenant, whatever it is granted.
#[derive(Debug)]
pub(crate) struct Account {
    name: String,
    pub(crate) share: FairShare,
    pub(crate) quota: Quota,
    pub(crate) meters: Meters,
    pub(crate) stop: Stop,
    /// The most slots that it can have now, whatever its requests that wait were granted.
    pub(crate) most_slots: AtomicUsize,
    /// Slots it has, memory in bytes that is set aside for it, and what of that is for requests that wait;
    /// changed under the lock of `Slots` only.
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
    /// Work on the function store that no guest's account pays for: changes, lists, checkpoints that are
    /// read. A few at a time, the others wait for their turn, so that one tenant does not take the disk, its
    /// threads and processors from the others.
    pub(crate) store: Semaphore,
    /// As whom it has its turns where large requests are worked on.
    pub(crate) aside: Member,
}

/// Of one tenant at the same time: one that waits for the disk, and one that computes.
const AT_THE_STORE: usize = 2;

impl Account {
    pub(crate) fn new(config: &TenantConfig, metrics: &Metrics) -> Arc<Account> {
        Arc::new(Account {
            name: config.name.clone(),
            share: FairShare::new(config.weight),
            quota: Quota::new(config.quota),
            meters: metrics.of(&config.name),
            stop: Stop::default(),
            most_slots: AtomicUsize::new(config.slots),
            slots: AtomicUsize::new(0),
            memory: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            receiving: AtomicUsize::new(0),
            sending: AtomicUsize::new(0),
            repeats: AtomicUsize::new(0),
            reserved: AtomicUsize::new(0),
            store: Semaphore::new(AT_THE_STORE),
            aside: aside::member(&config.name),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What was used today, and which day that is, in days since the epoch.
    pub(crate) fn used_today(&self) -> (u64, UsedToday) {
        self.quota.used_today(&self.share)
    }
}

impl Tenant {
    /// An account that has this granted from now on. What runs and waits goes on as it began; what an account
    /// goes by at any moment (weight, slots, quotas) is changed for it, too.
    pub(crate) fn granted(account: Arc<Account>, config: TenantConfig) -> Tenant {
        account.share.set_weight(config.weight);
        account.quota.change(config.quota, &account.share);
        account.most_slots.store(config.slots, Relaxed);
        account.stop.set(config.disabled.then_some(Stopped::Disabled));
        Tenant(account, Arc::new(config))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// What it was granted when it was looked up.
    pub fn config(&self) -> &TenantConfig {
        &self.1
    }

    /// Whether nothing of it may run: it was disabled, or removed.
    pub fn is_stopped(&self) -> Option<Stopped> {
        self.0.stop.why()
    }

    /// Executions of it that run.
    pub fn running(&self) -> usize {
        self.0.slots.load(Relaxed)
    }

    /// Processor time that its executions have used; of those that run, up to when they last let others go
    /// first.
    pub fn cpu_time(&self) -> Duration {
        self.0.share.cpu_time()
    }

    /// Memory that is set aside for it.
    pub fn memory_bytes(&self) -> usize {
        self.0.memory.load(Relaxed)
    }

    /// Its quotas and what is left of them.
    pub fn quotas(&self) -> Vec<QuotaUsage> {
        self.0.quota.usage(&self.0.share)
    }

    pub(crate) fn used_today(&self) -> (u64, UsedToday) {
        self.0.used_today()
    }

    pub(crate) fn is(&self, other: &Tenant) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
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
