//! Nothing of one guest is there for the next in the same slot: memory, globals, table, random bytes, time.

use crate::common::{guest_wat, load, one_slot, run, small_limits};
use ampoule_engine::CLOCK_RESOLUTION_NANOS;
use ampoule_model::{Deterministic, Limits, Status};

/// Fills the image's page and 3 MiB more with a mark, sets a global, then does `end`.
fn marking_guest(end: &str) -> String {
    guest_wat(&format!(
        "(drop (memory.grow (i32.const 48)))
         (memory.fill (i32.const 8192) (i32.const 0xA5) (i32.const 3000000))
         (global.set $scratch (i64.const 77)) (global.set $sp (i32.const 1)) {end}"
    ))
}

/// Completes only if all of its memory, also what it has grown, and its globals are as in the image.
pub(crate) fn checking_guest() -> String {
    guest_wat(
        "(local $at i32)
         (if (i64.ne (global.get $scratch) (i64.const 0)) (then (unreachable)))
         (if (i32.ne (global.get $sp) (i32.const 65536)) (then (unreachable)))
         (if (i32.ne (memory.size) (i32.const 1)) (then (unreachable)))
         (drop (memory.grow (i32.const 48)))
         (local.set $at (i32.const 8192))
         (loop $next
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (unreachable)))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 3200000))))
         (call $done)",
    )
}

#[tokio::test]
async fn memory_and_globals_are_pristine_after_every_kind_of_end() {
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
        let marking = load(&engine, &marking_guest(end));
        for fuel in [20_000_000, u64::MAX / 4] {
            run(&engine, &marking, Limits { fuel, ..small_limits() }, None).await.unwrap();
            let outcome = run(&engine, &checking, small_limits(), None).await.unwrap();
            assert_eq!(outcome.status, Status::Completed, "after {name}: {:?}", outcome.failure);
        }
    }
}

#[tokio::test]
async fn memory_is_pristine_after_a_cancelled_execution() {
    let engine = one_slot();
    let checking = load(&engine, &checking_guest());
    let marking = load(&engine, &marking_guest("(loop $again (br $again)) (unreachable)"));
    for milliseconds in [1, 5, 20] {
        let endless = run(&engine, &marking, Limits { fuel: u64::MAX / 4, ..small_limits() }, None);
        let cancelled = tokio::time::timeout(std::time::Duration::from_millis(milliseconds), endless).await;
        assert!(cancelled.is_err());
        let outcome = run(&engine, &checking, small_limits(), None).await.unwrap();
        assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    }
}

/// Prints 32 random bytes, as they are.
const RANDOM_PRINTER: &str = "(call $random_fill (i32.const 4096) (i32.const 32))
    (call $output_write (i32.const 1) (i32.const 4096) (i32.const 32)) (call $done)";

#[tokio::test]
async fn random_bytes_are_fresh_or_as_the_seed_says() {
    let engine = one_slot();
    let image = load(&engine, &guest_wat(RANDOM_PRINTER));
    let fixed = |seed| Some(Deterministic { seed, now_unix_nanos: 0 });
    let mut outputs = Vec::new();
    for deterministic in [None, None, fixed(1), fixed(1), fixed(2)] {
        outputs.push(run(&engine, &image, small_limits(), deterministic).await.unwrap().stdout);
    }
    assert_ne!(outputs[0], outputs[1]);
    assert_eq!(outputs[2], outputs[3]);
    assert_ne!(outputs[3], outputs[4]);
}

#[tokio::test]
async fn the_clock_starts_anew_and_is_coarse() {
    // Completes when the execution's clock is below one second and a multiple of the resolution.
    let body = format!(
        "(local $now i64) (call $sleep (i64.const 3000000)) (local.set $now (call $clock_now (i32.const 1)))
         (if (i64.gt_u (local.get $now) (i64.const 1000000000)) (then (unreachable)))
         (if (i64.eqz (local.get $now)) (then (unreachable)))
         (if (i64.ne (i64.rem_u (local.get $now) (i64.const {CLOCK_RESOLUTION_NANOS})) (i64.const 0)) (then (unreachable)))
         (if (i64.ne (i64.rem_u (call $clock_now (i32.const 0)) (i64.const {CLOCK_RESOLUTION_NANOS})) (i64.const 0)) (then (unreachable)))
         (call $done)"
    );
    let engine = one_slot();
    let image = load(&engine, &guest_wat(&body));
    for _ in 0..3 {
        let outcome = run(&engine, &image, small_limits(), None).await.unwrap();
        assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    }
}

#[tokio::test]
async fn a_fixed_clock_is_the_requests_and_ends_waiting_loops() {
    let body = "(if (i64.ne (call $clock_now (i32.const 0)) (i64.const 5000000000)) (then (unreachable)))
         (loop $wait (br_if $wait (i64.lt_s (call $clock_now (i32.const 0)) (i64.const 6000000000))))
         (call $done)";
    let engine = one_slot();
    let image = load(&engine, &guest_wat(body));
    let fixed = Some(Deterministic { seed: 0, now_unix_nanos: 5_000_000_000 });
    let first = run(&engine, &image, small_limits(), fixed).await.unwrap();
    let second = run(&engine, &image, small_limits(), fixed).await.unwrap();
    assert_eq!(first.status, Status::Completed, "{:?}", first.failure);
    assert_eq!(first.usage.fuel, second.usage.fuel);
}
