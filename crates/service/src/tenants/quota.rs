//! What a tenant's executions may use up over time: fuel, processor time, and their number.
//!
//! Fuel and processor time are counted as they are used, whether or not an execution lives to its end, and
//! looked at before a request is admitted: what runs already goes on, and what it uses beyond the quota is
//! missing afterwards.
//!
//! What was used today is counted with or without a quota of it, so that it can be told, and kept over a
//! restart (`day.rs`).

use crate::tenants::day::{DAY, Today, UsedToday};
use crate::tenants::usage::{QuotaKind, QuotaUsage};
use ampoule_engine::FairShare;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A tenant that has been quiet can use so many seconds' worth at once.
const BURST_SECONDS: u64 = 10;

/// What may be used over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaConfig {
    /// Units of fuel a second, on average over ten.
    pub fuel_per_second: Option<u64>,
    /// Units of fuel from midnight to midnight, UTC.
    pub fuel_per_day: Option<u64>,
    /// Processor time a second, on average over ten: half a second is half of a processor.
    pub cpu_per_second: Option<Duration>,
    /// Processor time from midnight to midnight, UTC, counted as fuel is.
    pub cpu_per_day: Option<Duration>,
    /// Executions in any minute, and answers to repeated requests. One that is refused for this is not
    /// counted.
    pub requests_per_minute: Option<u64>,
}

/// Which quota is used up, and when there is something of it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp {
    pub(crate) quota: &'static str,
    pub(crate) limit: String,
    pub(crate) retry_after: Duration,
}

#[derive(Debug)]
pub(crate) struct Quota {
    /// Whether there is any: most tenants have none, and their requests need not know more.
    limited: AtomicBool,
    /// Requests that were counted, in all.
    requests: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    config: QuotaConfig,
    fuel: Rate,
    cpu: Rate,
    requests: Rate,
    today: Today,
}

/// What was used in all, at one moment.
#[derive(Clone, Copy, Debug)]
struct Used {
    fuel: u64,
    cpu: u64,
    now: Instant,
    unix: Duration,
}

impl Used {
    fn now(share: &FairShare) -> Used {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Used { fuel: share.fuel(), cpu: nanos(share.cpu_time()), now: Instant::now(), unix }
    }
}

impl Quota {
    pub(crate) fn new(config: QuotaConfig) -> Quota {
        Quota::new_at(
            config,
            Instant::now(),
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        )
    }

    fn new_at(config: QuotaConfig, now: Instant, unix: Duration) -> Quota {
        let mut today = Today::default();
        // The day begins with the account, or what is used before somebody looks would be of no day.
        today.used(0, 0, 0, unix);
        let state = State {
            config: QuotaConfig::default(),
            fuel: Rate::unlimited(now),
            cpu: Rate::unlimited(now),
            requests: Rate::unlimited(now),
            today,
        };
        let (limited, requests) = (AtomicBool::new(false), AtomicU64::new(0));
        let quota = Quota { limited, requests, state: Mutex::new(state) };
        quota.change_at(config, Used { fuel: 0, cpu: 0, now, unix });
        quota
    }

    /// Has other quotas from now on. What is left of one that stays is left, as far as it fits; a new one is
    /// all there.
    pub(crate) fn change(&self, config: QuotaConfig, share: &FairShare) {
        self.change_at(config, Used::now(share));
    }

    fn change_at(&self, config: QuotaConfig, used: Used) {
        let mut state = self.state();
        let State { fuel, cpu, requests, .. } = &mut *state;
        fuel.change(config.fuel_per_second.map(Amount::per_second), used.fuel, used.now);
        cpu.change(config.cpu_per_second.map(|cpu| Amount::per_second(nanos(cpu))), used.cpu, used.now);
        let counted = requests.used;
        requests.change(config.requests_per_minute.map(Amount::per_minute), counted, used.now);
        state.config = config;
        self.limited.store(config != QuotaConfig::default(), Relaxed);
    }

    /// Whether there is something left of what the tenant may use.
    pub(crate) fn check(&self, share: &FairShare) -> Result<(), UsedUp> {
        if !self.limited.load(Relaxed) {
            return Ok(());
        }
        self.check_at(Used::now(share))
    }

