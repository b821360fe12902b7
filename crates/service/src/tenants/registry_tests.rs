//! Tenants that come, change and go: what stays of them, and what is forgotten.

use super::*;
use crate::config::ServiceConfig;
use crate::tenants::quota::QuotaConfig;
use std::sync::atomic::Ordering::Relaxed;

fn config(name: &str) -> TenantConfig {
    ServiceConfig::default().tenant(name)
}

fn limited(name: &str) -> TenantConfig {
    let quota = QuotaConfig { requests_per_minute: Some(2), ..QuotaConfig::default() };
    TenantConfig { quota, ..config(name) }
}

fn unlisted(most: usize) -> Option<UnlistedConfig> {
    Some(UnlistedConfig { granted: limited(""), most, idle: IDLE })
}

#[test]
fn a_tenant_that_stays_keeps_its_account_and_has_its_new_grants() {
    let tenants = Tenants::new(vec![limited("a"), config("b")], None);
    let (before, untouched) = (tenants.get("a").unwrap(), tenants.get("b").unwrap());
    before.0.quota.count_request().unwrap();
    before.0.quota.count_request().unwrap();
    let changed = TenantConfig { weight: 7, slots: 3, ..limited("a") };
    tenants.replace(vec![changed, config("b"), config("c")], None);
    let after = tenants.get("a").unwrap();
    assert!(after.is(&before));
    assert_eq!((before.config().weight, after.config().weight, after.0.share.weight()), (1, 7, 7));
    assert_eq!(before.0.most_slots.load(Relaxed), 3, "also for what waits already");
    assert!(after.0.quota.count_request().is_err(), "what was used is used");
    assert!(std::ptr::eq(untouched.config(), tenants.get("b").unwrap().config()));
    let names: Vec<_> = tenants.all().iter().map(|tenant| tenant.name().to_owned()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn a_tenant_that_is_gone_is_stopped_and_forgotten_when_nothing_holds_it() {
    let tenants = Tenants::new(vec![config("a"), config("b")], None);
    let gone = tenants.get("a").unwrap();
    gone.0.quota.count_request().unwrap();
    gone.0.meters.refused("unavailable");
    tenants.replace(vec![config("b")], None);
    assert_eq!((tenants.get("a").is_none(), gone.is_stopped()), (true, Some(Stopped::Removed)));
    tenants.tidy();
    assert_eq!(tenants.rest().removed.len(), 1, "something of it may still run");
    // It comes again while it ends.
    tenants.replace(vec![config("a")], None);
    let again = tenants.get("a").unwrap();
    assert!(again.is(&gone) && again.is_stopped().is_none());
    tenants.replace(vec![], None);
    drop((gone, again));
    tenants.tidy();
    assert!(tenants.rest().removed.is_empty());
    let mut registry = prometheus_client::registry::Registry::default();
    tenants.metrics().register(&mut registry);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    assert!(!text.contains("tenant=\"a\""), "{text}");
    // What it has used today is not forgotten with it.
    assert_eq!(tenants.used_today().tenants["a"].requests, 1);
    tenants.replace(vec![config("a")], None);
    assert_eq!(tenants.get("a").unwrap().used_today().1.requests, 1);
    assert!(tenants.rest().absent.book().tenants.is_empty());
}

#[test]
fn a_disabled_tenant_is_stopped_until_it_is_enabled() {
    let tenants = Tenants::new(vec![TenantConfig { disabled: true, ..config("a") }], None);
    assert_eq!(tenants.get("a").unwrap().is_stopped(), Some(Stopped::Disabled));
    tenants.replace(vec![config("a")], None);
    assert_eq!(tenants.get("a").unwrap().is_stopped(), None);
}

#[test]
fn tenants_that_are_not_listed_are_bounded_and_none_that_has_something_to_lose_is_forgotten() {
    let tenants = Tenants::new(vec![config("listed")], unlisted(2));
    let one = tenants.vouched_for("one").unwrap();
    assert_eq!(one.config(), &limited("one"));
    assert!(tenants.vouched_for("one").unwrap().is(&one));
    assert_eq!(tenants.vouched_for("listed").unwrap().config(), &config("listed"));
    assert_eq!(tenants.vouched_for("no name").unwrap_err(), NoTenant::Unknown);
    let two = tenants.vouched_for("two").unwrap();
    two.0.quota.count_request().unwrap();
    drop(two);
    assert_eq!(tenants.vouched_for("three").unwrap_err(), NoTenant::TooMany);
    // One is held, two has used of its quota: neither goes, however long they are idle.
    let long_ago = Instant::now().checked_sub(10 * IDLE).unwrap();
    let idle = |name: &str| tenants.unlisted().tenants.get_mut(name).unwrap().called = long_ago;
    idle("one");
    idle("two");
    assert_eq!(tenants.vouched_for("three").unwrap_err(), NoTenant::TooMany);
    tenants.tidy();
    assert_eq!(tenants.unlisted().tenants.len(), 2);
    drop(one);
    let three = tenants.vouched_for("three").unwrap();
    assert!(!tenants.unlisted().tenants.contains_key("one"));
    drop(three);
    idle("three");
    tenants.tidy();
    assert_eq!(tenants.unlisted().tenants.keys().collect::<Vec<_>>(), ["two"]);
    assert_eq!(tenants.used_today().tenants["two"].requests, 1);
}

#[test]
fn a_token_tenant_that_becomes_listed_keeps_its_account_and_the_default_changes_for_all() {
    let tenants = Tenants::new(vec![], unlisted(10));
    let (one, two) = (tenants.vouched_for("one").unwrap(), tenants.vouched_for("two").unwrap());
    let changed = UnlistedConfig { granted: config(""), ..unlisted(10).unwrap() };
    tenants.replace(vec![TenantConfig { weight: 9, ..config("one") }], Some(changed));
    assert!(tenants.get("one").unwrap().is(&one));
    assert_eq!(tenants.get("one").unwrap().config().weight, 9);
    assert_eq!(tenants.vouched_for("two").unwrap().config(), &config("two"));
    assert!(tenants.vouched_for("two").unwrap().is(&two));
    // Where they are not taken any more they are gone.
    tenants.replace(vec![], None);
    assert_eq!(two.is_stopped(), Some(Stopped::Removed));
    assert_eq!(tenants.vouched_for("two").unwrap_err(), NoTenant::Unknown);
}

#[test]
fn what_an_earlier_process_has_counted_today_counts_and_what_it_has_of_yesterday_does_not() {
    let used = UsedToday { fuel: 5, requests: 3, ..UsedToday::default() };
    let book = |day| DayBook { day, tenants: HashMap::from([("a".into(), used), ("later".into(), used)]) };
    for (day, counts) in [(today() - 1, false), (today(), true), (today() + 400, true)] {
        let tenants = Tenants::new(vec![config("a")], None);
        tenants.carry(book(day));
        tenants.replace(vec![config("a"), config("later")], None);
        let expected = if counts { used } else { UsedToday::default() };
        for name in ["a", "later"] {
            assert_eq!(tenants.get(name).unwrap().used_today().1, expected, "{name}, {day}");
        }
    }
}
