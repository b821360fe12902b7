//! What was used today, UTC: of a live account, and of tenants that have none at the moment.

use std::collections::HashMap;
use std::time::Duration;

/// Seconds.
pub(crate) const DAY: u64 = 24 * 60 * 60;

/// Tenants without an account of which is known what they used today: those that were removed or forgotten,
/// and those of an earlier process that did not come again. Some 150 bytes each.
const MOST_ABSENT: usize = 20_000;

/// What a tenant has used since midnight, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsedToday {
    /// Units of fuel.
    pub fuel: u64,
    /// Processor time.
    pub cpu: Duration,
    /// Requests that were counted.
    pub requests: u64,
}

/// What all tenants have used on one day, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayBook {
    /// Days since the epoch.
    pub day: u64,
    /// Tenants that used something.
    pub tenants: HashMap<String, UsedToday>,
}

impl UsedToday {
    /// Whether it is nothing.
    pub fn is_nothing(&self) -> bool {
        *self == UsedToday::default()
    }

    /// Of each the larger: what is known by two who counted the same from the same beginning.
    pub fn max(&self, other: &UsedToday) -> UsedToday {
        UsedToday {
            fuel: self.fuel.max(other.fuel),
            cpu: self.cpu.max(other.cpu),
            requests: self.requests.max(other.requests),
        }
    }
}

/// Of an account: what was used today.
#[derive(Debug, Default)]
pub(crate) struct Today {
    day: u64,
    fuel: Counted,
    cpu: Counted,
    requests: Counted,
}

/// An amount that is known as a total.
#[derive(Debug, Default)]
struct Counted {
    /// The total when the day began, or the account.
    from: u64,
    /// What was used today before the account began.
    carried: u64,
}

impl Counted {
    fn begin(&mut self, total: u64) {
        (self.from, self.carried) = (total, 0);
    }

    fn today(&self, total: u64) -> u64 {
        total.saturating_sub(self.from).saturating_add(self.carried)
    }
}

impl Today {
    /// Days since the epoch.
    pub(crate) fn day(&self) -> u64 {
        self.day
    }

    /// What was used today when so much has been used in all; processor time in nanoseconds.
    pub(crate) fn used(&mut self, fuel: u64, cpu: u64, requests: u64, unix: Duration) -> UsedToday {
        // A clock that is set back does not begin a day again.
        if unix.as_secs() / DAY > self.day {
            self.day = unix.as_secs() / DAY;
            self.fuel.begin(fuel);
            self.cpu.begin(cpu);
            self.requests.begin(requests);
        }
        UsedToday {
            fuel: self.fuel.today(fuel),
            cpu: Duration::from_nanos(self.cpu.today(cpu)),
            requests: self.requests.today(requests),
        }
    }

    pub(crate) fn carry(&mut self, used: &UsedToday) {
        self.fuel.carried = self.fuel.carried.saturating_add(used.fuel);
        self.cpu.carried = self.cpu.carried.saturating_add(used.cpu.as_nanos() as u64);
        self.requests.carried = self.requests.carried.saturating_add(used.requests);
    }

    pub(crate) fn until_tomorrow(&self, unix: Duration) -> Duration {
        Duration::from_secs((self.day + 1) * DAY).saturating_sub(unix)
    }
}

/// Of tenants that have no account: what they used today.
#[derive(Debug, Default)]
pub(crate) struct Absent(DayBook);

impl Absent {
    pub(crate) fn put(&mut self, name: &str, day: u64, used: UsedToday) {
        if day > self.0.day {
            self.0 = DayBook { day, tenants: HashMap::new() };
        }
        // Where there are too many, one that used something is not counted any longer: a mistake in its
        // favour, and bounded.
        let is_known = self.0.tenants.contains_key(name);
        if day == self.0.day && !used.is_nothing() && (is_known || self.0.tenants.len() < MOST_ABSENT) {
            self.0.tenants.insert(name.to_owned(), used);
        }
    }

    /// What a tenant that comes again has used, and on which day.
    pub(crate) fn take(&mut self, name: &str) -> Option<(u64, UsedToday)> {
        Some((self.0.day, self.0.tenants.remove(name)?))
    }

    pub(crate) fn book(&self) -> &DayBook {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_are_not_there_are_bounded_and_forgotten_the_next_day() {
        let mut absent = Absent::default();
        let used = UsedToday { fuel: 1, ..UsedToday::default() };
        for number in 0..MOST_ABSENT + 10 {
            absent.put(&number.to_string(), 7, used);
        }
        assert_eq!(absent.book().tenants.len(), MOST_ABSENT);
        // Those of before can still be told anew.
        absent.put("0", 7, UsedToday { fuel: 9, ..used });
        assert_eq!(absent.take("0"), Some((7, UsedToday { fuel: 9, ..used })));
        absent.put("late", 6, used);
        absent.put("idle", 7, UsedToday::default());
        assert_eq!((absent.take("late"), absent.take("idle")), (None, None));
        absent.put("next", 8, used);
        assert_eq!((absent.book().day, absent.book().tenants.len()), (8, 1));
    }

    #[test]
    fn what_was_used_before_the_account_began_counts_until_midnight() {
        let mut today = Today::default();
        let noon = Duration::from_secs(20_000 * DAY + DAY / 2);
        assert_eq!(today.used(100, 0, 3, noon), UsedToday::default());
        today.carry(&UsedToday { fuel: 5, cpu: Duration::from_nanos(6), requests: 7 });
        let expected = UsedToday { fuel: 15, cpu: Duration::from_nanos(8), requests: 8 };
        assert_eq!(today.used(110, 2, 4, noon), expected);
        assert_eq!(today.used(111, 2, 4, noon + Duration::from_secs(DAY)), UsedToday::default());
        assert_eq!(today.used(112, 2, 4, noon + Duration::from_secs(DAY)).fuel, 1);
    }
}
