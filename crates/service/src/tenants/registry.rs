//! All tenants: those that are listed, which can be exchanged while they are served, and those that an issuer
//! of tokens names.
//!
//! ```text
//! listed ─ replace ─▶ listed        one pointer is exchanged, so that nobody waits for it
//!            │ gone: stopped, its account kept until nothing holds it any more
//! unlisted ─ a token's name ─▶ an account of its own, of so many; forgotten when idle
//! ```
//!
//! A tenant that stays keeps its account, and so does one that is removed and comes again. What was used
//! today stays for the name until midnight, also where there is no account.

use crate::observe::metrics::Metrics;
use crate::service::Service;
use crate::tenants::day::{Absent, DAY, DayBook, UsedToday};
use crate::tenants::stop::Stopped;
use crate::tenants::{Account, Tenant, TenantConfig, check_name};
use arc_swap::ArcSwap;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// An account that nobody has used for so long, and to which all has come back that comes back with time, can
/// be made anew at any time without a difference.
const IDLE: Duration = Duration::from_secs(60);

/// Tenants that are not listed: whoever an issuer of tokens vouches for.
#[derive(Clone, Debug, PartialEq)]
pub struct UnlistedConfig {
    /// What each of them is granted, whatever name is in here.
    pub granted: TenantConfig,
    /// How many there may be at a time.
    pub most: usize,
    /// One that has been idle for so long is forgotten; a minute at least.
    pub idle: Duration,
}

/// Why there is no tenant of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTenant {
    /// It is not listed, and those that are not listed are not taken; or it is no name.
    Unknown,
    /// There are as many that are not listed as there may be.
    TooMany,
}

#[derive(Debug)]
pub(crate) struct Tenants {
    metrics: Metrics,
    listed: ArcSwap<BTreeMap<String, Tenant>>,
    /// Always locked before `unlisted`.
    rest: Mutex<Rest>,
    unlisted: Mutex<Unlisted>,
}

#[derive(Debug, Default)]
struct Rest {
    /// Accounts of tenants that are gone, while something holds them: what runs is ending.
    removed: HashMap<String, Arc<Account>>,
    absent: Absent,
}

#[derive(Debug, Default)]
struct Unlisted {
    config: Option<UnlistedConfig>,
    tenants: HashMap<String, Passing>,
}

/// A tenant that is not listed, and when it last called.
#[derive(Debug)]
struct Passing {
    tenant: Tenant,
    called: Instant,
}

impl Tenants {
    pub(crate) fn new(configs: Vec<TenantConfig>, unlisted: Option<UnlistedConfig>) -> Tenants {
        let tenants = Tenants {
            metrics: Metrics::new(),
            listed: ArcSwap::default(),
            rest: Mutex::default(),
            unlisted: Mutex::default(),
        };
        tenants.replace(configs, unlisted);
        tenants
    }

    /// What is counted of them all.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// A tenant that is listed.
    pub(crate) fn get(&self, name: &str) -> Option<Tenant> {
        self.listed.load().get(name).cloned()
    }

    /// A tenant that is listed, or that has called lately. To look at it is no call.
    pub(crate) fn known(&self, name: &str) -> Option<Tenant> {
        let passing = || self.unlisted().tenants.get(name).map(|passing| passing.tenant.clone());
        self.get(name).or_else(passing)
    }

    /// All of them, by their names.
    pub(crate) fn all(&self) -> Vec<Tenant> {
        let mut all: Vec<Tenant> = self.listed.load().values().cloned().collect();
        let listed = all.len();
        all.extend(self.unlisted().tenants.values().map(|passing| passing.tenant.clone()));
        if all.len() > listed {
            all.sort_by(|one, other| one.name().cmp(other.name()));
        }
        all
    }

    /// Whether there are several, or may be.
    pub(crate) fn are_several(&self) -> bool {
        self.listed.load().len() > 1 || self.unlisted().config.is_some()
    }

