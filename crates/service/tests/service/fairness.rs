//! Tenants share processors by weight, however many executions they keep running.

use crate::support::{request, service};
use ampoule_model::Status;
use ampoule_service::{Call, Service};
use std::time::{Duration, Instant};

/// Both tests measure processor time: one at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

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
    Call::new(service.tenant(tenant).unwrap())
}

/// Endless loops, until they are dropped.
struct Loops(Vec<tokio::task::JoinHandle<()>>);

impl Loops {
    fn start(service: &Service, tenant: &str, count: usize) -> Loops {
        let start = |_| {
            let (service, call) = (service.clone(), call(service, tenant));
            let mut request = request("l", "{}");
            request.limits.wall_time = Some(Duration::from_secs(60));
            tokio::spawn(async move { drop(service.execute_as(&call, request).await) })
        };
        Loops((0..count).map(start).collect())
    }
}

impl Drop for Loops {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processor_time_goes_by_weight_and_not_by_number() {
    let _alone = ALONE.lock().await;
    for (seats, weight, least, most) in [(1, 1, 0.8, 1.25), (1, 3, 2.4, 3.75), (2, 1, 0.8, 1.25)] {
        let service = with_weight(weight, seats);
        let used = |tenant: &str| service.tenant(tenant).unwrap().cpu_time().as_secs_f64();
        let _loops = (Loops::start(&service, "many", 16), Loops::start(&service, "few", 4));
        tokio::time::sleep(Duration::from_millis(1500)).await;
        let ratio = used("few") / used("many");
        assert!(
            (least..most).contains(&ratio),
            "{seats} seats, weight {weight}: 4 loops got {ratio} of what 16 got"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_execution_notices_another_tenants_share_and_not_its_number_of_loops() {
    let _alone = ALONE.lock().await;
    let service = with_weight(1, 1);
    let few = call(&service, "few");
    let median = async || {
        let mut times = Vec::new();
        for _ in 0..15 {
            let started = Instant::now();
            // About 5 ms of work.
            let outcome = service.execute_as(&few, request("b", "{}")).await.unwrap().outcome;
            assert_eq!(outcome.status, Status::Completed);
            times.push(started.elapsed());
        }
        times.sort();
        times[7]
    };
    let alone = median().await;
    let loops = Loops::start(&service, "many", 20);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let beside = median().await;
    drop(loops);
    // With half of the processor it takes twice as long, on a machine that is busy otherwise perhaps five
    // times; with its share of one among 21, 21 times.
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    assert!(ratio < 8.0, "alone {alone:?}, beside 20 loops {beside:?}");
}
