//! A small container serves many executions at a time: memory is set aside as it is used, not as it is
//! allowed.

use crate::common;
use ampoule_model::{Language, Status};
use ampoule_service::{Service, ServiceConfig};
use std::time::{Duration, Instant};

/// Three quarters of a container of 1.5 GiB: what the server takes for itself there.
const MEMORY: u64 = 1152 << 20;

fn service(memory: u64) -> Service {
    let mut config = ServiceConfig {
        memory_bytes: memory,
        queue_timeout: Duration::from_secs(1),
        ..ServiceConfig::default()
    };
    config.engine.slots = 128;
    config.check().expect("it is enough for one");
    common::service_of(config)
}

#[test]
fn many_executions_sleep_at_the_same_time_in_a_small_memory() {
    let _alone = crate::ALONE.blocking_lock();
    const MANY: usize = 64;
    let service = service(MEMORY);
    let source = "import time\ndef main():\n    time.sleep(2)\n    return 1\n";
    let started = Instant::now();
    common::block_on(async {
        let all: Vec<_> = (0..MANY)
            .map(|_| {
                let service = service.clone();
                let request = common::request(Language::Python, source);
                tokio::spawn(async move { service.execute(request).await })
            })
            .collect();
        for one in all {
            let outcome = one.await.unwrap().expect("it has room").outcome;
            assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
        }
    });
    // One after another they would sleep for two minutes, a few at a time for one.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn who_needs_more_than_there_is_is_refused_and_the_others_go_on() {
    let _alone = crate::ALONE.blocking_lock();
    let service = service(MEMORY);
    let fills = "def main():\n    kept = []\n    while True:\n        kept.append(b'x' * (1 << 20))\n";
    let (mut out_of_memory, mut refused) = (0, 0);
    common::block_on(async {
        let all: Vec<_> = (0..12)
            .map(|_| {
                let service = service.clone();
                let request = common::request(Language::Python, fills);
                tokio::spawn(async move { service.execute(request).await })
            })
            .collect();
        for one in all {
            match one.await.unwrap() {
                Ok(execution) => {
                    assert_eq!(execution.outcome.status, Status::OutOfMemory);
                    out_of_memory += 1;
                }
                Err(ampoule_service::Error::Busy { reason, .. }) => {
                    assert!(reason.contains("memory") || reason.contains("slot"), "{reason}");
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
        }
        let request = common::request(Language::Python, "def main():\n    return 1\n");
        assert_eq!(service.execute(request).await.unwrap().outcome.status, Status::Completed);
    });
    // 256 MiB each: two or three have room at a time, and whoever is first is not stopped by those behind.
    assert!(out_of_memory >= 1, "{out_of_memory} reached their own limit, {refused} were refused");
    assert_eq!(service.running(), 0);
}

#[test]
fn a_memory_that_cannot_serve_one_request_is_an_error_at_the_start() {
    let config = ServiceConfig { memory_bytes: 256 << 20, ..ServiceConfig::default() };
    let error = config.check().unwrap_err();
    assert!(error.contains("more memory") && error.contains("or lower limits.memory_bytes"), "{error}");
}
