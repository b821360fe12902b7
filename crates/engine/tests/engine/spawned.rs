//! Futures that run where guests compute: their executions need no other thread, and end with them.

use crate::common::{guest_wat, load, run, small_limits};
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::{Limits, Status};
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// An endless loop that is metered.
const LOOP: &str = "(loop $again (br $again)) (unreachable)";

fn engine(slots: u32, own_threads: bool) -> Engine {
    let config = EngineConfig {
        slots,
        seats: 2,
        reused_guests: 0,
        max_memory_bytes: 64 << 20,
        ..EngineConfig::default()
    };
    let engine = Engine::new(config).unwrap();
    if own_threads {
        engine.compute_on_own_threads(Handle::current()).unwrap();
    }
    engine
}

/// So long that nothing but what a test does can end an execution.
fn endless() -> Limits {
    Limits { wall_time: Duration::from_secs(600), fuel: u64::MAX / 4, ..small_limits() }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_within_computes_on_the_same_thread() {
    let engine = engine(2, true);
    let image = load(&engine, &guest_wat("(call $done)"));
    let spawned = engine.spawn({
        let engine = engine.clone();
        async move {
            let before = thread::current().id();
            let outcome = run(&engine, &image, small_limits(), None).await.unwrap();
            (outcome.status, before == thread::current().id(), thread::current().name().map(str::to_owned))
        }
    });
    let (status, same, name) = spawned.await;
    assert_eq!(status, Status::Completed);
    assert!(same && name.is_some_and(|name| name.starts_with("guests-")));
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_it_stops_its_executions() {
    for own_threads in [true, false] {
        let engine = engine(1, own_threads);
        let image = load(&engine, &guest_wat(LOOP));
        let fine = load(&engine, &guest_wat("(call $done)"));
        let spawned = engine.spawn({
            let engine = engine.clone();
            async move { run(&engine, &image, endless(), None).await.map(|outcome| outcome.status) }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(spawned);
        let started = Instant::now();
        // There is one slot only, and no waiting for it: it must come free.
        while run(&engine, &fine, small_limits(), None).await.is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "own threads: {own_threads}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_have_a_deadline_while_its_guest_computes() {
    for own_threads in [true, false] {
        let engine = engine(1, own_threads);
        let image = load(&engine, &guest_wat(LOOP));
        let spawned = engine.spawn({
            let engine = engine.clone();
            async move {
                let execution = run(&engine, &image, endless(), None);
                tokio::time::timeout(Duration::from_millis(50), execution).await.is_err()
            }
        });
        let in_time = tokio::time::timeout(Duration::from_secs(60), spawned).await;
        assert_eq!(in_time.ok(), Some(true), "own threads: {own_threads}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_within_is_its_waiters() {
    for own_threads in [true, false] {
        let engine = engine(1, own_threads);
        let spawned = engine.spawn(async { panic!("on purpose") });
        assert!(tokio::spawn(spawned).await.unwrap_err().is_panic());
        let after = engine.spawn(async { 7 });
        assert_eq!(after.await, 7, "own threads: {own_threads}");
    }
}
