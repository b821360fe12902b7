//! Bulk memory instructions: where they are interrupted, and what they cost.

mod common;

use ampoule_meter::meter;
use common::Metered;
use common::bulk::{PAGES, PIECE, SEGMENT, contents, module};
use wasmtime::Trap;

#[test]
fn between_two_pieces_is_a_point() {
    let lengths = [PIECE, PIECE + 1, SEGMENT];
    let mut metered = Metered::of(&module(PAGES, &lengths), 0);
    let distance = 5;
    for (length, points) in lengths.into_iter().zip([0, 1, 3]) {
        for name in ["copy", "fill", "init"] {
            for name in [name.to_owned(), format!("{name}{length}")] {
                for operands in [[0, distance, length], [distance, 0, length]] {
                    if name.starts_with("init") && operands[1] != 0 {
                        continue;
                    }
                    let before = metered.refuels();
                    metered.set_fuel(0);
                    metered.operate(&name, operands).expect("it is in bounds");
                    assert_eq!(metered.refuels() - before, points, "{name} {operands:?}");
                    // With fuel enough, none asks.
                    metered.set_fuel(1 << 40);
                    metered.operate(&name, operands).expect("it is in bounds");
                    assert_eq!(metered.refuels() - before, points, "{name} {operands:?}");
                }
            }
        }
    }
}

#[test]
fn without_fuel_one_piece_is_done() {
    let wat = module(PAGES, &[]);
    let done = |name: &str, operands: [u32; 3]| {
        let mut metered = Metered::of(&wat, -1);
        metered.memory().fill(3);
        metered.memory()[..SEGMENT as usize].fill(4);
        assert_eq!(metered.operate(name, operands), Err(Trap::OutOfFuel), "{name}");
        let memory = metered.memory()[SEGMENT as usize..].iter();
        memory.filter(|byte| **byte != 3).count()
    };
    let piece = PIECE as usize;
    assert_eq!(done("fill", [SEGMENT, 4, SEGMENT]), piece);
    assert_eq!(done("copy", [SEGMENT, 0, SEGMENT]), piece);
    let differ = contents(PIECE).iter().filter(|byte| **byte != 3).count();
    assert_eq!(done("init", [SEGMENT, 0, SEGMENT]), differ);
}

#[test]
fn the_charge_goes_by_the_length() {
    // A unit for eight bytes up to 4 KiB, two for each byte beyond.
    let charges: [(u32, i64); 9] = [
        (0, 0),
        (7, 0),
        (8, 1),
        (4096, 512),
        (4097, 514),
        (8192, 512 + 8192),
        (PIECE, 512 + 2 * (262_144 - 4096)),
        (PIECE + 8, 512 + 2 * (262_152 - 4096)),
        (SEGMENT, 512 + 2 * (786_449 - 4096)),
    ];
    let wat = module(PAGES, &charges.map(|(length, _)| length));
    let mut metered = Metered::of(&wat, 0);
    for (length, units) in charges {
        for name in ["copy", "fill", "init"] {
            for (name, operands) in [
                (name.to_owned(), [PIECE, 0, length]),
                (name.to_owned(), [0, 0, length]),
                (format!("{name}{length}"), [0, 0, 0]),
            ] {
                metered.set_fuel(1 << 40);
                metered.operate(&name, operands).expect("it is in bounds");
                assert_eq!((1 << 40) - metered.fuel(), units, "{name} {operands:?}");
            }
        }
    }
}

/// What stands there, metered, as text.
fn text(body: &str) -> String {
    let wasm = meter(&common::module(body)).expect("it can be metered");
    wasmprinter::print_bytes(wasm).expect("it can be printed")
}

#[test]
fn short_constants_are_not_compared_and_long_ones_are_called() {
    let fill = |length: u32| {
        let text =
            text(&format!("(memory.fill (i32.const 0) (i32.const 1) (i32.const {length})) (local.get 0)"));
        let after = text.split_once(&format!("i32.const {length}\n")).expect("it is there").1;
        let function = after.split_once("(func").expect("one is added").0;
        [function.contains("memory.fill"), function.contains("call"), function.contains("if")]
    };
    assert_eq!(fill(24), [true, false, false]);
    assert_eq!(fill(4096), [true, false, false]);
    assert_eq!(fill(4097), [false, true, false]);
}

#[test]
fn functions_are_added_only_for_what_is_there() {
    let functions = |body: &str| text(body).matches("\n  (func ").count();
    let none = functions("(local.get 0)");
    let fill = "(memory.fill (i32.const 0) (i32.const 1) (local.get 0))";
    let copy = "(memory.copy (i32.const 0) (i32.const 1) (local.get 0))";
    assert_eq!(functions(&format!("{fill} {fill} (local.get 0)")), none + 1);
    assert_eq!(functions(&format!("{fill} {copy} (local.get 0)")), none + 2);
}

#[test]
fn however_long_it_is_one_piece_is_done_at_once() {
    let wat = module(1 << 16, &[]);
    for (name, operands) in [
        ("fill", [0u32.wrapping_sub(2 * PIECE), 9, 2 * PIECE]),
        ("fill", [0, 9, 1 << 31]),
        ("copy", [1 << 31, 0, 1 << 31]),
    ] {
        let mut metered = Metered::of(&wat, -1);
        if name == "copy" {
            metered.memory()[..2 * PIECE as usize].fill(9);
        }
        assert_eq!(metered.operate(name, operands), Err(Trap::OutOfFuel), "{name} {operands:x?}");
        let end = (operands[0] + PIECE) as usize;
        assert_eq!(metered.memory()[end - 1..=end], [9, 0], "{name} {operands:x?}");
    }
}
