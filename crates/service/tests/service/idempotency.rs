//! A request that is sent again with its key runs once.

use crate::support::{request, service};
use ampoule_model::{Outcome, Request, Status};
use ampoule_service::{Error, Service};
use std::time::{Duration, Instant};

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
        // Of which a sixteenth is for kept answers: room for one at its largest (35 MiB) but not two: what is
        // kept takes what it needs.
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
        let call = ampoule_service::Call::new(service.tenant(name).unwrap());
        let answer = service.execute_as(&call, keyed("e", "{}", "a")).await.unwrap();
        times.push(answer.outcome.usage.wall_time);
    }
    assert_ne!(times[0], times[1]);
}

/// Asks in a task of its own.
fn asking(service: &Service, request: Request) -> tokio::task::JoinHandle<Result<Outcome, Error>> {
    let service = service.clone();
    tokio::spawn(async move { service.execute(request).await.map(|execution| execution.outcome) })
}

async fn until(what: &str, reached: impl Fn() -> bool) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < Duration::from_secs(10), "{what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_that_wait_take_places_in_the_queue_and_give_them_back() {
    let service = service(|config| config.queue = 2);
    let first = asking(&service, keyed("s", "{}", "a"));
    until("the first runs", || service.running() == 1).await;
    let waiting = [asking(&service, keyed("s", "{}", "a")), asking(&service, keyed("s", "{}", "a"))];
    until("both wait", || service.waiting() == 2).await;
    let refused = service.execute(keyed("s", "{}", "a")).await.unwrap_err();
    assert!(matches!(refused, Error::Busy { .. }), "{refused}");
    assert!(
        refused.to_string().starts_with("the queue is full: 1 executions run and 2 requests wait"),
        "{refused}"
    );
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
    until("the places are free", || service.waiting() == 0).await;
    first.abort();
    until("all is given back", || service.tenants().all(|tenant| tenant.memory_bytes() == 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_large_repeats_that_wait_one_holds_its_request() {
    let service = service(|_| {});
    let memory = || service.tenants().map(|tenant| tenant.memory_bytes()).sum::<usize>();
    let large = || keyed("s", &format!("{{\"a\":\"{}\"}}", "x".repeat(8 << 20)), "a");
    let first = asking(&service, large());
    until("the first runs", || service.running() == 1).await;
    // It asks for memory as its input is copied into it, and then sleeps.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = memory();
    let waiting: Vec<_> = (0..10).map(|_| asking(&service, large())).collect();
    until("all wait", || service.waiting() == 10 && memory() - before < 17 << 20).await;
    assert!(memory() - before >= 16 << 20, "twice the request, as with others that wait");
    drop(waiting);
    first.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_first_is_given_up_one_of_those_that_wait_runs() {
    let service = service(|_| {});
    for input in ["{}".to_owned(), format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20))] {
        let key = input.len().to_string();
        let first = asking(&service, keyed("s", &input, &key));
        until("the first runs", || service.running() == 1).await;
        let repeats: Vec<_> = (0..5).map(|_| asking(&service, keyed("s", &input, &key))).collect();
        until("they wait", || service.waiting() == 5).await;
        first.abort();
        until("another one runs", || service.running() == 1 && service.waiting() == 4).await;
        repeats.iter().for_each(tokio::task::JoinHandle::abort);
        until("none runs", || service.running() + service.waiting() == 0).await;
    }
    // Those that come to an answer have the same.
    let first = asking(&service, keyed("o", "{}", "o"));
    until("the first runs", || service.running() == 1).await;
    let repeats: Vec<_> = (0..5).map(|_| asking(&service, keyed("o", "{}", "o"))).collect();
    until("they wait", || service.waiting() == 5).await;
    first.abort();
    let mut times = Vec::new();
    for repeat in repeats {
        times.push(repeat.await.unwrap().unwrap().usage.wall_time);
    }
    assert!(times.iter().all(|time| *time == times[0]), "it ran once: {times:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_to_the_first_is_refused_to_all() {
    let service = service(|config| config.engine.slots = 1);
    let running = asking(&service, request("s", "{}"));
    until("it runs", || service.running() == 1).await;
    let repeats: Vec<_> = (0..5).map(|_| asking(&service, keyed("e", "[]", "a"))).collect();
    for repeat in repeats {
        assert!(matches!(repeat.await.unwrap(), Err(Error::Invalid { .. })));
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_repeat_waits_for_the_first_beyond_its_queue_timeout_or_deadline() {
    let service = service(|config| config.queue_timeout = Duration::from_millis(300));
    let first = asking(&service, keyed("s", "{}", "a"));
    until("the first runs", || service.running() == 1).await;
    let refused = service.execute(keyed("s", "{}", "a")).await.unwrap_err();
    assert!(matches!(refused, Error::Busy { .. }), "{refused}");
    let text = refused.to_string();
    assert!(text.starts_with("the first request with this idempotency key did not end within "), "{text}");
    let deadline = Some(Instant::now() + Duration::from_millis(10));
    let call = ampoule_service::Call::new(service.open_tenant().unwrap()).until(deadline);
    let refused = service.execute_as(&call, keyed("s", "{}", "a")).await.unwrap_err();
    assert!(matches!(refused, Error::Busy { .. }), "{refused}");
    first.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_refused_where_other_requests_are() {
    let service = service(|config| {
        let mut tenant = config.tenant("one");
        tenant.quota.fuel_per_day = Some(1);
        config.tenants = vec![tenant];
    });
    let call = ampoule_service::Call::new(service.tenant("one").unwrap());
    service.execute_as(&call, keyed("e", "{}", "a")).await.unwrap();
    let refused = service.execute_as(&call, keyed("e", "{}", "a")).await.unwrap_err();
    assert!(matches!(refused, Error::UsedUp { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_share_the_answer_and_are_bounded_while_they_are_sent() {
    let service = service(|config| {
        config.memory_bytes = 1 << 30;
        config.tenants = vec![config.tenant("one"), config.tenant("other")];
    });
    let call = |name| ampoule_service::Call::new(service.tenant(name).unwrap());
    let one = call("one");
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(4 << 20));
    let mut answers = Vec::new();
    let refused = loop {
        match service.answer(&one, keyed("e", &text, "a")).await {
            Ok(answer) => answers.push(answer),
            Err(refused) => break refused,
        }
    };
    assert!(answers.len() > 100, "{}: {refused}", answers.len());
    let texts = answers.iter().map(|answer| answer.execution().outcome.result_json.as_ptr());
    assert!(texts.clone().all(|text| Some(text) == texts.clone().next()), "there is one of it");
    assert!(
        refused.to_string().starts_with("the memory for answers that are being sent is taken"),
        "{refused}"
    );
    assert!(
        one.tenant.memory_bytes() < 150 << 20,
        "an eighth, and the answer: {}",
        one.tenant.memory_bytes()
    );
    service.execute_as(&call("other"), request("e", "{}")).await.expect("others are served");
    answers.pop();
    service.answer(&one, keyed("e", &text, "a")).await.expect("whoever has read makes room");
    drop(answers);
    assert!(one.tenant.memory_bytes() < 5 << 20, "the kept answer: {}", one.tenant.memory_bytes());
}
