//! A guest that is kept is for the next execution what a fresh one is.
//!
//! These guests have a global that an image of the builder's may not have, as it is not exported: nothing
//! resets it, so it counts the executions in one guest, and tells the kept from the fresh.

use crate::common::{guest_wat_with, job, load_with, program, small_limits};
use ampoule_engine::{Compiled, Engine, EngineConfig, Image, Job, Start};
use ampoule_model::{Deterministic, Limits, Outcome, Status};
use std::sync::Arc;
use std::time::Duration;

/// Pages of a guest, of 64 KiB: 2.5 MiB.
const PAGES: u64 = 40;

/// A guest that prints which execution in it this is, in four digits, and then does `body`.
fn counting(body: &str) -> String {
    let digits: String = [1000, 100, 10, 1]
        .into_iter()
        .enumerate()
        .map(|(place, worth)| {
            format!(
                "(i32.store8 (i32.const {}) (i32.add (i32.const 48)
                    (i32.rem_u (i32.div_u (global.get $runs) (i32.const {worth})) (i32.const 10))))",
                4096 + place
            )
        })
        .collect();
    let print = format!(
        "(global.set $runs (i32.add (global.get $runs) (i32.const 1))) {digits}
         (call $output_write (i32.const 1) (i32.const 4096) (i32.const 4))"
    );
    let items = "(global $runs (mut i32) (i32.const 0))
         (func $deep (result i64) (i64.add (call $deep) (i64.const 1)))";
    guest_wat_with(&format!("(local $at i32) {print} {body}"), items)
}

/// Traps unless all memory from 8 KiB on and the stack pointer are as in the image; then marks every other 4
/// KiB of it: hundreds of stretches, where wasmtime resets 32.
const CHECK_AND_MARK: &str = "(if (i32.ne (global.get $sp) (i32.const 65536)) (then (unreachable)))
     (global.set $sp (i32.const 1))
     (if (i32.ne (memory.size) (i32.const 40)) (then (unreachable)))
     (local.set $at (i32.const 8192))
     (loop $next
        (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (unreachable)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 2621440))))
     (local.set $at (i32.const 8192))
     (loop $next
        (i64.store offset=2000 (local.get $at) (i64.const -1))
        (local.set $at (i32.add (local.get $at) (i32.const 8192)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 2621440))))";

/// Long enough to ask for fuel: a guest that never did is not kept.
const A_WHILE: &str = "(loop $next (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 1000))))";

/// One slot, and one guest that is kept of each image, whatever it ran.
fn keeping() -> Option<Engine> {
    engine(EngineConfig { reuse_from_fuel: 0, ..EngineConfig::default() }, 1)
}

/// As many slots as guests are kept of each image.
fn engine(config: EngineConfig, slots: u32) -> Option<Engine> {
    if !wasmtime::PoolingAllocationConfig::is_pagemap_scan_available() {
        ampoule_testing::cannot_run("the kernel does not tell which pages were written to (Linux 6.7 does)");
        return None;
    }
    let config = EngineConfig {
        slots,
        reused_guests: slots,
        max_memory_bytes: 64 << 20,
        compare_reused: true,
        fuel_slice: 1000,
        ..config
    };
    Some(Engine::new(config).unwrap())
}

/// What compiling a program for the image would give.
fn compiled(image: &Image) -> Compiled {
    Compiled {
        code: Arc::from([]),
        fuel: 0,
        wall_time: Duration::ZERO,
        cpu_time: Duration::ZERO,
        image_digest: Arc::from(image.digest()),
        history: Arc::default(),
    }
}

async fn run_with(
    engine: &Engine,
    image: &Image,
    compiled: &Compiled,
    limits: Limits,
    deterministic: Option<Deterministic>,
) -> Outcome {
    let program = program();
    let start = Start::Program { program: &program, compiled: Some(compiled) };
    engine.run(image, &Job { deterministic, ..job(start, limits) }).await.unwrap()
}

async fn run(engine: &Engine, image: &Image) -> Outcome {
    run_with(engine, image, &compiled(image), small_limits(), None).await
}

/// Runs it to its end; how many times it has run in the guest that it was given.
async fn nth(engine: &Engine, image: &Image) -> String {
    let outcome = run(engine, image).await;
    assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    outcome.stdout
}

