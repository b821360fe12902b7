//! The second net: what metering does not stop is stopped all the same, and costs its own execution and
//! nothing else.
//!
//! The mark in these loops tells the metering pass that they end soon (`runtimes/guest/meter.h`): it is the
//! lie that a wrong mark in an interpreter would be.

use crate::common::{guest_wat, guest_wat_with, job, load, load_with, one_slot, program, run, small_limits};
use ampoule_engine::{Engine, EngineConfig, FairShare, Image, Permit, Start};
use ampoule_model::{Limits, Outcome, Status};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Loops for ever, unmetered.
fn unmetered(body: &str) -> String {
    format!("(loop $again (drop (i64.const 0x616d706f756c6531)) {body} (br $again)) (unreachable)")
}

/// What such a loop may do with memory.
const BODIES: [(&str, &str); 6] = [
    ("load", "(drop (i32.load (i32.const 64)))"),
    ("store", "(i32.store (i32.const 64) (i32.const 7))"),
    // Copies that the compiler writes out, and that may not trap there.
    (
        "small copy",
        "(memory.copy (i32.const 128) (i32.const 64) (i32.const 24)) (drop (i32.load (i32.const 64)))",
    ),
    // In the host's own code.
    (
        "fill",
        "(memory.fill (i32.const 8192) (i32.const 7) (i32.const 32768)) (drop (i32.load (i32.const 64)))",
    ),
    ("random", "(call $random_fill (i32.const 8192) (i32.const 4096)) (drop (i32.load (i32.const 64)))"),
    (
        "beyond the image",
        "(i32.store (i32.add (i32.const 64) (i32.shl (memory.size) (i32.const 15))) (i32.const 7))",
    ),
];

/// A guest that is as it should be: its memory is the image's.
const CHECKS: &str =
    "(if (i32.or (i32.load (i32.const 64)) (i32.or (i32.load (i32.const 8192)) (i32.load (i32.const 40000))))
    (then (unreachable))) (call $done)";

