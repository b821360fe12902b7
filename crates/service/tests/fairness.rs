//! Tenants share processors by weight, however many executions they keep running.

mod support;

use ampoule_service::{Call, Service};
use ampoule_world::Status;
use std::time::{Duration, Instant};
use support::{request, service};

/// A service of the tenants `many` and `few` on so many processors, with this weight of `few`.
fn with_weight(weight: u32, seats: usize) -> Service {
    service(|config| {
        config.engine.slots = 32;
        config.engine.seats = seats;
        config.tenants = vec![config.tenant("many"), config.tenant("few")];
        config.tenants[1].weight = weight;
    })
}

fn call(service: &Service, tenant: &str) -> Call {
    Call { tenant: service.tenant(tenant).unwrap(), deadline: None }
}

/// Keeps so many endless loops running for a while, and returns the processor time they got.
async fn loops(service: &Service, tenant: &str, count: usize, wall_time: Duration) -> Duration {
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let (service, call) = (service.clone(), call(service, tenant));
            let mut request = request("l", "{}");
            request.limits.wall_time = Some(wall_time);
            tokio::spawn(async move { service.execute_as(&call, request).await.unwrap().outcome })
        })
        .collect();
    let mut got = Duration::ZERO;
    for task in tasks {
        let outcome = task.await.unwrap();
        assert_eq!(outcome.status, Status::TimedOut);
        got += outcome.usage.cpu_time;
    }
    got
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processor_time_goes_by_weight_and_not_by_number() {
    for (seats, weight, least, most) in [(1, 1, 0.8, 1.25), (1, 3, 2.4, 3.75), (2, 1, 0.8, 1.25)] {
        let service = with_weight(weight, seats);
        let time = Duration::from_millis(1500);
        let (many, few) = tokio::join!(loops(&service, "many", 16, time), loops(&service, "few", 4, time));
        let ratio = few.as_secs_f64() / many.as_secs_f64();
        assert!(
            (least..most).contains(&ratio),
            "{seats} seats, weight {weight}: 4 loops got {ratio} of what 16 got"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_notices_another_tenants_share_and_not_its_number_of_loops() {
    let service = with_weight(1, 1);
    let few = call(&service, "few");
    let median = async || {
        let mut times = Vec::new();
        for _ in 0..15 {
            let started = Instant::now();
            // About 20 ms of work.
            let outcome = service.execute_as(&few, request("b", "{}")).await.unwrap().outcome;
            assert_eq!(outcome.status, Status::Completed);
            times.push(started.elapsed());
        }
        times.sort();
        times[7]
    };
    let alone = median().await;
    let (_, beside) = tokio::join!(loops(&service, "many", 20, Duration::from_secs(3)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        median().await
    });
    // With half of the processor it takes twice as long; with its share of one among 21, 21 times.
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    assert!(ratio < 4.0, "alone {alone:?}, beside 20 loops {beside:?}");
}
