//! A call starts where the top level has ended, in a guest of its own; nothing of it is left for anyone.

use crate::common::{guest_of, guest_wat, job, load, one_slot, program, run, small_limits};
use crate::isolation::checking_guest;
use ampoule_engine::{Checkpoint, Engine, EngineError, Image, Preparation, Prepared, Start};
use ampoule_model::{Limits, Outcome, Status};
use std::time::Duration;

/// Leaves marks low in memory and in memory that it has grown, and moves the stack pointer.
const MARKING: &str = "(drop (memory.grow (i32.const 48)))
    (i64.store (i32.const 8192) (i64.const 0x1111)) (i64.store (i32.const 3000000) (i64.const 0x2222))
    (global.set $sp (i32.const 4242)) (call $done)";

/// Traps unless it finds what [`MARKING`] has left, and nothing else in the pages between; then changes all
/// of it.
const FINDING: &str = "(local $at i32)
    (if (i64.ne (i64.load (i32.const 8192)) (i64.const 0x1111)) (then (unreachable)))
    (if (i64.ne (i64.load (i32.const 3000000)) (i64.const 0x2222)) (then (unreachable)))
    (if (i32.ne (global.get $sp) (i32.const 4242)) (then (unreachable)))
    (if (i32.ne (memory.size) (i32.const 49)) (then (unreachable)))
    (local.set $at (i32.const 8200))
    (loop $next
        (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (unreachable)))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 2999992))))
    (memory.fill (i32.const 8192) (i32.const 0xA5) (i32.const 3000000))
    (global.set $sp (i32.const 7))";

pub(crate) async fn prepare(engine: &Engine, image: &Image, limits: Limits) -> Preparation {
    let program = program();
    engine
        .checkpoint(image, &job(Start::Program { program: &program, compiled: None }, limits), u64::MAX)
        .await
        .unwrap()
}

async fn prepared(engine: &Engine, image: &Image) -> Prepared {
    match prepare(engine, image, small_limits()).await {
        Preparation::Ready(prepared) => *prepared,
        Preparation::Failed(outcome) => panic!("{:?}", outcome.failure),
    }
}

async fn call(engine: &Engine, image: &Image, checkpoint: &Checkpoint, limits: Limits) -> Outcome {
    engine.run(image, &job(Start::Checkpoint(checkpoint), limits)).await.unwrap()
}

#[tokio::test]
async fn a_call_finds_what_the_top_level_left_and_not_what_other_calls_did() {
    let engine = one_slot();
    let image = load(&engine, &guest_of(MARKING, &format!("{FINDING} (call $done)"), "(call $done)", ""));
    let checkpoint = prepared(&engine, &image).await.checkpoint;
    for _ in 0..5 {
        let outcome = call(&engine, &image, &checkpoint, small_limits()).await;
        assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
        assert_eq!(outcome.result_json, "1");
    }
}

#[tokio::test]
async fn only_the_pages_that_differ_are_kept() {
    let engine = one_slot();
    // The last one is written to and holds what it held before.
    let same = "(i64.store (i32.const 40000) (i64.const 5)) (i64.store (i32.const 40000) (i64.const 0))";
    let image = load(&engine, &guest_of(&format!("{same} {MARKING}"), "(call $done)", "(call $done)", ""));
    let size = prepared(&engine, &image).await.checkpoint.size();
    // Two pages with marks; the request lies in a third.
    assert!((3 * 4096..3 * 4096 + 100).contains(&size), "{size} bytes");
}