    /// Counts a request, if one more may come.
    pub(crate) fn count_request(&self) -> Result<(), UsedUp> {
        if self.limited.load(Relaxed) {
            self.count_request_at(Instant::now())?;
        }
        self.requests.fetch_add(1, Relaxed);
        Ok(())
    }

    fn count_request_at(&self, now: Instant) -> Result<(), UsedUp> {
        let mut state = self.state();
        let Some(limit) = state.config.requests_per_minute else { return Ok(()) };
        let counted = state.requests.used + 1;
        let left = state.requests.left_after(counted, now);
        if left < 0.0 {
            state.requests.give_back(1);
            let retry_after = state.requests.until(0.0, left);
            return Err(UsedUp { quota: "requests per minute", limit: limit.to_string(), retry_after });
        }
        Ok(())
    }

    fn check_at(&self, used: Used) -> Result<(), UsedUp> {
        let mut state = self.state();
        let State { config, fuel: fuel_rate, cpu: cpu_rate, today, .. } = &mut *state;
        let (units, time) = (|limit: u64| limit.to_string(), |limit: Duration| format!("{limit:?}"));
        if let Some(limit) = config.fuel_per_second {
            let left = fuel_rate.left_after(used.fuel, used.now);
            if left <= 0.0 {
                let retry_after = fuel_rate.until(1.0, left);
                return Err(UsedUp { quota: "fuel per second", limit: units(limit), retry_after });
            }
        }
        if let Some(limit) = config.cpu_per_second {
            let left = cpu_rate.left_after(used.cpu, used.now);
            if left <= 0.0 {
                let retry_after = cpu_rate.until(1.0, left);
                return Err(UsedUp { quota: "processor time per second", limit: time(limit), retry_after });
            }
        }
        if config.fuel_per_day.is_none() && config.cpu_per_day.is_none() {
            return Ok(());
        }
        let used_today = today.used(used.fuel, used.cpu, self.requests.load(Relaxed), used.unix);
        let retry_after = today.until_tomorrow(used.unix);
        if let Some(limit) = config.fuel_per_day
            && used_today.fuel >= limit
        {
            return Err(UsedUp { quota: "fuel per day", limit: units(limit), retry_after });
        }
        if let Some(limit) = config.cpu_per_day
            && used_today.cpu >= limit
        {
            return Err(UsedUp { quota: "processor time per day", limit: time(limit), retry_after });
        }
        Ok(())
    }

    /// What was used today, and which day that is, in days since the epoch.
    pub(crate) fn used_today(&self, share: &FairShare) -> (u64, UsedToday) {
        let (used, requests) = (Used::now(share), self.requests.load(Relaxed));
        let mut state = self.state();
        let used_today = state.today.used(used.fuel, used.cpu, requests, used.unix);
        (state.today.day(), used_today)
    }

    /// Counts what was used today before this account began.
    pub(crate) fn carry(&self, day: u64, used: &UsedToday, share: &FairShare) {
        // So that the day has begun.
        self.used_today(share);
        let mut state = self.state();
        if state.today.day() == day {
            state.today.carry(used);
        }
    }

    /// Whether what comes back with time has come back: then nothing is lost when the account is forgotten.
    pub(crate) fn is_settled(&self, share: &FairShare) -> bool {
        let used = Used::now(share);
        let mut state = self.state();
        let State { fuel, cpu, requests, .. } = &mut *state;
        let counted = requests.used;
        fuel.is_full(used.fuel, used.now)
            && cpu.is_full(used.cpu, used.now)
            && requests.is_full(counted, used.now)
    }

    /// Each quota that there is, and what is left of it.
    pub(crate) fn usage(&self, share: &FairShare) -> Vec<QuotaUsage> {
        if !self.limited.load(Relaxed) {
            return Vec::new();
        }
        self.usage_at(Used::now(share))
    }

