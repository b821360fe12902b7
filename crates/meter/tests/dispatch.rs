//! Calls through the table: the same function is called, the same traps come, the same is charged.

mod common;

use ampoule_meter::meter;
use common::Metered;
use std::fmt::Write;
use wasmtime::Trap;

/// An entry of the table: what it holds.
const ENTRIES: [&str; 12] = [
    "$add0", "$add1", "$add2", "$add3", "$one0", "$one1", "$add4", "$sum0", "$sum1", "$recurse", "$host",
    "$deep",
];

/// A module that calls the entry of its table that `run` has as its argument, as `call` says.
fn module(call: &str, more: &str) -> String {
    let mut adders = String::new();
    for n in 0..5 {
        writeln!(adders, "(func $add{n} (type $unary) (i32.add (local.get 0) (i32.const {n}00)))")
            .expect("text");
    }
    format!(
        r#"(module
            (type $unary (func (param i32) (result i32)))
            (type $same_as_unary (func (param i32) (result i32)))
            (type $constant (func (result i32)))
            (type $many (func (param i32 i64 f32 f64 i32 i32 i32 i32) (result i32)))
            (type $nobody (func (param f64) (result f64)))
            (import "ampoule" "exit" (func $exit (param i32)))
            (import "ampoule" "host" (func $host (type $same_as_unary)))
            (memory (export "memory") 1)
            (global (mut i32) (i32.const 0))
            (table $table 20 20 funcref)
            (elem (i32.const 3) {})
            {adders}
            (func $one0 (type $constant) (i32.const 7))
            (func $one1 (type $constant) (i32.const 8))
            (func $sum0 (type $many) (i32.add (local.get 0) (i32.add (i32.wrap_i64 (local.get 1)) (local.get 7))))
            (func $sum1 (type $many) (i32.add (i32.trunc_f32_s (local.get 2)) (i32.trunc_f64_s (local.get 3))))
            (func $recurse (type $unary)
                (if (result i32) (local.get 0)
                    (then (call_indirect (type $unary) (i32.sub (local.get 0) (i32.const 1)) (i32.const 12)))
                    (else (i32.const 9))))
            (func $deep (type $unary) (return_call_indirect (type $unary) (local.get 0) (i32.const 4)))
            {more}
            (func (export "run") (param i32) (result i32) {call}))"#,
        ENTRIES.join(" ")
    )
}

const UNARY: &str = "(call_indirect (type $unary) (i32.const 5) (local.get 0))";
const CONSTANT: &str = "(call_indirect (type $constant) (local.get 0))";
const MANY: &str = "(call_indirect (type $many) (i32.const 1) (i64.const 20) (f32.const 300) (f64.const 4000)
    (i32.const 5) (i32.const 6) (i32.const 7) (i32.const 50000) (local.get 0))";
const NOBODY: &str = "(drop (call_indirect (type $nobody) (f64.const 1) (local.get 0))) (i32.const 0)";

/// What stands there, metered, as text.
fn text(wat: &str) -> String {
    let wasm = meter(&wat::parse_str(wat).expect("the test's WAT is good")).expect("it can be metered");
    wasmprinter::print_bytes(wasm).expect("it can be printed")
}

/// In every function but the dispatchers, which end with one that traps.
fn calls_through_the_table(wat: &str) -> usize {
    text(wat).matches(" call_indirect").count()
}

/// The same module, but with a table of which it cannot be known what it holds.
fn left_alone(wat: &str) -> String {
    let more = r#"(func (table.set $table (i32.const 0) (ref.null func)))"#;
    wat.replace("(func (export \"run\")", &format!("{more} (func (export \"run\")"))
}

#[test]
fn every_index_calls_the_function_that_is_there() {
    for (call, results) in [
        (UNARY, vec![(3, 5), (4, 105), (5, 205), (6, 305), (9, 405), (12, 9), (13, 1005), (14, 105)]),
        (CONSTANT, vec![(7, 7), (8, 8)]),
        (MANY, vec![(10, 50021), (11, 4300)]),
    ] {
        let wat = module(call, "");
        assert_eq!(calls_through_the_table(&wat), 0, "{call}");
        let mut metered = Metered::of(&wat, 1 << 40);
        for index in -2..40 {
            let expected = results.iter().find(|(there, _)| *there == index).map(|(_, result)| *result);
            assert_eq!(metered.try_run(index).ok(), expected, "{call} of {index}");
        }
    }
}

