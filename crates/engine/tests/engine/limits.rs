//! Every limit has its own outcome, whatever the guest does, and the slot is good afterwards.

use crate::common::{guest_wat, load, one_slot, run, small_limits};
use ampoule_world::{Limits, Outcome, Status};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

async fn outcome_of(body: &str, limits: Limits) -> Outcome {
    let engine = one_slot();
    let image = load(&engine, &guest_wat(body));
    let outcome = run(&engine, &image, limits, None).await.unwrap();
    let fine = load(&engine, &guest_wat("(call $done)"));
    let after = run(&engine, &fine, small_limits(), None).await.unwrap();
    assert_eq!((after.status, after.result_json.as_str()), (Status::Completed, "1"), "the slot after {body}");
    outcome
}

#[tokio::test]
async fn an_endless_loop_ends_at_its_fuel() {
    let limits = Limits { fuel: 1_000_000, ..small_limits() };
    let outcome = outcome_of("(loop $again (br $again)) (unreachable)", limits).await;
    assert_eq!(outcome.status, Status::FuelExhausted);
    assert!(outcome.failure.unwrap().message.contains("1000000 units of fuel"));
    assert!(outcome.usage.fuel >= 1_000_000, "{}", outcome.usage.fuel);
}

#[tokio::test]
async fn an_endless_loop_ends_at_its_wall_time() {
    let limits = Limits { fuel: u64::MAX / 4, ..small_limits() };
    let outcome = outcome_of("(loop $again (br $again)) (unreachable)", limits).await;
    assert_eq!(outcome.status, Status::TimedOut);
    assert!(outcome.failure.unwrap().message.contains("0.5 s"));
    assert!(outcome.usage.wall_time >= limits.wall_time);
    assert!(outcome.usage.cpu_time > limits.wall_time / 4, "{:?}", outcome.usage.cpu_time);
}

#[tokio::test]
async fn what_other_processes_have_of_the_processors_is_waiting() {
    let ends = Arc::new(AtomicBool::new(false));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let busy: Vec<_> = (0..4 * processors)
        .map(|_| {
            let ends = Arc::clone(&ends);
            std::thread::spawn(move || while !ends.load(Relaxed) {})
        })
        .collect();
    let limits = Limits { fuel: u64::MAX / 4, ..small_limits() };
    let outcome = outcome_of("(loop $again (br $again)) (unreachable)", limits).await;
    ends.store(true, Relaxed);
    for thread in busy {
        thread.join().unwrap();
    }
    let usage = &outcome.usage;
    assert_eq!(outcome.status, Status::TimedOut);
    // It has a fifth of a processor, and computes for its wall time all the same.
    assert!(usage.cpu_time > limits.wall_time * 9 / 10, "{usage:?}");
    assert!(usage.wait_time > limits.wall_time, "{usage:?}");
}

#[tokio::test]
async fn sleeping_counts_as_wall_time_but_not_as_processor_time() {
    let outcome = outcome_of("(call $sleep (i64.const 3600000000000)) (call $done)", small_limits()).await;
    assert_eq!(outcome.status, Status::TimedOut);
    assert!(outcome.usage.cpu_time < outcome.usage.wall_time / 2);
}

#[tokio::test]
async fn memory_beyond_the_limit_is_refused_and_a_trap_after_it_is_out_of_memory() {
    let body = "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then (unreachable))) (call $done)";
    let outcome = outcome_of(body, small_limits()).await;
    assert_eq!(outcome.status, Status::OutOfMemory);
    let granted = outcome_of(body, Limits { memory_bytes: 16 << 20, ..small_limits() }).await;
    assert_eq!(granted.status, Status::Completed);
    assert_eq!(granted.usage.peak_memory_bytes, 100 << 16);
}

#[tokio::test]
async fn memory_is_counted_beyond_the_images() {
    let limits = Limits { memory_bytes: 10 << 16, ..small_limits() };
    let grow = |pages: u32| {
        format!(
            "(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then (unreachable))) (call $done)"
        )
    };
    let all = outcome_of(&grow(10), limits).await;
    assert_eq!((all.status, all.usage.peak_memory_bytes), (Status::Completed, 10 << 16));
    let more = outcome_of(&grow(11), limits).await;
    assert_eq!((more.status, more.usage.peak_memory_bytes), (Status::OutOfMemory, 0));
    let none = outcome_of("(call $done)", Limits { memory_bytes: 0, ..small_limits() }).await;
    assert_eq!((none.status, none.usage.peak_memory_bytes), (Status::Completed, 0));
}

#[tokio::test]
async fn output_beyond_the_limit_stops_the_guest_and_keeps_what_fits() {
    let body = "(loop $again (call $output_write (i32.const 1) (i32.const 36) (i32.const 1)) (br $again)) (unreachable)";
    let outcome = outcome_of(body, small_limits()).await;
    assert_eq!(outcome.status, Status::OutputLimit);
    assert_eq!(outcome.stdout, "1".repeat(1000));
    assert!(outcome.stdout_truncated && !outcome.stderr_truncated);
}

#[tokio::test]
async fn one_huge_write_takes_no_more_of_the_host_than_the_limit() {
    let body = "(call $output_write (i32.const 2) (i32.const 0) (i32.const 65536)) (call $done)";
    let outcome = outcome_of(body, small_limits()).await;
    assert_eq!(outcome.status, Status::OutputLimit);
    assert!(outcome.stderr.len() <= 1000 && outcome.stderr_truncated);
    assert_eq!(outcome.usage.output_bytes, 65536);
}

#[tokio::test]
async fn a_response_larger_than_the_result_limit_is_an_output_limit() {
    let limits = Limits { result_bytes: 0, ..small_limits() };
    let outcome = outcome_of("(call $done)", limits).await;
    assert_eq!(outcome.status, Status::OutputLimit);
    assert!(outcome.failure.unwrap().message.contains("limit is 0 bytes"));
}

#[tokio::test]
async fn native_stack_exhaustion_is_a_recursion_error() {
    let outcome = outcome_of("(call $run (i32.const 0) (i32.const 0))", small_limits()).await;
    assert_eq!(outcome.status, Status::Raised);
    assert_eq!(outcome.failure.unwrap().kind, "RecursionError");
}