    fn usage_at(&self, used: Used) -> Vec<QuotaUsage> {
        let mut state = self.state();
        let State { config, fuel, cpu, requests, today } = &mut *state;
        let counted = requests.used;
        let mut quotas = Vec::new();
        let mut of_rate = |kind, rate: &mut Rate, total: u64| {
            let left = rate.left_after(total, used.now);
            let (limit, window) = (rate.burst as u64, rate.window());
            let reset_after = if left < rate.burst { rate.until(rate.burst, left) } else { Duration::ZERO };
            // Not more than there is, whatever is lost in a float.
            quotas.push(QuotaUsage { kind, limit, left: (left as u64).min(limit), window, reset_after });
        };
        if config.fuel_per_second.is_some() {
            of_rate(QuotaKind::FuelPerSecond, fuel, used.fuel);
        }
        if config.cpu_per_second.is_some() {
            of_rate(QuotaKind::CpuPerSecond, cpu, used.cpu);
        }
        if config.requests_per_minute.is_some() {
            of_rate(QuotaKind::RequestsPerMinute, requests, counted);
        }
        let used_today = today.used(used.fuel, used.cpu, self.requests.load(Relaxed), used.unix);
        let of_day = |kind, limit: u64, used_up: u64| {
            let (left, window) = (limit.saturating_sub(used_up), Duration::from_secs(DAY));
            QuotaUsage { kind, limit, left, window, reset_after: today.until_tomorrow(used.unix) }
        };
        if let Some(limit) = config.fuel_per_day {
            quotas.push(of_day(QuotaKind::FuelPerDay, limit, used_today.fuel));
        }
        if let Some(limit) = config.cpu_per_day {
            quotas.push(of_day(QuotaKind::CpuPerDay, nanos(limit), nanos(used_today.cpu)));
        }
        quotas
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much comes back in a second, and the most there is.
#[derive(Clone, Copy, Debug)]
struct Amount {
    per_second: f64,
    burst: f64,
}

impl Amount {
    fn per_second(amount: u64) -> Amount {
        Amount { per_second: amount as f64, burst: amount as f64 * BURST_SECONDS as f64 }
    }

    fn per_minute(amount: u64) -> Amount {
        Amount { per_second: amount as f64 / 60.0, burst: amount as f64 }
    }
}

/// An amount that comes back with time.
#[derive(Debug)]
struct Rate {
    per_second: f64,
    /// The most there is.
    burst: f64,
    /// What can be used at once; below zero after more was used.
    level: f64,
    at: Instant,
    /// What had been used in all when the level was last looked at.
    used: u64,
    limited: bool,
}

impl Rate {
    fn unlimited(now: Instant) -> Rate {
        Rate { per_second: 0.0, burst: 0.0, level: 0.0, at: now, used: 0, limited: false }
    }

    /// From now on it is this much, or without a bound.
    fn change(&mut self, amount: Option<Amount>, used: u64, now: Instant) {
        let Some(Amount { per_second, burst }) = amount else {
            *self = Rate { used, ..Rate::unlimited(now) };
            return;
        };
        let level = if self.limited { self.left_after(used, now).min(burst) } else { burst };
        *self = Rate { per_second, burst, level, at: now, used, limited: true };
    }

    /// What is left when so much has been used in all.
    fn left_after(&mut self, used: u64, now: Instant) -> f64 {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.level = (self.level + earned).min(self.burst) - used.saturating_sub(self.used) as f64;
        (self.at, self.used) = (now, used);
        self.level
    }

    fn is_full(&mut self, used: u64, now: Instant) -> bool {
        !self.limited || self.left_after(used, now) >= self.burst
    }

    fn give_back(&mut self, amount: u64) {
        self.level += amount as f64;
        self.used -= amount;
    }

    /// The time in which as much comes back as there is at most.
    fn window(&self) -> Duration {
        Duration::try_from_secs_f64(self.burst / self.per_second)
            .unwrap_or(Duration::from_secs(BURST_SECONDS))
    }

    /// Until there is so much, if there is `left` now. A rate of nothing never gives it: a day is said then.
    fn until(&self, wanted: f64, left: f64) -> Duration {
        let seconds = (wanted - left).max(0.0) / self.per_second.max(f64::MIN_POSITIVE);
        let until = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        until.clamp(Duration::from_millis(1), Duration::from_secs(DAY))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