#[tokio::test]
async fn a_slot_is_pristine_after_every_kind_of_call() {
    let ends = [
        ("completed", "(call $done)"),
        ("trap", "(unreachable)"),
        ("fuel and wall", "(loop $again (br $again)) (unreachable)"),
        ("sleep", "(call $sleep (i64.const 9000000000)) (call $done)"),
        ("memory", "(drop (memory.grow (i32.const 60000))) (unreachable)"),
        ("output", "(call $output_write (i32.const 1) (i32.const 0) (i32.const 65536)) (call $done)"),
        ("exit", "(call $exit (i32.const 0)) (call $done)"),
        ("stack", "(call $run (i32.const 0) (i32.const 0))"),
    ];
    let engine = one_slot();
    let checking = load(&engine, &checking_guest());
    for (name, end) in ends {
        let recursing = "(call $run (i32.const 0) (i32.const 0))";
        let image = load(&engine, &guest_of(MARKING, &format!("{FINDING} {end}"), recursing, ""));
        let checkpoint = prepared(&engine, &image).await.checkpoint;
        for fuel in [20_000_000, u64::MAX / 4] {
            call(&engine, &image, &checkpoint, Limits { fuel, ..small_limits() }).await;
            let outcome = run(&engine, &checking, small_limits(), None).await.unwrap();
            assert_eq!(outcome.status, Status::Completed, "after {name}: {:?}", outcome.failure);
        }
    }
}

#[tokio::test]
async fn a_slot_is_pristine_after_a_cancelled_call_and_a_cancelled_preparation() {
    let engine = one_slot();
    let checking = load(&engine, &checking_guest());
    let endless = "(loop $again (br $again)) (unreachable)";
    let calling = load(&engine, &guest_of(MARKING, &format!("{FINDING} {endless}"), endless, ""));
    let preparing = load(&engine, &guest_of(&format!("{MARKING} (drop) {endless}"), endless, endless, ""));
    let checkpoint = prepared(&engine, &calling).await.checkpoint;
    let limits = Limits { fuel: u64::MAX / 4, ..small_limits() };
    for milliseconds in [1, 5, 20] {
        let time = Duration::from_millis(milliseconds);
        assert!(tokio::time::timeout(time, call(&engine, &calling, &checkpoint, limits)).await.is_err());
        let outcome = run(&engine, &checking, small_limits(), None).await.unwrap();
        assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
        assert!(tokio::time::timeout(time, prepare(&engine, &preparing, limits)).await.is_err());
        let outcome = run(&engine, &checking, small_limits(), None).await.unwrap();
        assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    }
}

#[tokio::test]
async fn preparing_has_limits_as_any_execution() {
    let engine = one_slot();
    let cases = [
        ("(loop $again (br $again)) (unreachable)", Status::FuelExhausted),
        ("(call $sleep (i64.const 9000000000)) (call $done)", Status::TimedOut),
        ("(drop (memory.grow (i32.const 1000))) (unreachable)", Status::OutOfMemory),
        (
            "(call $output_write (i32.const 1) (i32.const 0) (i32.const 65536)) (call $done)",
            Status::OutputLimit,
        ),
        ("(unreachable)", Status::Internal),
        ("(call $exit (i32.const 1)) (call $done)", Status::Raised),
    ];
    for (body, status) in cases {
        let image = load(&engine, &guest_of(body, "(call $done)", "(call $done)", ""));
        // So little fuel that it comes before the wall time.
        match prepare(&engine, &image, Limits { fuel: 1_000_000, ..small_limits() }).await {
            Preparation::Failed(outcome) => assert_eq!(outcome.status, status, "{body}"),
            Preparation::Ready(_) => panic!("{body} was prepared"),
        }
    }
}

#[tokio::test]
async fn memory_of_a_checkpoint_counts_for_its_calls() {
    let engine = one_slot();
    let image = load(&engine, &guest_of(MARKING, "(call $done)", "(call $done)", ""));
    let checkpoint = prepared(&engine, &image).await.checkpoint;
    let with = |memory_bytes| Limits { memory_bytes, ..small_limits() };
    let enough = call(&engine, &image, &checkpoint, with(48 << 16)).await;
    assert_eq!((enough.status, enough.usage.peak_memory_bytes), (Status::Completed, 48 << 16));
    let short = call(&engine, &image, &checkpoint, with(47 << 16)).await;
    assert_eq!(short.status, Status::OutOfMemory);
}