async fn stopped(engine: &Engine, image: &Image) -> Outcome {
    let started = Instant::now();
    let outcome = run(engine, image, small_limits(), None).await.unwrap();
    assert!(started.elapsed() < small_limits().wall_time + Duration::from_secs(5), "{:?}", started.elapsed());
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_not_metered_times_out_and_its_slot_is_clean() {
    let engine = one_slot();
    let fine = load(&engine, &guest_wat(CHECKS));
    for (count, (name, body)) in BODIES.into_iter().enumerate() {
        let grown = format!("(drop (memory.grow (i32.const 4))) {}", unmetered(body));
        let image = load(&engine, &guest_wat(&grown));
        let outcome = stopped(&engine, &image).await;
        assert_eq!(outcome.status, Status::TimedOut, "{name}: {:?}", outcome.failure);
        assert_eq!(engine.health().cut_off, count as u64 + 1, "{name}");
        assert!(!engine.health().stuck);
        for _ in 0..2 {
            let after = run(&engine, &fine, small_limits(), None).await.unwrap();
            assert_eq!(after.status, Status::Completed, "after {name}: {:?}", after.failure);
        }
        // The same image again: what it wrote is gone, and it is stopped again.
        assert_eq!(outcome.usage.peak_memory_bytes, 4 << 16);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_wall_time_in_sight_it_is_stopped_after_a_second_of_its_slice() {
    let engine = one_slot();
    let image = load(&engine, &guest_wat(&unmetered(BODIES[0].1)));
    let limits = Limits { wall_time: Duration::from_secs(3600), ..small_limits() };
    let outcome = run(&engine, &image, limits, None).await.unwrap();
    assert_eq!(outcome.status, Status::TimedOut);
    assert!(outcome.usage.wall_time < Duration::from_secs(60));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_metered_is_left_alone() {
    let engine = one_slot();
    let image =
        load(&engine, &guest_wat("(loop $again (drop (i32.load (i32.const 64))) (br $again)) (unreachable)"));
    let limits = Limits { wall_time: Duration::from_secs(2), fuel: u64::MAX / 4, ..small_limits() };
    assert_eq!(run(&engine, &image, limits, None).await.unwrap().status, Status::TimedOut);
    assert_eq!(engine.health().cut_off, 0);
}

/// An engine as a server has it: two seats, guests on threads of their own.
fn served(slots: u32) -> Engine {
    let config = EngineConfig {
        slots,
        seats: 2,
        reused_guests: 0,
        max_memory_bytes: 64 << 20,
        ..EngineConfig::default()
    };
    let engine = Engine::new(config).unwrap();
    engine.compute_on_own_threads(Handle::current()).unwrap();
    engine
}

#[tokio::test(flavor = "multi_thread")]
async fn others_compute_beside_guests_that_do_not_come_back() {
    let engine = served(16);
    let bad = load(&engine, &guest_wat(&unmetered(BODIES[1].1)));
    let fine = load(&engine, &guest_wat("(call $done)"));
    let limits = Limits { wall_time: Duration::from_secs(2), ..small_limits() };
    let mut hanging = tokio::task::JoinSet::new();
    let theirs = FairShare::new(1);
    for _ in 0..4 {
        let (engine, image) = (engine.clone(), bad.clone());
        let share = theirs.clone();
        hanging.spawn(async move {
            let program = program();
            let start = Start::Program { program: &program, compiled: None };
            let job = ampoule_engine::Job { share: &share, ..job(start, limits) };
            engine.run(&image, &job).await.unwrap().status
        });
    }
    let started = Instant::now();
    let mut waits = Vec::new();
    while !hanging.is_empty() {
        let before = Instant::now();
        assert_eq!(run(&engine, &fine, small_limits(), None).await.unwrap().status, Status::Completed);
        waits.push(before.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
        while let Some(ended) = hanging.try_join_next() {
            assert_eq!(ended.unwrap(), Status::TimedOut);
        }
        assert!(started.elapsed() < Duration::from_secs(60));
    }
    waits.sort_unstable();
    assert!(waits.len() > 100, "{}", waits.len());
    // All seats were taken for seconds: without lending, every one of these would have waited for as long.
    let median = waits[waits.len() / 2];
    assert!(median < Duration::from_millis(100), "{median:?}");
    assert_eq!((engine.health().cut_off, engine.health().stuck), (4, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_function_that_blocks_is_told_and_others_go_on() {
    let config = EngineConfig {
        slots: 16,
        seats: 2,
        reused_guests: 0,
        max_memory_bytes: 64 << 20,
        blocked_clock: Duration::from_secs(6),
        ..EngineConfig::default()
    };
    let engine = Engine::new(config).unwrap();
    engine.compute_on_own_threads(Handle::current()).unwrap();
    let blocks = load(
        &engine,
        &guest_wat("(drop (call $clock_now (i32.const 0))) (drop (i32.load (i32.const 64))) (call $done)"),
    );
    let fine = load(&engine, &guest_wat("(call $done)"));
    let blocked: Vec<_> = (0..2)
        .map(|_| {
            let (engine, image) = (engine.clone(), blocks.clone());
            tokio::spawn(async move { run(&engine, &image, small_limits(), None).await.unwrap().status })
        })
        .collect();
    let told = tokio::time::timeout(Duration::from_secs(30), engine.stuck());
    let others = async {
        while !engine.health().stuck {
            assert_eq!(run(&engine, &fine, small_limits(), None).await.unwrap().status, Status::Completed);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::join!(told, others).0.is_ok(), "{:?}", engine.health());
    for blocked in blocked {
        assert_eq!(blocked.await.unwrap(), Status::TimedOut);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_is_given_up_ends_and_only_then_is_its_slot_free() {
    let engine = served(1);
    let image = load_with(&engine, &guest_wat("(loop $again (br $again)) (unreachable)"), 1);
    let fine = load(&engine, &guest_wat("(call $done)"));
    for _ in 0..50 {
        let held = Arc::new(());
        let permit = Permit::new(Arc::clone(&held));
        let (program, limits) =
            (program(), Limits { fuel: u64::MAX / 4, wall_time: Duration::from_secs(600), ..small_limits() });
        let start = Start::Program { program: &program, compiled: None };
        let job = ampoule_engine::Job { permit: Some(&permit), ..job(start, limits) };
        let running = tokio::time::timeout(Duration::from_millis(5), engine.run(&image, &job));
        assert!(running.await.is_err());
        drop(permit);
        let started = Instant::now();
        while Arc::strong_count(&held) > 1 {
            assert!(started.elapsed() < Duration::from_secs(10), "it goes on");
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        assert_eq!(run(&engine, &fine, small_limits(), None).await.unwrap().status, Status::Completed);
    }
    assert_eq!(engine.health().cut_off, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeping_guest_is_not_taken_for_one_that_hangs() {
    let engine = served(2);
    let image = load(&engine, &guest_wat_with("(call $sleep (i64.const 400000000)) (call $done)", ""));
    assert_eq!(run(&engine, &image, small_limits(), None).await.unwrap().status, Status::Completed);
    let endless = load(&engine, &guest_wat("(call $sleep (i64.const 0x7fffffffffffffff)) (call $done)"));
    assert_eq!(run(&engine, &endless, small_limits(), None).await.unwrap().status, Status::TimedOut);
    assert_eq!((engine.health().cut_off, engine.health().seats_lent), (0, 0));
}

/// A request is copied into the guest's memory by the host, which must not meet memory that was cut off,
/// however late it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_copied_past_the_wall_time_harms_nobody() {
    const PAGES: u64 = 12_000;
    let engine = served(1);
    let image = load_with(&engine, &guest_wat("(call $done)"), PAGES);
    let input = "x".repeat((PAGES as usize - 10) << 16);
    let limits = Limits { wall_time: Duration::from_nanos(1), ..small_limits() };
    let program = program();
    let start = Start::Program { program: &program, compiled: None };
    let job = ampoule_engine::Job { input_json: &input, ..job(start, limits) };
    engine.run(&image, &job).await.unwrap();
    let fine = load(&engine, &guest_wat("(call $done)"));
    assert_eq!(run(&engine, &fine, small_limits(), None).await.unwrap().status, Status::Completed);
}
