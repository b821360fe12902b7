//! Loops that hold the fuel in a local: however they are left, what they used is known afterwards, and they
//! mean the same.

mod common;

use ampoule_meter::meter;
use common::{Metered, module};

/// Counts the argument down; `leave` is what stands in the loop's middle.
fn countdown(leave: &str) -> String {
    format!(
        "(loop $again
            {leave}
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (i32.gt_s (local.get 0) (i32.const -1000000))))"
    )
}

/// Every way out of a loop, each after the argument's number of iterations, with its result.
fn ways_out() -> Vec<(&'static str, String, i32)> {
    let done = "(i32.eqz (local.get 0))";
    let plain = "(loop $again
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $again (local.get 0)))
        (i32.const 5)";
    vec![
        ("its end", plain.to_owned(), 5),
        ("a branch", format!("(block $out {}) (i32.const 6)", countdown(&format!("(br_if $out {done})"))), 6),
        (
            "an unconditional branch",
            format!("(block $out {}) (i32.const 7)", countdown(&format!("(if {done} (then (br $out)))"))),
            7,
        ),
        (
            "a branch with a value",
            format!(
                "(block $out (result i32) {} (i32.const 0))",
                countdown(&format!("(drop (br_if $out (i32.const 8) {done}))"))
            ),
            8,
        ),
        (
            "a return",
            format!("{} (i32.const 0)", countdown(&format!("(if {done} (then (return (i32.const 9))))"))),
            9,
        ),
        (
            "a branch to the function's end",
            format!("{} (i32.const 0)", countdown(&format!("(drop (br_if 1 (i32.const 10) {done}))"))),
            10,
        ),
        (
            "a table",
            format!(
                "(block $out {}) (i32.const 11)",
                countdown(&format!("(block $on (br_table $on $out {done}))"))
            ),
            11,
        ),
        (
            "the loop around it",
            format!(
                "(local $times i32)
                (block $out
                    (loop $outer
                        (local.set $times (i32.add (local.get $times) (i32.const 1)))
                        (br_if $out (i32.gt_s (local.get $times) (i32.const 1)))
                        {}))
                (local.get $times)",
                countdown(&format!("(br_if $outer {done})"))
            ),
            2,
        ),
    ]
}

#[test]
fn what_a_loop_used_is_known_however_it_is_left() {
    for (way, body, result) in ways_out() {
        let used = |iterations: i32| {
            let mut metered = Metered::new(&body, 0);
            metered.set_fuel(1 << 40);
            assert_eq!(metered.run(iterations), (result, 0), "left by {way}");
            (1 << 40) - metered.fuel()
        };
        let (some, more) = (used(1000), used(3000));
        assert!(some > 3000, "left by {way}: {some} units for 1000 iterations");
        assert!((2 * some..4 * some).contains(&more), "left by {way}: {some} for 1000, {more} for 3000");
    }
}

#[test]
fn slices_end_inside_a_loop() {
    for (way, body, result) in ways_out() {
        let mut metered = Metered::new(&body, 500);
        let (answer, calls) = metered.run(10_000);
        assert_eq!(answer, result, "left by {way}");
        assert!((40..=700).contains(&calls), "left by {way}: {calls} slices of 500 for 10,000 iterations");
    }
}

#[test]
fn what_the_loop_works_with_survives_the_end_of_a_slice() {
    // More than 16 of a kind, constants, a local that only every other time round writes to.
    let integers: String = (0..20).map(|n| format!("(local $n{n} i32)")).collect();
    let steps: String =
        (0..20).map(|n| format!("(local.set $n{n} (i32.add (local.get $n{n}) (i32.const {n})))")).collect();
    let sums: String = (0..20).map(|n| format!("(i32.add (local.get $n{n}))")).collect();
    let body = format!(
        "{integers} (local $long i64) (local $single f32) (local $double f64) (local $vector v128) (local $odd i32)
        (loop $again
            {steps}
            (local.set $long (i64.add (local.get $long) (i64.const 3)))
            (local.set $single (f32.add (local.get $single) (f32.const 0.5)))
            (local.set $double (f64.add (local.get $double) (f64.const 0.25)))
            (local.set $vector (i32x4.add (local.get $vector) (v128.const i32x4 1 2 3 4)))
            (local.set $vector (i32x4.sub (local.get $vector) (v128.const i32x4 0 1 1 1)))
            (if (i32.and (local.get 0) (i32.const 1)) (then (local.set $odd (local.get 0))))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if $again (local.get 0)))
        (i32.wrap_i64 (local.get $long))
        (i32.add (i32.trunc_f32_s (local.get $single)))
        (i32.add (i32.trunc_f64_s (local.get $double)))
        (i32.add (i32x4.extract_lane 0 (local.get $vector)))
        (i32.add (i32x4.extract_lane 3 (local.get $vector)))
        (i32.add (local.get $odd))
        {sums}"
    );
    let expected = 3 * 1000 + 500 + 250 + 1000 + 3000 + 1 + 1000 * (0..20).sum::<i32>();
    for slice in [0, 1, 100, 1 << 40] {
        assert_eq!(Metered::new(&body, slice).run(1000).0, expected, "slices of {slice}");
    }
}

#[test]
fn the_fuel_is_in_a_local_while_the_loop_goes_round() {
    let text = wasmprinter::print_bytes(meter(&module(&ways_out()[0].1)).expect("it can be metered"));
    let text = text.expect("it can be printed");
    let innermost = text.rsplit("loop").next().expect("there is a loop");
    let (inside, after) = innermost.split_once("end").expect("it has an end");
    assert!(!inside.contains("global") && inside.contains("i64.sub"), "{inside}");
    assert!(after.contains("global.set"), "{after}");
}
