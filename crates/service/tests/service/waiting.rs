//! Waiting for a processor: it is nobody's running time, has a bound of its own, and is told.

use crate::support::{request, service};
use ampoule_model::{Outcome, Request, Status};
use ampoule_service::{Call, Error, Service};
use std::time::{Duration, Instant};

const MS: Duration = Duration::from_millis(1);

fn with_seats(seats: usize, processor_timeout: Duration) -> Service {
    service(|config| {
        config.engine.slots = 64;
        config.engine.seats = seats;
        config.engine.processor_timeout = processor_timeout;
    })
}

/// A program that computes for so long.
fn computes(cpu_time: Duration, wall_time: Duration) -> Request {
    let mut request = request("l", "{}");
    request.limits.cpu_time = Some(cpu_time);
    request.limits.wall_time = Some(wall_time);
    request
}

fn execute(service: &Service, request: Request) -> tokio::task::JoinHandle<Result<Outcome, Error>> {
    let service = service.clone();
    let call = Call::new(service.open_tenant().unwrap());
    tokio::spawn(async move { service.execute_as(&call, request).await.map(|execution| execution.outcome) })
}

fn message(outcome: &Outcome) -> &str {
    &outcome.failure.as_ref().unwrap().message
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_times_out_because_others_compute() {
    let service = with_seats(2, Duration::from_secs(600));
    // Two seconds' work for two processors, in programs that may each take one.
    let all: Vec<_> = (0..40).map(|_| execute(&service, computes(100 * MS, 1000 * MS))).collect();
    let mut longest = Duration::ZERO;
    for one in all {
        let outcome = one.await.unwrap().unwrap();
        assert_eq!(outcome.status, Status::TimedOut);
        assert!(message(&outcome).contains("0.1 s of processor time"), "{}", message(&outcome));
        let usage = outcome.usage;
        assert!(usage.cpu_time >= 100 * MS && usage.wall_time >= 100 * MS, "{usage:?}");
        longest = longest.max(usage.wait_time + usage.queue_time);
    }
    assert!(longest > 1000 * MS, "nobody had to wait longer than the wall time: {longest:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_too_long_is_refused_and_told_why() {
    let service = with_seats(1, 300 * MS);
    let all: Vec<_> = (0..4).map(|_| execute(&service, computes(2000 * MS, 60_000 * MS))).collect();
    let mut refused = 0;
    for one in all {
        match one.await.unwrap() {
            Ok(outcome) => assert_eq!(outcome.status, Status::TimedOut),
            Err(Error::Busy { what, reason, retry_after }) => {
                refused += 1;
                assert_eq!(what, "processors");
                assert!(reason.contains("the processors were busy"), "{reason}");
                assert!(!retry_after.is_zero());
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!((1..=3).contains(&refused), "{refused}");
    assert_eq!((service.running(), service.waiting()), (0, 0));
    // What was given up has left nothing behind.
    let after = execute(&service, request("e", "{}")).await.unwrap().unwrap();
    assert_eq!(after.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn sleeping_is_wall_time_and_no_processor_time() {
    let service = with_seats(1, Duration::from_secs(600));
    let mut sleeps = request("o", r#"{"a":1}"#);
    sleeps.limits.cpu_time = Some(100 * MS);
    let outcome = execute(&service, sleeps).await.unwrap().unwrap();
    assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    let usage = outcome.usage;
    assert!(usage.sleep_time >= 300 * MS && usage.wall_time >= usage.sleep_time, "{usage:?}");
    assert!(usage.cpu_time < 100 * MS, "{usage:?}");

    let mut sleeps = request("s", "{}");
    sleeps.limits.wall_time = Some(200 * MS);
    let outcome = execute(&service, sleeps).await.unwrap().unwrap();
    assert!(message(&outcome).contains("0.2 s of wall time"), "{}", message(&outcome));
    assert!(outcome.usage.sleep_time >= 150 * MS, "the sleep that was cut off counts: {:?}", outcome.usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn short_executions_do_not_wait_for_long_ones_of_their_own_tenant() {
    let service = with_seats(1, Duration::from_secs(600));
    let median = async || {
        let mut times = Vec::new();
        for _ in 0..15 {
            let started = Instant::now();
            let outcome = execute(&service, request("b", "{}")).await.unwrap().unwrap();
            assert_eq!(outcome.status, Status::Completed);
            times.push(started.elapsed());
        }
        times.sort();
        times[7]
    };
    let alone = median().await;
    let loops: Vec<_> = (0..20).map(|_| execute(&service, computes(20_000 * MS, 30_000 * MS))).collect();
    // Until they are long.
    tokio::time::sleep(300 * MS).await;
    let beside = median().await;
    drop(loops.iter().map(tokio::task::JoinHandle::abort).collect::<Vec<_>>());
    // In equal turns it would take 21 times as long.
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    assert!(ratio < 14.0, "alone {alone:?}, beside 20 loops {beside:?}");
}
