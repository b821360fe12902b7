//! Loops: where they are charged, which meter themselves, and that none goes round for nothing.

mod common;

use ampoule_meter::{MeterError, meter};
use common::{Metered, module};

/// What a C source writes by METER_BOUNDED() of runtimes/guest/meter.h.
const BOUNDED: &str = "(i64.const 0x616d706f756c6531) (drop)";

/// What it writes by METER_CHARGE(units).
fn charge(units: &str) -> String {
    format!("{units} (i64.const 0x616d706f756c6532) (drop) (drop)")
}

/// Counts its argument down to zero, passing `marks` in every iteration.
fn countdown(marks: &str) -> String {
    format!(
        "(loop $again
            {marks}
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (local.get 0)))
        (local.get 0)"
    )
}

/// Calls of `refuel` while `body` runs with `argument`, a unit at a time.
fn units(body: &str, argument: i32) -> u64 {
    Metered::new(body, 0).run(argument).1
}

#[test]
fn a_marked_loop_is_charged_what_it_charges_itself() {
    assert_eq!(units(&countdown(BOUNDED), 1000), 0);
    let (_, calls) = Metered::new(&countdown(&charge("(i32.const 50)")), 500).run(1000);
    // A slice is granted below zero and replaces what is left: 11 iterations use it up.
    assert!((90..=92).contains(&calls), "{calls} slices of 500 for 1000 times 50 units");
    // The charge is unsigned.
    assert_eq!(Metered::new(&(charge("(i32.const -1)") + "(local.get 0)"), 1 << 40).run(0).1, 1);
}

#[test]
fn a_loop_with_one_way_round_that_has_no_mark_is_charged() {
    let skips = format!("(block $skip (br_if $skip (i32.and (local.get 0) (i32.const 1))) {BOUNDED})");
    assert!(units(&countdown(&skips), 1000) > 900);
    let one_arm = format!("(if (i32.and (local.get 0) (i32.const 1)) (then {BOUNDED}))");
    assert!(units(&countdown(&one_arm), 1000) > 900);
    let both_arms = format!("(if (i32.and (local.get 0) (i32.const 1)) (then {BOUNDED}) (else {BOUNDED}))");
    assert_eq!(units(&countdown(&both_arms), 1000), 0);
    let in_an_inner_loop = format!("(loop {BOUNDED})");
    assert_eq!(units(&countdown(&in_an_inner_loop), 1000), 0);
    let table = format!(
        "(block $two (block $one (br_table $one $two (i32.and (local.get 0) (i32.const 1)))) {BOUNDED})"
    );
    assert!(units(&countdown(&table), 1000) > 900);
}

#[test]
fn a_mark_before_the_loop_or_in_another_one_does_not_count() {
    assert!(units(&format!("{BOUNDED} {}", countdown("")), 1000) > 900);
    let outer_only = format!(
        "(local $n i32)
        (loop $outer
            {BOUNDED}
            (local.set $n (i32.const 100))
            (loop $inner
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $inner (local.get $n)))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $outer (local.get 0)))
        (local.get 0)"
    );
    assert!(units(&outer_only, 10) > 900);
    // Control flow that leaves an inner loop with a mark, for a point of the outer loop after it.
    let left = format!(
        "(local $n i32)
        (loop $outer
            (block $out
                (loop $inner
                    (br_if $out (i32.const 1))
                    {BOUNDED}
                    (br $inner)))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $outer (local.get 0)))
        (local.get 0)"
    );
    assert!(units(&left, 1000) > 900);
}

#[test]
fn a_loop_that_does_not_come_round_costs_what_straight_code_costs() {
    let (_, calls) = Metered::new(&countdown(""), 1).run(1);
    assert_eq!(calls, 0, "one pass of a loop took a point");
    assert!(units(&countdown(""), 1000) > 900);
}

#[test]
fn a_loop_that_a_table_leads_back_to_is_charged() {
    let body = "(block $out
        (loop $again
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_table $out $again (i32.ne (local.get 0) (i32.const 0)))))
        (local.get 0)";
    let (result, calls) = Metered::new(body, 0).run(1000);
    assert_eq!(result, 0);
    assert!(calls > 900);
}

#[test]
fn a_loop_that_takes_values_is_charged() {
    let body = "(local.get 0)
        (loop $again (param i32) (result i32)
            (local.set 0 (i32.sub (i32.const 1)))
            (local.get 0)
            (br_if $again (local.get 0)))";
    let body = body.replace("(local.set 0 (i32.sub (i32.const 1)))", "i32.const 1 i32.sub local.set 0");
    let (result, calls) = Metered::new(&body, 0).run(1000);
    assert_eq!(result, 0);
    assert!(calls > 900);
}

#[test]
fn half_a_mark_is_refused() {
    let half = module("(i64.const 0x616d706f756c6531) (i64.const 1) (drop) (drop) (local.get 0)");
    assert!(matches!(meter(&half), Err(MeterError::HalfMark)));
}
