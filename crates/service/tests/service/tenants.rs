//! Tenants that change while they are served: what becomes of what runs and waits.

use crate::support::{request, service};
use ampoule_model::{Outcome, Request};
use ampoule_service::{Call, Error, Service, Stopped, TenantConfig};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

async fn until(what: &str, reached: impl Fn() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn call(service: &Service, name: &str) -> Call {
    Call::new(service.tenant(name).unwrap())
}

/// Asks in a task of its own.
fn asking(service: &Service, name: &str, request: Request) -> JoinHandle<Result<Outcome, Error>> {
    let (service, call) = (service.clone(), call(service, name));
    tokio::spawn(async move { service.execute_as(&call, request).await.map(|execution| execution.outcome) })
}

/// The grants of a tenant, changed.
fn changed(service: &Service, name: &str, change: impl FnOnce(&mut TenantConfig)) -> TenantConfig {
    let mut config = service.tenant(name).unwrap().config().clone();
    change(&mut config);
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_and_waits_of_a_tenant_that_is_removed_or_disabled_is_ended_and_of_others_goes_on() {
    for why in [Stopped::Removed, Stopped::Disabled] {
        let service = service(|config| {
            config.tenants = vec![config.tenant("a"), config.tenant("b")];
            config.tenants[0].slots = 1;
        });
        let running = asking(&service, "a", request("s", "{}"));
        until("it runs", || service.running() == 1).await;
        let waiting = asking(&service, "a", request("e", "{}"));
        until("it waits", || service.waiting() == 1).await;
        let of_another = asking(&service, "b", request("s", "{}"));
        until("both run", || service.running() == 2).await;
        let held = call(&service, "a");
        let b = changed(&service, "b", |_| {});
        let disabled = changed(&service, "a", |a| a.disabled = true);
        let tenants = if why == Stopped::Disabled { vec![disabled, b] } else { vec![b] };
        service.replace_tenants(tenants, None);
        for ended in [running, waiting] {
            let refused = ended.await.unwrap().unwrap_err();
            assert!(matches!(refused, Error::Stopped(said) if said == why), "{refused}");
        }
        assert_eq!((service.running(), service.waiting()), (1, 0), "of the other one");
        // Who was let in just before begins nothing more.
        let refused = service.execute_as(&held, request("e", "{}")).await.unwrap_err();
        assert_eq!(refused.name(), "permission_denied");
        of_another.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_by_what_was_granted_when_it_came_and_the_next_one_by_what_is_granted_now() {
    let service = service(|config| config.tenants = vec![config.tenant("a"), config.tenant("b")]);
    let before = call(&service, "a");
    let lower = changed(&service, "a", |a| {
        a.caps.wall_time = Duration::from_secs(1);
        a.defaults.wall_time = Duration::from_secs(1);
    });
    service.replace_tenants(vec![lower, changed(&service, "b", |_| {})], None);
    let asking = || {
        let mut asked = request("e", "{}");
        asked.limits.wall_time = Some(Duration::from_secs(2));
        asked
    };
    service.execute_as(&before, asking()).await.unwrap();
    let refused = service.execute_as(&call(&service, "a"), asking()).await.unwrap_err();
    assert_eq!(refused.to_string(), "limits.wall_time is 2 s, the server's cap is 1 s: ask for less");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_wait_get_the_slots_that_their_tenant_is_granted_meanwhile() {
    let service = service(|config| {
        config.tenants = vec![config.tenant("a"), config.tenant("b")];
        config.tenants[0].slots = 1;
    });
    let asked: Vec<_> = (0..3).map(|_| asking(&service, "a", request("s", "{}"))).collect();
    until("one runs, two wait", || (service.running(), service.waiting()) == (1, 2)).await;
    let more = changed(&service, "a", |a| a.slots = 3);
    service.replace_tenants(vec![more, changed(&service, "b", |_| {})], None);
    until("all run", || (service.running(), service.waiting()) == (3, 0)).await;
    asked.iter().for_each(JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_alone_until_there_is_another_one() {
    let service = service(|config| config.tenants = vec![config.tenant("a")]);
    let fill = || (0..8).map(|_| asking(&service, "a", request("s", "{}"))).collect::<Vec<_>>();
    let asked = fill();
    until("it has all slots", || service.running() == 8).await;
    asked.iter().for_each(JoinHandle::abort);
    until("they are free", || service.running() == 0).await;
    let all = vec![changed(&service, "a", |_| {}), changed(&service, "a", |a| a.name = "b".into())];
    service.replace_tenants(all, None);
    let asked = fill();
    until("some wait, as another one could come", || service.running() + service.waiting() == 8).await;
    assert!(service.running() < 8 && service.running() >= 5, "{}", service.running());
    asked.iter().for_each(JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_kept_are_not_for_the_next_tenant_of_the_name() {
    let service = service(|config| config.tenants = vec![config.tenant("a")]);
    let keyed = || {
        let mut request = request("e", "{}");
        request.idempotency_key = "key".into();
        request
    };
    let answer = async || {
        let executed = service.execute_as(&call(&service, "a"), keyed()).await.unwrap();
        executed.outcome.usage.wall_time
    };
    let first = answer().await;
    assert_eq!(answer().await, first, "it is kept");
    service.forget_tenant("a").await.unwrap();
    assert_ne!(answer().await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_service_stays_open_and_a_closed_one_without_tenants_knows_nobody() {
    let open = service(|_| {});
    let listed = vec![changed(&open, ampoule_service::OPEN_TENANT, |tenant| tenant.name = "a".into())];
    open.replace_tenants(listed.clone(), None);
    assert!(open.open_tenant().is_some() && open.tenant("a").is_none());
    let closed = service(|config| config.closed = true);
    assert!(closed.open_tenant().is_none() && closed.tenants().next().is_none());
    closed.replace_tenants(listed, None);
    assert!(closed.tenant("a").is_some());
    closed.replace_tenants(Vec::new(), None);
    assert!(closed.open_tenant().is_none() && closed.tenant("a").is_none());
}