    /// From now on these are the tenants. Those that are not among them any more are stopped.
    pub(crate) fn replace(&self, configs: Vec<TenantConfig>, unlisted_config: Option<UnlistedConfig>) {
        let mut rest = self.rest();
        let old = self.listed.load_full();
        let mut unlisted = self.unlisted();
        let mut new = BTreeMap::new();
        for config in configs {
            let tenant = match old.get(&config.name) {
                Some(tenant) if *tenant.config() == config => tenant.clone(),
                Some(tenant) => Tenant::granted(Arc::clone(&tenant.0), config),
                None => {
                    let passing = unlisted.tenants.remove(&config.name).map(|passing| passing.tenant.0);
                    let account = passing.unwrap_or_else(|| self.account(&mut rest, &config));
                    Tenant::granted(account, config)
                }
            };
            new.insert(tenant.name().to_owned(), tenant);
        }
        for (name, tenant) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
            rest.remove(name, tenant);
        }
        self.listed.store(Arc::new(new));
        match &unlisted_config {
            None => {
                for (name, passing) in unlisted.tenants.drain() {
                    rest.remove(&name, &passing.tenant);
                }
            }
            Some(config) if unlisted.config.as_ref() != Some(config) => {
                for (name, passing) in &mut unlisted.tenants {
                    passing.tenant = Tenant::granted(Arc::clone(&passing.tenant.0), config.named(name));
                }
            }
            Some(_) => {}
        }
        unlisted.config = unlisted_config;
    }

    /// The tenant of a name that an issuer of tokens vouches for: a listed one, or one of those that need not
    /// be.
    pub(crate) fn vouched_for(&self, name: &str) -> Result<Tenant, NoTenant> {
        if let Some(tenant) = self.get(name) {
            return Ok(tenant);
        }
        if let Some(tenant) = self.unlisted().find(name) {
            return Ok(tenant);
        }
        let mut rest = self.rest();
        let mut unlisted = self.unlisted();
        // Somebody may have been faster.
        if let Some(tenant) = self.get(name).or_else(|| unlisted.find(name)) {
            return Ok(tenant);
        }
        let Some(config) = unlisted.config.clone() else { return Err(NoTenant::Unknown) };
        check_name(name).map_err(|_| NoTenant::Unknown)?;
        if unlisted.tenants.len() >= config.most {
            self.forget_idle(&mut rest, &mut unlisted, IDLE, 1);
        }
        if unlisted.tenants.len() >= config.most {
            return Err(NoTenant::TooMany);
        }
        let granted = config.named(name);
        let tenant = Tenant::granted(self.account(&mut rest, &granted), granted);
        let passing = Passing { tenant: tenant.clone(), called: Instant::now() };
        unlisted.tenants.insert(name.to_owned(), passing);
        Ok(tenant)
    }

    /// Forgets what nobody needs any more. To be done every few seconds.
    pub(crate) fn tidy(&self) {
        let mut rest = self.rest();
        // Whoever would use it again must hold the lock.
        let ended = rest.removed.extract_if(|_, account| Arc::strong_count(account) == 1);
        let ended: Vec<Arc<Account>> = ended.map(|(_, account)| account).collect();
        ended.iter().for_each(|account| self.forget(&mut rest, account));
        let mut unlisted = self.unlisted();
        if let Some(idle) = unlisted.config.as_ref().map(|config| config.idle.max(IDLE)) {
            self.forget_idle(&mut rest, &mut unlisted, idle, usize::MAX);
        }
    }

    /// What all have used today.
    pub(crate) fn used_today(&self) -> DayBook {
        let rest = self.rest();
        let mut book = DayBook { day: today(), tenants: HashMap::new() };
        // Of those that are ending, too.
        let live = self.all();
        let live = live.iter().map(|tenant| &tenant.0).chain(rest.removed.values());
        for account in live {
            let (day, used) = account.used_today();
            if day == book.day && !used.is_nothing() {
                book.tenants.insert(account.name().to_owned(), used);
            }
        }
        let absent = rest.absent.book();
        if absent.day == book.day {
            for (name, used) in &absent.tenants {
                book.tenants.entry(name.clone()).or_insert(*used);
            }
        }
        book
    }

    /// Counts what an earlier process has counted today. A book of a day to come is of a clock that was
    /// wrong: then it was used today.
    pub(crate) fn carry(&self, book: DayBook) {
        let today = today();
        if book.day < today {
            return;
        }
        let mut rest = self.rest();
        for (name, used) in book.tenants {
            match self.get(&name) {
                Some(tenant) => tenant.0.quota.carry(today, &used, &tenant.0.share),
                None => rest.absent.put(&name, today, used),
            }
        }
    }

    /// An account for a tenant that has none among those that are served.
    fn account(&self, rest: &mut Rest, config: &TenantConfig) -> Arc<Account> {
        rest.removed.remove(&config.name).unwrap_or_else(|| {
            let account = Account::new(config, &self.metrics);
            if let Some((day, used)) = rest.absent.take(&config.name) {
                account.quota.carry(day, &used, &account.share);
            }
            account
        })
    }

    fn forget_idle(&self, rest: &mut Rest, unlisted: &mut Unlisted, idle: Duration, most: usize) {
        let now = Instant::now();
        let is_idle = |passing: &Passing| {
            let account = &passing.tenant.0;
            now.saturating_duration_since(passing.called) >= idle
                && Arc::strong_count(account) == 1
                && account.quota.is_settled(&account.share)
        };
        let forgotten: Vec<String> = unlisted
            .tenants
            .iter()
            .filter(|(_, passing)| is_idle(passing))
            .map(|(name, _)| name.clone())
            .take(most)
            .collect();
        for name in forgotten {
            if let Some(passing) = unlisted.tenants.remove(&name) {
                self.forget(rest, &passing.tenant.0);
            }
        }
    }

    fn forget(&self, rest: &mut Rest, account: &Account) {
        let (day, used): (u64, UsedToday) = account.used_today();
        rest.absent.put(account.name(), day, used);
        self.metrics.forget(account.name());
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unlisted(&self) -> MutexGuard<'_, Unlisted> {
        self.unlisted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rest {
    fn remove(&mut self, name: &str, tenant: &Tenant) {
        tenant.0.stop.set(Some(Stopped::Removed));
        self.removed.insert(name.to_owned(), Arc::clone(&tenant.0));
    }
}

impl Unlisted {
    fn find(&mut self, name: &str) -> Option<Tenant> {
        let passing = self.tenants.get_mut(name)?;
        passing.called = Instant::now();
        Some(passing.tenant.clone())
    }
}

impl UnlistedConfig {
    fn named(&self, name: &str) -> TenantConfig {
        TenantConfig { name: name.to_owned(), ..self.granted.clone() }
    }
}

/// Days since the epoch.
fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / DAY
}

