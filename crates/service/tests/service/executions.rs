//! From a request to its outcome: limits, program cache, queue, cancellation.

use crate::support::{request, served, service};
use ampoule_model::{Entry, Outcome, Request, Status};
use ampoule_service::{Error, Service};
use std::time::{Duration, Instant};

async fn outcome(service: &Service, request: Request) -> Outcome {
    service.execute(request).await.unwrap().outcome
}

/// Waits until `condition` holds; how long it took.
async fn until(condition: impl Fn() -> bool) -> Duration {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "waited in vain");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    started.elapsed()
}

#[tokio::test]
async fn results_failures_and_output_come_back() {
    let service = service(|_| {});
    let completed = outcome(&service, request("e", "{\"n\":12345678901234567890}")).await;
    assert_eq!(
        (completed.status, completed.result_json.as_str()),
        (Status::Completed, "{\"n\":12345678901234567890}")
    );
    let failed = outcome(&service, request("f", "{}")).await;
    let failure = failed.failure.unwrap();
    assert_eq!(
        (failed.status, failure.kind.as_str(), failure.message.as_str()),
        (Status::Raised, "Boom", "{}")
    );
    let printed = outcome(&service, request("p", "{\"a\":1}")).await;
    assert_eq!((printed.stdout.as_str(), printed.stderr.as_str()), ("{\"a\":1}", "{\"a\":1}"));
    assert_eq!(printed.usage.output_bytes, 14);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_limit_has_its_outcome_and_names_the_limit_asked_for() {
    let service = service(|_| {});
    let mut endless = request("l", "");
    endless.limits.wall_time = Some(Duration::from_millis(100));
    let timed_out = outcome(&service, endless.clone()).await;
    assert_eq!(timed_out.status, Status::TimedOut);
    assert_eq!(
        timed_out.failure.unwrap().message,
        "stopped after 0.1 s of wall time: do less or raise limits.wall_time"
    );
    // To the end of its slice, and no longer: a second would be the watchdog's.
    assert!((100..1000).contains(&timed_out.usage.wall_time.as_millis()), "{:?}", timed_out.usage);
    endless.limits.wall_time = None;
    endless.limits.fuel = Some(1_000_000);
    let exhausted = outcome(&service, endless).await;
    assert_eq!(exhausted.status, Status::FuelExhausted);
    // Fuel is looked at once a loop, so the last turn may go a little beyond.
    assert!((1_000_000..1_000_100).contains(&exhausted.usage.fuel), "{:?}", exhausted.usage);
    let greedy = outcome(&service, request("m", "")).await;
    assert_eq!(greedy.status, Status::OutOfMemory);
    let mut loud = request("p", "{\"a\":1}");
    loud.limits.output_bytes = Some(10);
    let flooded = outcome(&service, loud).await;
    assert_eq!(
        (flooded.status, flooded.stderr.as_str(), flooded.stderr_truncated),
        (Status::OutputLimit, "{\"a", true)
    );
    let mut slow_to_compile = request("w", "");
    slow_to_compile.limits.wall_time = Some(Duration::from_millis(100));
    assert_eq!(outcome(&service, slow_to_compile).await.status, Status::TimedOut);
    assert_eq!(outcome(&service, request("t", "")).await.status, Status::Internal);
    assert_eq!(outcome(&service, request("e", "{}")).await.status, Status::Completed);
}

#[tokio::test]
async fn fuel_is_the_same_compiled_or_cached() {
    let service = service(|_| {});
    let first = outcome(&service, request("e", "{}")).await;
    let second = outcome(&service, request("e", "{}")).await;
    assert!(first.usage.fuel > 0);
    assert_eq!(first.usage.fuel, second.usage.fuel);
}

#[tokio::test]
async fn a_body_is_compiled_for_its_keys_and_main_for_none() {
    let service = service(|_| {});
    // The tiny guest's program `c` answers with its code, and its code is what it was compiled for.
    let mut body = request("c", "{\"b\": [1, 2], \"a\": {\"c\": 3}}");
    body.program.entry = Entry::Body;
    assert_eq!(outcome(&service, body.clone()).await.result_json, "{\"a\":null,\"b\":null}");
    body.input_json = "{\"x\": 1}".into();
    assert_eq!(outcome(&service, body.clone()).await.result_json, "{\"x\":null}");
    body.program.entry = Entry::Main;
    assert_eq!(outcome(&service, body).await.result_json, "{}");
}

#[tokio::test]
async fn what_does_not_compile_is_an_outcome() {
    let service = service(|_| {});
    for _ in 0..2 {
        let failed = outcome(&service, request("d", "{}")).await;
        let failure = failed.failure.unwrap();
        assert_eq!((failed.status, failure.kind.as_str(), failure.line), (Status::Raised, "SyntaxError", 7));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_anothers_compilation_does_not_wait_long() {
    let service = service(|_| {});
    // Compiling never ends; with a longer queue timeout the second would outlive its own wall time.
    let mut endless = request("w", "");
    endless.limits.wall_time = Some(Duration::from_secs(60));
    let patient = tokio::spawn({
        let service = service.clone();
        async move { outcome(&service, endless).await }
    });
    until(|| service.running() == 1).await;
    let mut hasty = request("w", "");
    hasty.limits.wall_time = Some(Duration::from_millis(200));
    let started = Instant::now();
    assert_eq!(outcome(&service, hasty).await.status, Status::TimedOut);
    assert!(started.elapsed() < Duration::from_secs(30));
    patient.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_execution_frees_its_slot_at_once() {
    let service = service(|config| config.engine.slots = 1);
    for source in ["l", "s", "w"] {
        let endless = tokio::spawn({
            let service = service.clone();
            async move { service.execute(request(source, "")).await }
        });
        until(|| service.running() == 1).await;
        endless.abort();
        let freed = until(|| service.running() == 0).await;
        assert!(freed < Duration::from_millis(50), "{source}: {freed:?}");
    }
    assert_eq!(outcome(&service, request("e", "{}")).await.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_bounded_and_its_time_is_told() {
    let service = service(|config| {
        config.engine.slots = 1;
        config.queue = 1;
    });
    let spawn = |source: &'static str| {
        let service = service.clone();
        let mut request = request(source, "{}");
        request.limits.wall_time = Some(Duration::from_millis(200));
        tokio::spawn(async move { service.execute(request).await })
    };
    let running = spawn("l");
    until(|| service.running() == 1).await;
    let waiting = spawn("e");
    until(|| service.waiting() == 1).await;
    let refused = service.execute(request("e", "{}")).await.unwrap_err();
    assert!(matches!(refused, Error::Busy { .. }));
    assert_eq!(
        refused.to_string(),
        "the queue is full: 1 executions run and 1 requests wait already: try again in 100 ms"
    );
    assert_eq!(running.await.unwrap().unwrap().outcome.status, Status::TimedOut);
    let served = waiting.await.unwrap().unwrap().outcome;
    assert_eq!(served.status, Status::Completed);
    assert!(served.usage.queue_time > Duration::from_millis(50), "{:?}", served.usage);
    assert!(
        served.usage.wall_time < Duration::from_millis(150),
        "waiting is no wall time: {:?}",
        served.usage
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_refuses_the_new_and_serves_the_old() {
    let service = service(|_| {});
    let old = tokio::spawn({
        let service = service.clone();
        let mut request = request("l", "");
        request.limits.wall_time = Some(Duration::from_millis(200));
        async move { service.execute(request).await }
    });
    until(|| service.running() == 1).await;
    service.drain();
    assert!(matches!(service.execute(request("e", "{}")).await, Err(Error::Draining)));
    assert_eq!(old.await.unwrap().unwrap().outcome.status, Status::TimedOut);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_drain_stops_what_runs_and_refuses_what_waits() {
    let service = served(|config| config.engine.slots = 7);
    let execute = |code: &'static str| {
        let (service, mut request) = (service.clone(), request(code, ""));
        request.limits.wall_time = Some(Duration::from_secs(60));
        tokio::spawn(async move { service.execute(request).await })
    };
    // Some compute, others wait for their processors, one sleeps, and one waits for a slot.
    let running: Vec<_> = ["l", "l", "l", "l", "l", "l", "s"].into_iter().map(execute).collect();
    until(|| service.running() == 7).await;
    let waiting = execute("e");
    until(|| service.waiting() == 1).await;
    service.drain();
    service.end();
    assert!(matches!(waiting.await.unwrap(), Err(Error::Draining)));
    // The server stopped them, not a limit of theirs: it is a refusal and no outcome.
    for ended in running {
        assert!(matches!(ended.await.unwrap(), Err(Error::Draining)));
    }
}
