//! What a tenant's executions may use up over time: fuel, processor time, and their number.
//!
//! Fuel and processor time are counted as they are used, whether or not an execution lives to its end, and looked at before a request
//! is admitted: what runs already goes on, and what it uses beyond the quota is missing afterwards.

use ampoule_engine::Share;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A tenant that has been quiet can use so many seconds' worth at once.
const BURST_SECONDS: f64 = 10.0;

const DAY: u64 = 24 * 60 * 60;

/// What may be used over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaConfig {
    /// Units of fuel a second, on average over ten.
    pub fuel_per_second: Option<u64>,
    /// Units of fuel from midnight to midnight, UTC. Counted by this process, from its start.
    pub fuel_per_day: Option<u64>,
    /// Processor time a second, on average over ten: half a second is half of a processor.
    pub cpu_per_second: Option<Duration>,
    /// Processor time from midnight to midnight, UTC, counted as fuel is.
    pub cpu_per_day: Option<Duration>,
    /// Executions in any minute, and answers to repeated requests. One that is refused for this is not counted.
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
    config: QuotaConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    fuel: Rate,
    cpu: Rate,
    requests: Rate,
    fuel_of_day: OfDay,
    cpu_of_day: OfDay,
}

impl Quota {
    pub(crate) fn new(config: QuotaConfig) -> Quota {
        let now = Instant::now();
        let rate = |per_second: f64, burst: f64| Rate { per_second, burst, level: burst, at: now, used: 0 };
        let per_second = |amount: f64| rate(amount, amount * BURST_SECONDS);
        let per_minute = config.requests_per_minute.unwrap_or(0) as f64;
        let state = State {
            fuel: per_second(config.fuel_per_second.unwrap_or(0) as f64),
            cpu: per_second(nanos(config.cpu_per_second.unwrap_or_default()) as f64),
            requests: rate(per_minute / 60.0, per_minute),
            fuel_of_day: OfDay::default(),
            cpu_of_day: OfDay::default(),
        };
        Quota { config, state: Mutex::new(state) }
    }

    /// Whether there is something left of what the tenant may use.
    pub(crate) fn check(&self, share: &Share) -> Result<(), UsedUp> {
        if self.config == QuotaConfig::default() {
            return Ok(());
        }
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.check_at(share.fuel(), share.cpu_time(), Instant::now(), unix)
    }

    /// Counts a request, if one more may come.
    pub(crate) fn count_request(&self) -> Result<(), UsedUp> {
        match self.config.requests_per_minute {
            None => Ok(()),
            Some(limit) => self.count_request_at(limit, Instant::now()),
        }
    }

    fn count_request_at(&self, limit: u64, now: Instant) -> Result<(), UsedUp> {
        let mut state = self.state();
        let counted = state.requests.used + 1;
        let left = state.requests.left_after(counted, now);
        if left < 0.0 {
            state.requests.give_back(1);
            let retry_after = state.requests.until(0.0, left);
            return Err(UsedUp { quota: "requests per minute", limit: limit.to_string(), retry_after });
        }
        Ok(())
    }

    fn check_at(&self, fuel: u64, cpu: Duration, now: Instant, unix: Duration) -> Result<(), UsedUp> {
        let mut state = self.state();
        let State { fuel: fuel_rate, cpu: cpu_rate, fuel_of_day, cpu_of_day, .. } = &mut *state;
        let (units, time) = (|limit: u64| limit.to_string(), |limit: Duration| format!("{limit:?}"));
        if let Some(limit) = self.config.fuel_per_second {
            let left = fuel_rate.left_after(fuel, now);
            if left <= 0.0 {
                let retry_after = fuel_rate.until(1.0, left);
                return Err(UsedUp { quota: "fuel per second", limit: units(limit), retry_after });
            }
        }
        if let Some(limit) = self.config.cpu_per_second {
            let left = cpu_rate.left_after(nanos(cpu), now);
            if left <= 0.0 {
                let retry_after = cpu_rate.until(1.0, left);
                return Err(UsedUp { quota: "processor time per second", limit: time(limit), retry_after });
            }
        }
        if let Some(limit) = self.config.fuel_per_day
            && fuel_of_day.after(fuel, unix) >= limit
        {
            let retry_after = fuel_of_day.until_tomorrow(unix);
            return Err(UsedUp { quota: "fuel per day", limit: units(limit), retry_after });
        }
        if let Some(limit) = self.config.cpu_per_day
            && cpu_of_day.after(nanos(cpu), unix) >= nanos(limit)
        {
            let retry_after = cpu_of_day.until_tomorrow(unix);
            return Err(UsedUp { quota: "processor time per day", limit: time(limit), retry_after });
        }
        Ok(())
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
}

impl Rate {
    /// What is left when so much has been used in all.
    fn left_after(&mut self, used: u64, now: Instant) -> f64 {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.level = (self.level + earned).min(self.burst) - used.saturating_sub(self.used) as f64;
        (self.at, self.used) = (now, used);
        self.level
    }

    fn give_back(&mut self, amount: u64) {
        self.level += amount as f64;
        self.used -= amount;
    }

