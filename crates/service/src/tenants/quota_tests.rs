//! What is left of quotas, how it comes back, and what a change of them leaves.

use super::*;

const NOON: Duration = Duration::from_secs(20_000 * DAY + DAY / 2);
const NO_TIME: Duration = Duration::ZERO;

/// Of an account that began before all days of these tests.
fn fresh(config: QuotaConfig) -> Quota {
    Quota::new_at(config, Instant::now(), Duration::ZERO)
}

fn check(quota: &Quota, fuel: u64, cpu: Duration, now: Instant, unix: Duration) -> Result<(), UsedUp> {
    quota.check_at(Used { fuel, cpu: nanos(cpu), now, unix })
}

#[test]
fn fuel_per_second_is_an_average_and_debts_are_paid() {
    let quota = fresh(QuotaConfig { fuel_per_second: Some(100), ..QuotaConfig::default() });
    let start = Instant::now();
    let check = |fuel, seconds| check(&quota, fuel, NO_TIME, start + Duration::from_secs(seconds), NOON);
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
    let quota = fresh(QuotaConfig { fuel_per_day: Some(1000), ..QuotaConfig::default() });
    let check = |fuel, unix| check(&quota, fuel, NO_TIME, Instant::now(), unix);
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
    let (quota, start) = (fresh(config), Instant::now());
    let check = |cpu, after, unix| check(&quota, 0, cpu, start + after, unix);
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
    let quota = fresh(nothing);
    let day = Duration::from_secs(DAY);
    for fuel in [0, 1 << 31, 1 << 32, u64::MAX] {
        let used_up = check(&quota, fuel, NO_TIME, Instant::now(), NOON).unwrap_err();
        assert_eq!(used_up.retry_after, day, "{fuel}");
    }
    assert_eq!(quota.count_request_at(Instant::now()).unwrap_err().retry_after, day);
    let nothing = QuotaConfig { cpu_per_second: Some(NO_TIME), ..QuotaConfig::default() };
    let used_up = check(&fresh(nothing), 0, Duration::MAX, Instant::now(), NOON).unwrap_err();
    assert_eq!(used_up.retry_after, day);
}

#[test]
fn so_many_requests_a_minute_and_no_debt_for_those_that_are_refused() {
    let quota = fresh(QuotaConfig { requests_per_minute: Some(60), ..QuotaConfig::default() });
    let start = Instant::now();
    let count = |seconds| quota.count_request_at(start + Duration::from_secs(seconds));
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

#[test]
fn what_is_left_stays_when_quotas_change_and_what_is_new_is_all_there() {
    let fuel = |per_second| QuotaConfig { fuel_per_second: Some(per_second), ..QuotaConfig::default() };
    let (quota, start) = (fresh(fuel(100)), Instant::now());
    let used = |fuel, seconds| Used { fuel, cpu: 0, now: start + Duration::from_secs(seconds), unix: NOON };
    let left = |used| quota.usage_at(used).iter().map(|quota| (quota.kind, quota.left)).collect::<Vec<_>>();
    let of_fuel = |left| vec![(QuotaKind::FuelPerSecond, left)];
    // 1,000 at once; a debt of 500 is a debt by the new rate, too.
    assert_eq!(left(used(1500, 0)), of_fuel(0));
    quota.change_at(fuel(1000), used(1500, 0));
    assert!(quota.check_at(used(1500, 0)).is_err());
    assert_eq!(left(used(1500, 1)), of_fuel(500));
    // Less fits into a smaller one.
    assert_eq!(left(used(1500, 100)), of_fuel(10_000));
    quota.change_at(fuel(10), used(1500, 100));
    assert_eq!(left(used(1500, 100)), of_fuel(100));
    // Without one, whatever is used is no debt of the next one.
    quota.change_at(QuotaConfig::default(), used(1500, 100));
    assert_eq!((left(used(1_000_000, 100)), quota.check_at(used(1_000_000, 100))), (Vec::new(), Ok(())));
    quota.change_at(fuel(10), used(1_000_000, 101));
    assert_eq!(left(used(1_000_000, 101)), of_fuel(100));
}

#[test]
fn what_was_used_today_counts_for_a_quota_that_comes_later() {
    let quota = fresh(QuotaConfig::default());
    let used = |fuel| Used { fuel, cpu: 0, now: Instant::now(), unix: NOON };
    assert_eq!(quota.usage_at(used(0)), Vec::new());
    quota.change_at(QuotaConfig { fuel_per_day: Some(1000), ..QuotaConfig::default() }, used(900));
    assert_eq!(quota.check_at(used(900)), Ok(()));
    assert_eq!(quota.usage_at(used(900))[0].left, 100);
    assert!(quota.check_at(used(1000)).is_err());
}

#[test]
fn every_quota_is_told_with_what_is_left_and_when_it_is_back() {
    let second = Duration::from_secs(1);
    let config = QuotaConfig {
        fuel_per_second: Some(100),
        fuel_per_day: Some(5000),
        cpu_per_second: Some(second / 2),
        cpu_per_day: Some(60 * second),
        requests_per_minute: Some(60),
    };
    let (quota, now) = (fresh(config), Instant::now());
    quota.usage_at(Used { fuel: 0, cpu: 0, now, unix: NOON });
    quota.count_request_at(now).unwrap();
    let usage = quota.usage_at(Used { fuel: 400, cpu: nanos(second), now, unix: NOON });
    let told: Vec<_> =
        usage.iter().map(|of| (of.kind, of.limit, of.left, of.window, of.reset_after)).collect();
    let (ten, day) = (10 * second, Duration::from_secs(DAY));
    let expected = vec![
        (QuotaKind::FuelPerSecond, 1000, 600, ten, 4 * second),
        (QuotaKind::CpuPerSecond, 5_000_000_000, 4_000_000_000, ten, 2 * second),
        (QuotaKind::RequestsPerMinute, 60, 59, 60 * second, second),
        (QuotaKind::FuelPerDay, 5000, 4600, day, day / 2),
        (QuotaKind::CpuPerDay, 60_000_000_000, 59_000_000_000, day, day / 2),
    ];
    assert_eq!(told, expected);
}
