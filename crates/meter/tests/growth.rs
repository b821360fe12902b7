//! Memory that is added costs fuel, and adding it is a point.

mod common;

use common::Metered;

/// Units for each page of 64 KiB.
const PAGE: i64 = 2 << 16;

fn growing(memory: &str, body: &str) -> String {
    format!(
        r#"(module
            (import "ampoule" "exit" (func $exit (param i32)))
            (memory (export "memory") {memory})
            (global (mut i32) (i32.const 0))
            (func (export "run") (param i32) (result i32) {body}))"#
    )
}

#[test]
fn what_is_added_is_charged_and_a_point() {
    let wat = growing("1 20", "(memory.grow (local.get 0))");
    let mut metered = Metered::of(&wat, 1_000);
    metered.set_fuel(1 << 40);
    // What it gives is what it gives without metering; what is refused, or nothing, is free.
    assert_eq!(metered.run(5), (1, 0));
    assert_eq!(metered.fuel(), (1 << 40) - 5 * PAGE);
    assert_eq!((metered.run(100), metered.run(-1), metered.run(0)), ((-1, 0), (-1, 0), (6, 0)));
    assert_eq!(metered.fuel(), (1 << 40) - 5 * PAGE);
    metered.set_fuel(2 * PAGE - 1);
    assert_eq!(metered.run(2), (6, 1), "without fuel enough it asks for more");
    assert_eq!(metered.fuel(), 1_000);
}

#[test]
fn a_loop_that_adds_memory_pays_for_it() {
    let body = "(loop $again
            (drop (memory.grow (i32.const 1)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (memory.size)";
    let mut metered = Metered::of(&growing("1 20", body), 1_000);
    metered.set_fuel(1 << 40);
    assert_eq!(metered.run(10).0, 11);
    let used = (1 << 40) - metered.fuel();
    assert!((10 * PAGE..10 * PAGE + 1_000).contains(&used), "{used} units");
}
