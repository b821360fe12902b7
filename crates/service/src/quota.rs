//! What a tenant's executions may use up over time, in fuel.
//!
//! Fuel is counted as it burns, whether or not an execution lives to its end, and looked at before a request is
//! admitted: what runs already goes on, and what it uses beyond the quota is missing afterwards.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A tenant that has been quiet can use so many seconds' fuel at once.
const BURST_SECONDS: f64 = 10.0;

const DAY: u64 = 24 * 60 * 60;

/// Fuel over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuotaConfig {
    /// Units of fuel a second, on average over ten.
    pub fuel_per_second: Option<u64>,
    /// Units of fuel from midnight to midnight, UTC. Counted by this process, from its start.
    pub fuel_per_day: Option<u64>,
}

/// Which quota is used up, and when there is something of it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp {
    pub(crate) quota: &'static str,
    pub(crate) limit: u64,
    pub(crate) retry_after: Duration,
}

#[derive(Debug)]
pub(crate) struct Quota {
    config: QuotaConfig,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Units that can be used at once; below zero after more was used.
    level: f64,
    level_at: Instant,
    /// The tenant's fuel when the level was last looked at.
    level_fuel: u64,
    /// Days since the epoch, and the tenant's fuel when that day began.
    day: u64,
    day_fuel: u64,
}

impl Quota {
    pub(crate) fn new(config: QuotaConfig) -> Quota {
        let level = config.fuel_per_second.unwrap_or(0) as f64 * BURST_SECONDS;
        let state = State { level, level_at: Instant::now(), level_fuel: 0, day: 0, day_fuel: 0 };
        Quota { config, state: Mutex::new(state) }
    }

    /// Whether there is something left, after `fuel` units in all were used by the tenant.
    pub(crate) fn check(&self, fuel: u64) -> Result<(), UsedUp> {
        if self.config == QuotaConfig::default() {
            return Ok(());
        }
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.check_at(fuel, Instant::now(), unix)
    }

    fn check_at(&self, fuel: u64, now: Instant, unix: Duration) -> Result<(), UsedUp> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(limit) = self.config.fuel_per_second {
            let rate = limit as f64;
            let earned = now.saturating_duration_since(state.level_at).as_secs_f64() * rate;
            let burned = (fuel - state.level_fuel) as f64;
            state.level = (state.level + earned).min(rate * BURST_SECONDS) - burned;
            (state.level_at, state.level_fuel) = (now, fuel);
            if state.level <= 0.0 {
                let retry_after = Duration::from_secs_f64((1.0 - state.level) / rate.max(1.0));
                return Err(UsedUp { quota: "fuel per second", limit, retry_after });
            }
        }
        if let Some(limit) = self.config.fuel_per_day {
            // A clock that is set back does not begin a day again.
            if unix.as_secs() / DAY > state.day {
                (state.day, state.day_fuel) = (unix.as_secs() / DAY, fuel);
            }
            if fuel - state.day_fuel >= limit {
                let retry_after = Duration::from_secs((state.day + 1) * DAY).saturating_sub(unix);
                return Err(UsedUp { quota: "fuel per day", limit, retry_after });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Duration = Duration::from_secs(20_000 * DAY + DAY / 2);

    #[test]
    fn fuel_per_second_is_an_average_and_debts_are_paid() {
        let quota = Quota::new(QuotaConfig { fuel_per_second: Some(100), fuel_per_day: None });
        let start = Instant::now();
        let check = |fuel, seconds| quota.check_at(fuel, start + Duration::from_secs(seconds), NOON);
        assert_eq!(check(0, 1), Ok(()));
        assert_eq!(check(999, 1), Ok(()));
        let used_up = check(1500, 1).unwrap_err();
        assert_eq!((used_up.quota, used_up.limit), ("fuel per second", 100));
        assert!(used_up.retry_after > Duration::from_secs(5) && used_up.retry_after < Duration::from_secs(6));
        assert!(check(1500, 5).is_err());
        assert_eq!(check(1500, 7), Ok(()));
    }

    #[test]
    fn fuel_per_day_comes_back_at_midnight_and_not_when_a_clock_is_set_back() {
        let quota = Quota::new(QuotaConfig { fuel_per_second: None, fuel_per_day: Some(1000) });
        let now = Instant::now();
        assert_eq!(quota.check_at(0, now, NOON), Ok(()));
        let used_up = quota.check_at(1000, now, NOON).unwrap_err();
        assert_eq!(
            used_up,
            UsedUp { quota: "fuel per day", limit: 1000, retry_after: Duration::from_secs(DAY / 2) }
        );
        assert!(quota.check_at(1000, now, NOON - Duration::from_secs(3 * DAY)).is_err());
        let tomorrow = NOON + Duration::from_secs(DAY);
        assert_eq!(quota.check_at(1000, now, tomorrow), Ok(()));
        assert!(quota.check_at(2000, now, tomorrow).is_err());
    }
}
