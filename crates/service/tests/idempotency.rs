//! A request that is sent again with its key runs once.

mod support;

use ampoule_service::{Error, Service};
use ampoule_world::{Request, Status};
use std::time::Duration;
use support::{request, service};

fn keyed(source: &str, input_json: &str, key: &str) -> Request {
    Request { idempotency_key: key.into(), ..request(source, input_json) }
}

async fn wall_time(service: &Service, request: Request) -> Duration {
    let outcome = service.execute(request).await.unwrap().outcome;
    assert_eq!(outcome.status, Status::Completed);
    outcome.usage.wall_time
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_answer_is_the_first_one() {
    let service = service(|_| {});
    // To the nanosecond the same time: nothing ran.
    let first = wall_time(&service, keyed("e", "{}", "a")).await;
    assert_eq!(wall_time(&service, keyed("e", "{}", "a")).await, first);
    assert_ne!(wall_time(&service, keyed("e", "{}", "b")).await, first);
    assert_ne!(wall_time(&service, request("e", "{}")).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_programs_are_answers_too() {
    let service = service(|_| {});
    let first = service.execute(keyed("f", "{\"n\":1}", "a")).await.unwrap().outcome;
    assert_eq!(first.status, Status::Raised);
    assert_eq!(service.execute(keyed("f", "{\"n\":1}", "a")).await.unwrap().outcome, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_come_while_the_first_runs_wait_for_its_answer() {
    let service = service(|_| {});
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move { wall_time(&service, keyed("b", "{}", "a")).await })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.push(task.await.unwrap());
    }
    assert!(times.iter().all(|time| *time == times[0]), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_belongs_to_one_request() {
    let service = service(|_| {});
    service.execute(keyed("e", "{}", "a")).await.unwrap();
    for other in [keyed("e", "{\"n\":1}", "a"), keyed("f", "{}", "a")] {
        let refused = service.execute(other).await.unwrap_err().to_string();
        assert_eq!(
            refused,
            "idempotency_key was sent with another request within the last 600 s: choose a new key for every request"
        );
    }
    let long = "k".repeat(256);
    assert!(matches!(service.execute(keyed("e", "{}", &long)).await, Err(Error::Invalid { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_or_given_up_is_not_remembered() {
    let service = service(|_| {});
    assert!(service.execute(keyed("e", "[]", "a")).await.is_err());
    wall_time(&service, keyed("e", "{}", "a")).await;
    let given_up =
        tokio::time::timeout(Duration::from_millis(50), service.execute(keyed("s", "{}", "b"))).await;
    assert!(given_up.is_err());
    let again = tokio::time::timeout(Duration::from_millis(50), service.execute(keyed("s", "{}", "b"))).await;
    assert!(again.is_err(), "it runs again rather than waiting for one that is gone, or being answered");
    assert_eq!(service.running(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_forgotten_after_the_window_and_their_memory_given_back() {
    let service = service(|config| {
        config.idempotency_window = Duration::from_millis(100);
        // Of which a sixteenth is for kept answers: room for one at its largest (35 MiB) but not two: what is kept takes what it needs.
        config.memory_bytes = 900 << 20;
    });
    let first = wall_time(&service, keyed("e", "{}", "a")).await;
    for number in 0..50 {
        wall_time(&service, keyed("e", "{}", &format!("other-{number}"))).await;
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_ne!(wall_time(&service, keyed("e", "{}", "a")).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_choose_their_keys_for_themselves() {
    let service = service(|config| config.tenants = vec![config.tenant("one"), config.tenant("other")]);
    let mut times = Vec::new();
    for name in ["one", "other"] {
        let call = ampoule_service::Call { tenant: service.tenant(name).unwrap(), deadline: None };
        let answer = service.execute_as(&call, keyed("e", "{}", "a")).await.unwrap();
        times.push(answer.outcome.usage.wall_time);
    }
    assert_ne!(times[0], times[1]);
}
