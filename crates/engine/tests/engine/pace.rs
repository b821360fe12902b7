//! Slices are short while a guest has memory that nobody touched; what else costs a processor costs fuel and
//! is asked for.

use crate::common::{guest_wat, guest_wat_with, job, load, program, small_limits};
use ampoule_engine::{Engine, EngineConfig, EngineError, Growing, Job, MemoryGrant, NoMemory, Start};
use ampoule_model::{Limits, Outcome, Status};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Units of fuel in a slice.
const SLICE: u64 = 400_000;

/// Gives up to so much, and counts the looks.
#[derive(Debug)]
struct Giving {
    granted: AtomicU64,
    most: u64,
    looks: AtomicU64,
}

impl MemoryGrant for Giving {
    fn granted(&self) -> u64 {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.granted.load(Ordering::Relaxed)
    }

    fn try_grow(&self, bytes: u64) -> bool {
        let grown = self.granted.load(Ordering::Relaxed) + bytes;
        if grown <= self.most {
            self.granted.store(grown, Ordering::Relaxed);
        }
        grown <= self.most
    }

    fn refusal(&self, _: u64) -> NoMemory {
        NoMemory { reason: "there is none".into(), retry_after: Duration::ZERO }
    }

    fn grow(&self, bytes: u64) -> Growing<'_> {
        Box::pin(async move { Err(self.refusal(bytes)) })
    }
}

/// Runs a guest that begins with 8 MiB; what it was granted at the end, and how often it was looked at.
async fn run(wat: &str, fuel_slice: u64, most: u64) -> (Result<Outcome, EngineError>, u64, u64) {
    let config = EngineConfig {
        slots: 1,
        reused_guests: 0,
        max_memory_bytes: 64 << 20,
        fuel_slice,
        ..EngineConfig::default()
    };
    let engine = Engine::new(config).unwrap();
    let image = load(&engine, wat);
    let giving = Arc::new(Giving { granted: AtomicU64::new(8 << 20), most, looks: AtomicU64::new(0) });
    let memory: Arc<dyn MemoryGrant> = Arc::clone(&giving) as Arc<dyn MemoryGrant>;
    let program = program();
    let start = Start::Program { program: &program, compiled: None };
    let limits = Limits {
        memory_bytes: 64 << 20,
        wall_time: Duration::from_secs(60),
        fuel: 200_000_000,
        ..small_limits()
    };
    let outcome = engine.run(&image, &Job { memory: Some(&memory), ..job(start, limits) }).await;
    (outcome, giving.granted.load(Ordering::Relaxed), giving.looks.load(Ordering::Relaxed))
}

/// Computes for so many rounds, of some 10 units.
fn rounds(count: u32) -> String {
    format!(
        "(local.set $at (i32.const 0))
         (loop $next (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const {count}))))"
    )
}

/// Touches every page of 60 MiB.
const TOUCH: &str = "(local.set $at (i32.const 65536))
     (loop $next
        (i32.store (local.get $at) (i32.const 1))
        (local.set $at (i32.add (local.get $at) (i32.const 4096)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 62914560))))";

#[tokio::test]
async fn a_guest_that_touches_fresh_memory_is_looked_at_often() {
    // The slice in which it grows ends there.
    let wat =
        guest_wat(&format!("(local $at i32) (drop (memory.grow (i32.const 960))) {TOUCH} (call $done)"));
    let (outcome, _, looks) = run(&wat, SLICE, u64::MAX).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    // Two units a byte for what is added; a slice for the rest.
    let added = 2 * 960 * 65536;
    let rest = outcome.usage.fuel.checked_sub(added).expect("what it adds is paid for");
    assert!(rest < SLICE && looks >= 10, "{looks} looks, {rest} units");
    // Where slices end changes nothing of what it uses.
    for slice in [10_000, 10_000_000] {
        assert_eq!(run(&wat, slice, u64::MAX).await.0.unwrap().usage.fuel, outcome.usage.fuel);
    }
}

/// A guest that calls itself so often, and computes there.
fn deep(calls: u32) -> String {
    let items = format!(
        "(func $deep (param $calls i32) (result i32) (local $at i32)
            (if (i32.eqz (local.get $calls)) (then {} (return (i32.const 1))))
            (i32.add (call $deep (i32.sub (local.get $calls) (i32.const 1))) (local.get $calls)))",
        rounds(200_000)
    );
    // Before that, so that it is known where the stack begins.
    let body =
        format!("(local $at i32) {} (drop (call $deep (i32.const {calls}))) (call $done)", rounds(200_000));
    guest_wat_with(&body, &items)
}

#[tokio::test]
async fn a_deep_native_stack_is_asked_for_as_memory_is() {
    let (outcome, granted, _) = run(&deep(10), SLICE, u64::MAX).await;
    assert_eq!((outcome.unwrap().status, granted), (Status::Completed, 8 << 20));
    let (outcome, granted, _) = run(&deep(400_000), SLICE, u64::MAX).await;
    assert_eq!(outcome.unwrap().status, Status::Completed);
    assert!(granted > 12 << 20, "{granted}");
    let (outcome, ..) = run(&deep(400_000), SLICE, 8 << 20).await;
    assert!(matches!(outcome, Err(EngineError::NoMemory(_))), "{outcome:?}");
}

#[tokio::test]
async fn random_bytes_cost_fuel() {
    let random = |bytes: u32| {
        guest_wat(&format!("(call $random_fill (i32.const 8192) (i32.const {bytes})) (call $done)"))
    };
    let fuel = async |bytes| run(&random(bytes), SLICE, u64::MAX).await.0.unwrap().usage.fuel;
    assert_eq!(fuel(50_000).await - fuel(0).await, 8 * 50_000);
    let endless = guest_wat(
        "(loop $again (call $random_fill (i32.const 0) (i32.const 65536)) (br $again)) (unreachable)",
    );
    let outcome = run(&endless, SLICE, u64::MAX).await.0.unwrap();
    assert_eq!(outcome.status, Status::FuelExhausted);
}