impl Service {
    /// From now on these are the tenants, which must have been checked
    /// ([`crate::ServiceConfig::check_tenants`]). One that stays keeps its account: what it has used, its
    /// executions and its place. What waits and runs of one that is gone or disabled is ended. A service that
    /// is open stays so.
    pub fn replace_tenants(&self, tenants: Vec<TenantConfig>, unlisted: Option<UnlistedConfig>) {
        let inner = self.inner();
        if inner.config.is_open() {
            return;
        }
        inner.tenants.replace(tenants, unlisted);
        inner.slots.tenants_changed(inner.tenants.are_several());
    }

    /// The listed tenant of this name.
    pub fn tenant(&self, name: &str) -> Option<Tenant> {
        self.inner().tenants.get(name)
    }

    /// The tenant of a name that somebody vouches for, as an issuer of tokens does: it need not be listed
    /// where others are taken.
    pub fn vouched_for_tenant(&self, name: &str) -> Result<Tenant, NoTenant> {
        self.inner().tenants.vouched_for(name)
    }

    /// The tenant of this name that there is now, listed or not.
    pub fn known_tenant(&self, name: &str) -> Option<Tenant> {
        self.inner().tenants.known(name)
    }

    /// The tenants there are, sorted by name.
    pub fn tenants(&self) -> impl Iterator<Item = Tenant> {
        self.inner().tenants.all().into_iter()
    }

    /// Forgets tenants that are gone or idle. To be done every few seconds.
    pub fn tidy_tenants(&self) {
        self.inner().tenants.tidy();
    }

    /// What all tenants have used today, UTC.
    pub fn used_today(&self) -> DayBook {
        self.inner().tenants.used_today()
    }

    /// Counts what an earlier process has counted today.
    pub fn carry_used(&self, book: DayBook) {
        self.inner().tenants.carry(book);
    }

    /// Forgets what is kept for a tenant that is gone for good, so that another one of its name finds nothing
    /// of it: its functions, and answers to requests that may be sent again.
    pub async fn forget_tenant(&self, name: &str) -> Result<(), crate::Error> {
        self.inner().answers.forget(name);
        self.forget_functions(name).await
    }

    /// Counts an attempt to read the tenants again, and whether they were of use.
    pub fn count_tenants_read(&self, good: bool) {
        self.inner().tenants.metrics().read(good).inc();
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