#[tokio::test]
async fn a_call_reports_its_own_fuel_and_output() {
    let engine = one_slot();
    let work = "(local $count i32)
        (loop $again
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $count) (i32.const 1000000))))";
    let print = "(call $output_write (i32.const 1) (i32.const 36) (i32.const 1))";
    let image =
        load(&engine, &guest_of(&format!("{work} {print} (call $done)"), "(call $done)", "(call $done)", ""));
    let prepared = prepared(&engine, &image).await;
    assert!(prepared.outcome.usage.fuel > 1_000_000, "{}", prepared.outcome.usage.fuel);
    assert_eq!((prepared.outcome.stdout.as_str(), prepared.outcome.usage.output_bytes), ("1", 1));
    let first = call(&engine, &image, &prepared.checkpoint, small_limits()).await;
    let second = call(&engine, &image, &prepared.checkpoint, small_limits()).await;
    assert!(first.usage.fuel < 1000, "{}", first.usage.fuel);
    assert_eq!(first.usage.fuel, second.usage.fuel);
    assert_eq!((first.stdout.as_str(), first.usage.output_bytes), ("", 0));
}

#[tokio::test]
async fn a_checkpoint_is_for_the_image_that_it_was_taken_from() {
    let engine = one_slot();
    let image = load(&engine, &guest_of(MARKING, "(call $done)", "(call $done)", ""));
    let other = load(&engine, &guest_wat("(call $done)"));
    let checkpoint = prepared(&engine, &image).await.checkpoint;
    assert_eq!(checkpoint.image_digest(), image.digest());
    let refused = engine.run(&other, &job(Start::Checkpoint(&checkpoint), small_limits())).await;
    assert!(
        matches!(&refused, Err(EngineError::BadCheckpoint(reason)) if reason.contains("prepare")),
        "{refused:?}"
    );
    let again =
        engine.checkpoint(&image, &job(Start::Checkpoint(&checkpoint), small_limits()), u64::MAX).await;
    assert!(matches!(again, Err(EngineError::BadCheckpoint(_))));
    let compiled = engine.compile(&image, &job(Start::Checkpoint(&checkpoint), small_limits())).await;
    assert!(matches!(compiled, Err(EngineError::BadCheckpoint(_))));
}

#[tokio::test]
async fn a_signature_that_is_none_is_left_out() {
    // Kind: completed; then at 2000 a signature of a text and of so many of one character more.
    let answering = |text: &str, character: char, times: usize| {
        let (end, length) = (2000 + text.len(), text.len() + times);
        let total = 20 + length;
        let prepare = format!(
            "(drop (memory.grow (i32.const 4)))
             (memory.fill (i32.const {end}) (i32.const {}) (i32.const {times}))
             (memory.copy (i32.const 1980) (i32.const 16) (i32.const 12))
             (i32.store (i32.const 1992) (i32.const 23)) (i32.store (i32.const 1996) (i32.const {length}))
             (i64.or (i64.shl (i64.const 1980) (i64.const 32)) (i64.const {total}))",
            u32::from(character)
        );
        let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        guest_of(&prepare, "(call $done)", "(call $done)", &format!("(data (i32.const 2000) \"{escaped}\")"))
    };
    let engine = one_slot();
    let digits = |times: usize| "1".repeat(times);
    for (text, character, times, told) in [
        ("{\"open\":true}", ' ', 0, Some("{\"open\":true}".to_owned())),
        ("{\"open\":true", ' ', 0, None),
        ("\"\u{e9}\"", ' ', 0, Some("\"\u{e9}\"".to_owned())),
        ("", '\u{ff}', 3, None),
        ("", '1', 60_000, Some(digits(60_000))),
        ("", '1', 70_000, None),
        ("", '[', 60_000, None),
    ] {
        let image = load(&engine, &answering(text, character, times));
        assert_eq!(prepared(&engine, &image).await.signature_json, told, "{text} {character} {times}");
    }
    // A length beyond the answer is no answer at all.
    let image = load(&engine, &answering("", '1', 13).replace("(i64.const 33)", "(i64.const 32)"));
    match prepare(&engine, &image, small_limits()).await {
        Preparation::Failed(outcome) => assert_eq!(outcome.status, Status::Internal),
        Preparation::Ready(_) => panic!("it was taken"),
    }
}