#[tokio::test]
async fn memory_and_globals_are_the_images_in_a_guest_that_is_kept() {
    let Some(engine) = keeping() else { return };
    let image = load_with(&engine, &counting(&format!("{CHECK_AND_MARK} (call $done)")), PAGES);
    let mut fuel = Vec::new();
    for expected in ["0001", "0002", "0003", "0004"] {
        let outcome = run(&engine, &image).await;
        assert_eq!(
            (outcome.status, outcome.stdout.as_str()),
            (Status::Completed, expected),
            "{:?}",
            outcome.failure
        );
        fuel.push(outcome.usage.fuel);
    }
    assert!(fuel.iter().all(|used| *used == fuel[0]), "{fuel:?}");
}

#[tokio::test]
async fn only_a_guest_that_has_answered_is_kept() {
    let ends = [
        ("trap", "(unreachable)"),
        ("fuel", "(loop $again (br $again)) (unreachable)"),
        ("wall time", "(call $sleep (i64.const 9000000000)) (call $done)"),
        ("output", "(call $output_write (i32.const 1) (i32.const 0) (i32.const 65536)) (call $done)"),
        ("exit", "(call $exit (i32.const 0)) (call $done)"),
        ("stack", "(call $deep)"),
        ("memory that was refused", "(drop (memory.grow (i32.const 60000))) (unreachable)"),
        ("memory that was granted", "(drop (memory.grow (i32.const 1))) (call $done)"),
        ("an answer from outside of memory", "(i64.const -1)"),
    ];
    let Some(engine) = keeping() else { return };
    for (name, end) in ends {
        let image = load_with(&engine, &counting(&format!("{CHECK_AND_MARK} {end}")), PAGES);
        for number in 1..=2 {
            let outcome = run(&engine, &image).await;
            let text: String = outcome.stdout.chars().take(4).collect();
            // A malformed answer is one: the guest is reset like any other.
            let answered = name.starts_with("an answer");
            assert_eq!(text, if answered { format!("{number:04}") } else { "0001".into() }, "{name}");
            assert!(
                !format!("{:?}", outcome.failure).contains("unreachable") || name == "trap",
                "{name}: {outcome:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_that_is_given_up_is_not_kept() {
    let Some(engine) = keeping() else { return };
    let image = load_with(
        &engine,
        &counting(&format!("{CHECK_AND_MARK} (call $sleep (i64.const 50000000)) (call $done)")),
        PAGES,
    );
    assert_eq!(nth(&engine, &image).await, "0001");
    assert_eq!(nth(&engine, &image).await, "0002");
    let given_up = tokio::time::timeout(Duration::from_millis(5), run(&engine, &image)).await;
    assert!(given_up.is_err());
    assert_eq!(nth(&engine, &image).await, "0001");
}

#[tokio::test]
async fn what_dirties_more_than_may_be_kept_is_not_kept() {
    let Some(engine) = keeping() else { return };
    // With the page of the number; the fill begins and ends on a page of 4 KiB.
    for (bytes, expected) in [((4 << 20) - 4096, ["0001", "0002", "0003"]), (4 << 20, ["0001"; 3])] {
        let fill = format!(
            "(memory.fill (i32.const 8192) (i32.const 1) (i32.const {bytes})) {A_WHILE} (call $done)"
        );
        let image = load_with(&engine, &counting(&fill), 80);
        for expected in expected {
            assert_eq!(nth(&engine, &image).await, expected, "after {bytes} bytes");
        }
    }
}

/// An execution that is too short to tell where its stack is leaves a guest as it found it: kept.
#[tokio::test]
async fn a_short_execution_in_a_guest_that_is_kept() {
    let Some(engine) = keeping() else { return };
    let long_at_first =
        format!("(if (i32.lt_u (global.get $runs) (i32.const 2)) (then {A_WHILE})) (call $done)");
    let image = load_with(&engine, &counting(&long_at_first), PAGES);
    for expected in ["0001", "0002", "0003", "0004"] {
        assert_eq!(nth(&engine, &image).await, expected);
    }
    let never = load_with(&engine, &counting("(call $done)"), PAGES);
    for _ in 0..3 {
        assert_eq!(nth(&engine, &never).await, "0001", "its stack was never known");
    }
}

#[tokio::test]
async fn a_guest_is_not_kept_for_ever() {
    let Some(engine) = keeping() else { return };
    let image = load_with(&engine, &counting(&format!("{A_WHILE} (call $done)")), PAGES);
    for n in 1..=1000 {
        assert_eq!(nth(&engine, &image).await, format!("{n:04}"));
    }
    assert_eq!(nth(&engine, &image).await, "0001");
}

#[tokio::test]
async fn programs_that_computed_for_long_are_given_guests_that_are_kept() {
    let body = format!("{CHECK_AND_MARK} (call $done)");
    let Some(measuring) = keeping() else { return };
    let image = load_with(&measuring, &counting(&body), PAGES);
    let fuel = run(&measuring, &image).await.usage.fuel;
    for (reuse_from_fuel, expected) in [(fuel, ["0001", "0002", "0003"]), (fuel + 1, ["0001"; 3])] {
        let Some(engine) = engine(EngineConfig { reuse_from_fuel, ..EngineConfig::default() }, 1) else {
            return;
        };
        let image = load_with(&engine, &counting(&body), PAGES);
        let compiled = compiled(&image);
        for expected in expected {
            let outcome = run_with(&engine, &image, &compiled, small_limits(), None).await;
            assert_eq!(outcome.stdout, expected, "from {reuse_from_fuel}, it used {}", outcome.usage.fuel);
            assert_eq!(compiled.history.last_fuel(), fuel);
        }
    }
}

/// It is short the second time, and the guest is worth keeping all the same.
#[tokio::test]
async fn a_long_program_that_is_short_once_does_not_cost_its_guest() {
    let body =
        format!("(if (i32.lt_u (global.get $runs) (i32.const 2)) (then {CHECK_AND_MARK})) (call $done)");
    let config = EngineConfig { reuse_from_fuel: 1_000_000, ..EngineConfig::default() };
    let Some(engine) = engine(config, 1) else { return };
    let image = load_with(&engine, &counting(&body), PAGES);
    let compiled = compiled(&image);
    for (expected, long) in [("0001", true), ("0002", false), ("0001", true), ("0003", false)] {
        let outcome = run_with(&engine, &image, &compiled, small_limits(), None).await;
        assert_eq!((outcome.status, outcome.stdout.as_str()), (Status::Completed, expected));
        assert_eq!(outcome.usage.fuel >= 1_000_000, long, "{}", outcome.usage.fuel);
        assert_eq!(image.reused_guests(), 1);
    }
}

#[tokio::test]
async fn there_is_room_for_the_guests_of_some_images_and_the_others_run_all_the_same() {
    let Some(engine) = keeping() else { return };
    // Twelve places: four times one on each of two shelves, and one that nobody is ever in. Of these images
    // each takes two.
    let mut images: Vec<Image> = (0..8)
        .map(|n| {
            load_with(&engine, &counting(&format!("(drop (i32.const {n})) {A_WHILE} (call $done)")), PAGES)
        })
        .collect();
    for round in ["0001", "0002", "0003"] {
        for (number, image) in images.iter().enumerate() {
            assert_eq!(nth(&engine, image).await, if number < 6 { round } else { "0001" }, "image {number}");
        }
    }
    // With an image go its guests.
    images.remove(0);
    assert_eq!(nth(&engine, &images[6]).await, "0001");
    assert_eq!(nth(&engine, &images[6]).await, "0002");
}

#[tokio::test]
async fn what_the_host_holds_for_a_guest_is_fresh() {
    let Some(engine) = keeping() else { return };
    let random = format!(
        "{A_WHILE} (call $random_fill (i32.const 4096) (i32.const 32))
         (call $output_write (i32.const 1) (i32.const 4096) (i32.const 32)) (call $done)"
    );
    let image = load_with(&engine, &counting(&random), PAGES);
    let fixed = |seed| Some(Deterministic { seed, now_unix_nanos: 0 });
    let mut printed = Vec::new();
    for (number, deterministic) in (1..).zip([None, None, fixed(1), fixed(1), fixed(2)]) {
        let outcome = run_with(&engine, &image, &compiled(&image), small_limits(), deterministic).await;
        assert_eq!(outcome.stdout[..4], format!("{number:04}"));
        printed.push(outcome.stdout[4..].to_owned());
    }
    assert_ne!(printed[0], printed[1]);
    assert_eq!(printed[2], printed[3]);
    assert_ne!(printed[3], printed[4]);

    // Time begins with the execution, and fuel and output are counted from nothing, up to this request's
    // limits.
    let clock = format!(
        "{A_WHILE} (call $sleep (i64.const 3000000))
         (if (i64.gt_u (call $clock_now (i32.const 1)) (i64.const 100000000)) (then (unreachable)))
         (call $output_write (i32.const 1) (i32.const 8192) (i32.const 900)) (call $done)"
    );
    let image = load_with(&engine, &counting(&clock), PAGES);
    let limits = [(1000, Status::Completed), (1000, Status::Completed), (800, Status::OutputLimit)];
    for (number, (limit, status)) in (1..).zip(limits) {
        tokio::time::sleep(Duration::from_millis(120)).await;
        let limits = Limits { output_bytes: limit, ..small_limits() };
        let outcome = run_with(&engine, &image, &compiled(&image), limits, None).await;
        assert_eq!(outcome.status, status, "{:?}", outcome.failure);
        assert_eq!(outcome.usage.output_bytes, 904);
        assert_eq!(outcome.stdout[..4], format!("{number:04}"));
    }
}

/// As many executions as there are slots, beside as many idle guests as there is room for, of other images.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_do_not_run_out_beside_guests_that_nobody_is_in() {
    let Some(engine) = engine(EngineConfig { reuse_from_fuel: 0, ..EngineConfig::default() }, 2) else {
        return;
    };
    // Long enough for both of two executions to be there at the same time.
    let body = |n: u32| {
        format!("(drop (i32.const {n})) {CHECK_AND_MARK} (call $sleep (i64.const 30000000)) (call $done)")
    };
    let images: Vec<Image> = (0..8).map(|n| load_with(&engine, &counting(&body(n)), PAGES)).collect();
    // Twenty places, and each image takes three, as long as there are some.
    let kept = |number: usize| [2, 2, 2, 2, 2, 2, 1, 0][number];
    for round in 0..3 {
        for (number, image) in images.iter().enumerate() {
            let (one, other) = tokio::join!(run(&engine, image), run(&engine, image));
            for outcome in [one, other] {
                assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
            }
            assert_eq!(image.reused_guests(), kept(number), "image {number}, round {round}");
            assert_eq!(image.kept_executions(), kept(number) as u64 * round);
        }
    }
    // Two of different images at a time, in turn, from two tasks.
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..2 {
        let (engine, images) = (engine.clone(), images.clone());
        tasks.spawn(async move {
            for round in 0..20 {
                let outcome = run(&engine, &images[(round * (task + 1)) % images.len()]).await;
                assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("every execution completes");
    }
}

/// A program whose executions are short, and which dirties many stretches: the pool would unmap most of them.
#[tokio::test]
async fn a_short_program_of_scattered_memory_is_given_guests_that_keep_little() {
    /// Touches every other page of 4 KiB, up to a number of them, and computes for long enough to be looked
    /// at.
    fn touching(pages: u32) -> String {
        format!(
            "(loop $next (i64.store offset=8192 (i32.mul (local.get $at) (i32.const 8192)) (i64.const 1))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (i32.const {pages}))))
             (local.set $at (i32.const 0))
             (loop $more (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $more (i32.lt_u (local.get $at) (i32.const 100000)))) (call $done)"
        )
    }
    // With the page of the number it prints. More than 128 pages are too many to be light, and only long
    // programs have others.
    let kinds = [(20, ["0001"; 3]), (40, ["0001", "0002", "0003"]), (140, ["0001"; 3])];
    for (pages, expected) in kinds {
        let Some(engine) = engine(EngineConfig::default(), 1) else { return };
        let image = load_with(&engine, &counting(&touching(pages)), PAGES);
        let compiled = compiled(&image);
        for expected in expected {
            let outcome = run_with(&engine, &image, &compiled, small_limits(), None).await;
            assert_eq!(outcome.stdout, expected, "{pages} pages, fuel {}", outcome.usage.fuel);
        }
    }
}

/// The pages that a long program left in its guest are not for a short one to reset.
#[tokio::test]
async fn a_short_program_does_not_get_the_guest_of_a_long_one() {
    let config = EngineConfig { reuse_from_fuel: 1_000_000, ..EngineConfig::default() };
    let Some(engine) = engine(config, 1) else { return };
    // What it does depends on the guest: the first execution in one is long and dirties much.
    let body = format!(
        "(if (i32.lt_u (global.get $runs) (i32.const 2)) (then {CHECK_AND_MARK})) {A_WHILE} (call $done)"
    );
    let image = load_with(&engine, &counting(&body), PAGES);
    let (long, other) = (compiled(&image), compiled(&image));
    assert_eq!(run_with(&engine, &image, &long, small_limits(), None).await.stdout, "0001");
    assert_eq!(image.reused_guests(), 1);
    // Of the other program nothing is known; then it has taken long, too.
    assert_eq!(run_with(&engine, &image, &other, small_limits(), None).await.stdout, "0001");
    assert_eq!(run_with(&engine, &image, &other, small_limits(), None).await.stdout, "0002");
    // Short the last time, and scattered: the guest that is there keeps too much for it.
    assert!(other.history.last_fuel() < 1_000_000);
    assert_eq!(run_with(&engine, &image, &other, small_limits(), None).await.stdout, "0001");
}
