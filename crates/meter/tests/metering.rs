//! Metering: every cycle is charged and checked, straight code is not slowed, and the module means the same.

mod common;

use ampoule_meter::{MeterError, meter};
use common::{Metered, module};

const LOOP: &str = "(local $sum i32)
    (loop $again
        (local.set $sum (i32.add (local.get $sum) (call $leaf (i32.const 0))))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0)))
    (local.get $sum)";

#[test]
fn every_iteration_of_a_loop_is_charged_with_its_leaf_calls() {
    let (result, calls) = Metered::new(LOOP, 100).run(1000);
    assert_eq!(result, 1000);
    // About 15 instructions an iteration, those of the leaf included.
    assert!((100..=300).contains(&calls), "{calls} slices of 100 for 1000 iterations");
}

#[test]
fn recursion_is_charged() {
    let (result, calls) = Metered::new("(call $recurse (local.get 0))", 10).run(1000);
    assert_eq!(result, 7);
    assert!(calls >= 300, "{calls} slices of 10 for 1000 calls");
}

#[test]
fn bulk_instructions_are_charged_by_their_length() {
    let fill = "(loop $again
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 4096))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0)))
        (i32.load8_u (i32.const 4095))";
    let (result, calls) = Metered::new(fill, 512).run(100);
    assert_eq!(result, 1);
    assert!((90..=110).contains(&calls), "{calls} slices of 512 for 100 times 4 KiB");
}

#[test]
fn the_same_run_is_charged_the_same() {
    assert_eq!(Metered::new(LOOP, 100).run(777), Metered::new(LOOP, 100).run(777));
    let wasm = module(LOOP);
    assert_eq!(meter(&wasm).expect("it can be metered"), meter(&wasm).expect("it can be metered"));
}

#[test]
fn a_module_is_metered_once() {
    let metered = meter(&module(LOOP)).expect("it can be metered");
    assert!(matches!(meter(&metered), Err(MeterError::AlreadyMetered)));
    assert!(matches!(meter(b"\0asm\x01\0\0\0"), Err(MeterError::NoSection("import"))));
    assert!(matches!(meter(b"no module"), Err(MeterError::Malformed(_))));
}