    /// Until there is so much, if there is `left` now. A rate of nothing never gives it: a day is said then.
    fn until(&self, wanted: f64, left: f64) -> Duration {
        let seconds = (wanted - left).max(0.0) / self.per_second.max(f64::MIN_POSITIVE);
        let until = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        until.clamp(Duration::from_millis(1), Duration::from_secs(DAY))
    }
}

/// An amount for each day.
#[derive(Debug, Default)]
struct OfDay {
    /// Days since the epoch, and what had been used in all when that day began.
    day: u64,
    used: u64,
}

impl OfDay {
    /// What was used today when so much has been used in all.
    fn after(&mut self, used: u64, unix: Duration) -> u64 {
        // A clock that is set back does not begin a day again.
        if unix.as_secs() / DAY > self.day {
            (self.day, self.used) = (unix.as_secs() / DAY, used);
        }
        used - self.used
    }

    fn until_tomorrow(&self, unix: Duration) -> Duration {
        Duration::from_secs((self.day + 1) * DAY).saturating_sub(unix)
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Duration = Duration::from_secs(20_000 * DAY + DAY / 2);
    const NO_TIME: Duration = Duration::ZERO;

    #[test]
    fn fuel_per_second_is_an_average_and_debts_are_paid() {
        let quota = Quota::new(QuotaConfig { fuel_per_second: Some(100), ..QuotaConfig::default() });
        let start = Instant::now();
        let check = |fuel, seconds| quota.check_at(fuel, NO_TIME, start + Duration::from_secs(seconds), NOON);
        assert_eq!(check(0, 1), Ok(()));
        assert_eq!(check(999, 1), Ok(()));
        let used_up = check(1500, 1).unwrap_err();
        assert_eq!((used_up.quota, &*used_up.limit), ("fuel per second", "100"));
        assert!(used_up.retry_after > Duration::from_secs(5) && used_up.retry_after < Duration::from_secs(6));
        assert!(check(1500, 5).is_err());
        assert_eq!(check(1500, 7), Ok(()));
    }

    #[test]
    fn fuel_per_day_comes_back_at_midnight_and_not_when_a_clock_is_set_back() {
        let quota = Quota::new(QuotaConfig { fuel_per_day: Some(1000), ..QuotaConfig::default() });
        let check = |fuel, unix| quota.check_at(fuel, NO_TIME, Instant::now(), unix);
        assert_eq!(check(0, NOON), Ok(()));
        let used_up = check(1000, NOON).unwrap_err();
        let retry_after = Duration::from_secs(DAY / 2);
        assert_eq!(used_up, UsedUp { quota: "fuel per day", limit: "1000".into(), retry_after });
        assert!(check(1000, NOON - Duration::from_secs(3 * DAY)).is_err());
        let tomorrow = NOON + Duration::from_secs(DAY);
        assert_eq!(check(1000, tomorrow), Ok(()));
        assert!(check(2000, tomorrow).is_err());
    }

    #[test]
    fn processor_time_is_counted_as_fuel_is() {
        let second = Duration::from_secs(1);
        let config = QuotaConfig {
            cpu_per_second: Some(second / 2),
            cpu_per_day: Some(8 * second),
            ..QuotaConfig::default()
        };
        let (quota, start) = (Quota::new(config), Instant::now());
        let check = |cpu, after, unix| quota.check_at(0, cpu, start + after, unix);
        assert_eq!(check(NO_TIME, NO_TIME, NOON), Ok(()));
        assert_eq!(check(4 * second, NO_TIME, NOON), Ok(()));
        let used_up = check(7 * second, second, NOON).unwrap_err();
        assert_eq!((used_up.quota, &*used_up.limit), ("processor time per second", "500ms"));
        assert_eq!(check(7 * second, 10 * second, NOON), Ok(()));
        let used_up = check(9 * second, 20 * second, NOON).unwrap_err();
        assert_eq!((used_up.quota, &*used_up.limit), ("processor time per day", "8s"));
        assert_eq!(check(9 * second, 20 * second, NOON + Duration::from_secs(DAY)), Ok(()));
    }

    #[test]
    fn a_quota_of_nothing_is_refused_for_a_day_whatever_was_used() {
        let nothing =
            QuotaConfig { fuel_per_second: Some(0), requests_per_minute: Some(0), ..QuotaConfig::default() };
        let quota = Quota::new(nothing);
        let day = Duration::from_secs(DAY);
        for fuel in [0, 1 << 31, 1 << 32, u64::MAX] {
            let used_up = quota.check_at(fuel, NO_TIME, Instant::now(), NOON).unwrap_err();
            assert_eq!(used_up.retry_after, day, "{fuel}");
        }
        assert_eq!(quota.count_request_at(0, Instant::now()).unwrap_err().retry_after, day);
        let nothing = QuotaConfig { cpu_per_second: Some(NO_TIME), ..QuotaConfig::default() };
        let used_up = Quota::new(nothing).check_at(0, Duration::MAX, Instant::now(), NOON).unwrap_err();
        assert_eq!(used_up.retry_after, day);
    }

    #[test]
    fn so_many_requests_a_minute_and_no_debt_for_those_that_are_refused() {
        let quota = Quota::new(QuotaConfig { requests_per_minute: Some(60), ..QuotaConfig::default() });
        let start = Instant::now();
        let count = |seconds| quota.count_request_at(60, start + Duration::from_secs(seconds));
        assert_eq!((0..60).map(|_| count(0)).collect::<Result<Vec<_>, _>>().map(|all| all.len()), Ok(60));
        for _ in 0..1000 {
            let used_up = count(0).unwrap_err();
            assert_eq!((used_up.quota, &*used_up.limit), ("requests per minute", "60"));
            assert!(used_up.retry_after <= Duration::from_millis(1001), "{:?}", used_up.retry_after);
        }
        assert_eq!(count(2), Ok(()));
        assert_eq!(count(2), Ok(()));
        assert!(count(2).is_err());
    }
}