#[test]
fn what_is_not_there_traps_as_it_did() {
    for call in [UNARY, CONSTANT, MANY, NOBODY] {
        let wat = module(call, "");
        let (mut with, mut without) = (Metered::of(&wat, 1 << 40), Metered::of(&left_alone(&wat), 1 << 40));
        let mut traps = Vec::new();
        for index in (-2..40).chain([i32::MAX, i32::MIN]) {
            let trap = with.try_run(index).err();
            assert_eq!(trap, without.try_run(index).err(), "{call} of {index}");
            traps.extend(trap);
        }
        for trap in [Trap::TableOutOfBounds, Trap::IndirectCallToNull, Trap::BadSignature] {
            assert!(traps.contains(&trap), "{call}: {trap}");
        }
    }
}

#[test]
fn a_call_is_charged_what_it_is_charged_through_the_table() {
    for (call, indices) in [(UNARY, vec![3, 9, 12, 13, 14]), (CONSTANT, vec![7]), (MANY, vec![10, 11])] {
        let wat = module(call, "");
        for index in indices {
            let used = |wat: &str| {
                let mut metered = Metered::of(wat, 0);
                metered.set_fuel(1 << 40);
                metered.try_run(index).expect("it returns");
                (1 << 40) - metered.fuel()
            };
            assert_eq!(used(&wat), used(&left_alone(&wat)), "{call} of {index}");
        }
    }
}

#[test]
fn a_table_that_can_change_is_left_alone() {
    let wat = module(UNARY, "");
    assert_eq!(calls_through_the_table(&wat), 0);
    let changed = |from: &str, to: &str| {
        assert!(wat.contains(from), "{from}");
        wat.replace(from, to)
    };
    for changing in [
        "(func (table.set $table (i32.const 0) (ref.null func)))",
        "(func (drop (table.grow $table (ref.null func) (i32.const 1))))",
        "(func (table.fill $table (i32.const 0) (ref.null func) (i32.const 1)))",
        "(func (table.copy $table $table (i32.const 0) (i32.const 5) (i32.const 1)))",
        "(elem $passive func $add0) (func (table.init $table $passive (i32.const 0) (i32.const 0) (i32.const 1)))",
        r#"(export "table" (table $table))"#,
        "(table $another 1 funcref)",
        "(elem (table $table) (i32.const 0) funcref (ref.func $add0))",
    ] {
        let wat = module(UNARY, changing);
        // $recurse has one too.
        assert_eq!(calls_through_the_table(&wat), 2, "{changing}");
    }
    let imported = changed("(table $table 20 20 funcref)", "")
        .replace("(memory", r#"(import "ampoule" "table" (table $table 20 20 funcref)) (memory"#);
    assert_eq!(calls_through_the_table(&imported), 2);
    let filled = changed("(table $table 20 20 funcref)", "(table $table 20 20 funcref (ref.func $add0))");
    assert_eq!(calls_through_the_table(&filled), 2);
    let open = changed(
        "(type $unary (func (param i32) (result i32)))",
        "(type $unary (sub (func (param i32) (result i32))))",
    );
    assert_eq!(calls_through_the_table(&open), 2);
    let group = changed(
        "(type $constant (func (result i32)))",
        "(rec (type $constant (func (result i32))) (type (func)))",
    );
    assert_eq!(calls_through_the_table(&group), 2);
}

#[test]
fn later_elements_take_the_place_of_earlier_ones() {
    let wat = module(UNARY, "(elem (i32.const 4) $add4 $one0)");
    assert_eq!(calls_through_the_table(&wat), 0);
    let mut metered = Metered::of(&wat, 1 << 40);
    assert_eq!(metered.try_run(4), Ok(405));
    assert_eq!(metered.try_run(5), Err(Trap::BadSignature));
    assert_eq!(metered.try_run(6), Ok(305));
}

#[test]
fn callees_that_lie_far_apart() {
    let far = |entries: &[u32]| {
        let elements: String =
            entries.iter().map(|entry| format!("(elem (i32.const {entry}) $add4)")).collect();
        let wat = module(CONSTANT, &format!("{elements} (func (type $nobody) (local.get 0))"))
            .replace("(table $table 20 20", "(table $table 70000 70000");
        let start = wat.find("(elem (i32.const 3)").expect("it is there");
        let end = start + wat[start..].find(')').expect("its offset ends") + 1;
        let end = end + wat[end..].find(')').expect("it ends") + 1;
        let wat = wat.replace(&wat[start..end], "").replace(CONSTANT, UNARY);
        (calls_through_the_table(&wat), Metered::of(&wat, 1 << 40))
    };
    let (through_the_table, mut two) = far(&[0, 69_999]);
    assert_eq!(through_the_table, 0);
    // More than a br_table can tell apart.
    let (through_the_table, mut five) = far(&[0, 1, 2, 3, 69_999]);
    assert_eq!(through_the_table, 2);
    for metered in [&mut two, &mut five] {
        assert_eq!(metered.try_run(0), Ok(405));
        assert_eq!(metered.try_run(69_999), Ok(405));
        assert_eq!(metered.try_run(4), Err(Trap::IndirectCallToNull));
    }
}
