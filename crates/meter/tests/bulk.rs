//! Bulk memory instructions: what they do is what wasm says, in however many pieces, and nothing else.

mod common;

use ampoule_meter::meter;
use common::Metered;
use std::fmt::Write;
use wasmtime::Trap;

/// Bytes that are done at once.
const PIECE: u32 = 256 << 10;

const PAGES: u32 = 40;
const END: u32 = PAGES << 16;

/// The length of the passive segment.
const SEGMENT: u32 = 3 * PIECE + 17;

/// Each instruction as a function of its operands, and once more with each of `lengths` written into the code.
fn module(pages: u32, lengths: &[u32]) -> String {
    let mut functions = String::new();
    let instructions = ["memory.copy", "memory.fill", "memory.init $segment"];
    for (name, instruction) in ["copy", "fill", "init"].into_iter().zip(instructions) {
        let lengths =
            lengths.iter().map(|length| (format!("{name}{length}"), format!("(i32.const {length})")));
        let one = (name.to_owned(), "(local.get 2)".to_owned());
        for (name, length) in lengths.chain([one]) {
            writeln!(
                functions,
                r#"(func (export "{name}") (param i32 i32 i32)
                    ({instruction} (local.get 0) (local.get 1) {length}))"#
            )
            .expect("text");
        }
    }
    let segment: String = contents(SEGMENT).iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        r#"(module
            (import "ampoule" "exit" (func $exit (param i32)))
            (memory (export "memory") {pages})
            (data $segment "{segment}")
            (global (mut i32) (i32.const 0))
            (table 1 funcref)
            (elem (i32.const 0) $called)
            (func $called (param i32) (result i32) (i32.const 5))
            (func (export "run") (param i32) (result i32)
                (i32.const 7)
                (i64.const 1)
                (memory.fill (i32.const 0) (i32.const 1) (local.get 0))
                (drop)
                (i32.add (local.get 0))
                (i32.add (call_indirect (param i32) (result i32) (i32.const 0) (i32.const 0))))
            {functions})"#
    )
}

/// Bytes that do not repeat at any distance that a piece in the wrong place would have.
fn contents(length: u32) -> Vec<u8> {
    (0..length).map(|place| (place.wrapping_mul(0x9e37_79b1) >> 24) as u8).collect()
}

/// The metered module and the one that it was.
struct Pair {
    metered: Metered,
    plain: Metered,
    contents: Vec<u8>,
}

impl Pair {
    fn new(slice: i64, lengths: &[u32]) -> Pair {
        let wat = module(PAGES, lengths);
        let (metered, plain) = (Metered::of(&wat, slice), Metered::unmetered(&wat));
        Pair { metered, plain, contents: contents(END) }
    }

    /// Does the same in both, with the same contents of memory before, and compares what comes of it.
    fn same(&mut self, name: &str, operands: [u32; 3]) -> Result<(), Trap> {
        self.metered.memory().copy_from_slice(&self.contents);
        self.plain.memory().copy_from_slice(&self.contents);
        let (ours, theirs) = (self.metered.operate(name, operands), self.plain.operate(name, operands));
        assert_eq!(ours, theirs, "{name} {operands:x?}");
        assert!(self.metered.memory() == self.plain.memory(), "{name} {operands:x?}: memory differs");
        ours
    }
}

const LENGTHS: [u32; 15] = [
    0,
    1,
    4095,
    4096,
    4097,
    PIECE - 1,
    PIECE,
    PIECE + 1,
    PIECE + PIECE / 2,
    2 * PIECE - 1,
    2 * PIECE,
    2 * PIECE + 1,
    3 * PIECE,
    3 * PIECE + 1,
    SEGMENT,
];

#[test]
fn copies_that_overlap() {
    // At every piece the execution could end, or be at the end of a slice.
    let mut pair = Pair::new(0, &[]);
    let distances =
        [0, 1, 2, 4096, PIECE / 2, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 1, 4 * PIECE];
    let low = PIECE / 2 + 3;
    for length in LENGTHS {
        for distance in distances {
            pair.same("copy", [low, low + distance, length]).expect("it is in bounds");
            pair.same("copy", [low + distance, low, length]).expect("it is in bounds");
        }
    }
}

#[test]
fn fills_and_segments() {
    let mut pair = Pair::new(0, &[]);
    for length in LENGTHS {
        for to in [0, 1, PIECE - 1, END - length] {
            // Of the value, one byte counts.
            pair.same("fill", [to, 0x1234_5678, length]).expect("it is in bounds");
            for from in [0, SEGMENT - length] {
                pair.same("init", [to, from, length]).expect("it is in bounds");
            }
        }
    }
}

#[test]
fn lengths_that_are_constants() {
    let mut pair = Pair::new(0, &LENGTHS);
    for length in LENGTHS {
        for name in ["copy", "fill", "init"] {
            let operands = [PIECE + 5, 0, u32::MAX];
            pair.same(&format!("{name}{length}"), operands).expect("it is in bounds");
            pair.same(&format!("{name}{length}"), [END - length, 0, 0]).expect("it is in bounds");
            let beyond = [END - length + 1, 0, 0];
            assert_eq!(pair.same(&format!("{name}{length}"), beyond), Err(Trap::MemoryOutOfBounds));
        }
    }
}

#[test]
fn what_is_out_of_bounds_traps_before_anything_is_written() {
    let mut pair = Pair::new(0, &[]);
    let long = 1 << 31;
    let mut cases = Vec::new();
    for length in LENGTHS {
        // By one byte, at either end of the copy or of the segment.
        cases.push(("copy", [END - length + 1, 0, length]));
        cases.push(("copy", [0, END - length + 1, length]));
        cases.push(("fill", [END - length + 1, 1, length]));
        cases.push(("init", [END - length + 1, 0, length]));
        cases.push(("init", [0, SEGMENT - length + 1, length]));
    }
    for length in [END + 1, long - 1, long, long + 1, u32::MAX - PIECE, u32::MAX - 1, u32::MAX] {
        for place in [0, 1, PIECE, END, long, u32::MAX - 2 * PIECE, u32::MAX - 1, u32::MAX] {
            cases.push(("copy", [place, 0, length]));
            cases.push(("copy", [0, place, length]));
            cases.push(("copy", [place, place, length]));
            cases.push(("fill", [place, 1, length]));
            cases.push(("init", [place, 0, length]));
            cases.push(("init", [0, place, length]));
        }
    }
    // Sums that wrap around to where all would be well.
    for name in ["copy", "fill", "init"] {
        cases.push((name, [u32::MAX - PIECE, 0, PIECE + 1]));
        cases.push((name, [u32::MAX, 0, PIECE + 1]));
    }
    for name in ["copy", "init"] {
        cases.push((name, [0, u32::MAX - PIECE, PIECE + 1]));
        cases.push((name, [0, u32::MAX, PIECE + 1]));
    }
    for (name, operands) in cases {
        let trap = pair.same(name, operands).expect_err("it is out of bounds");
        assert_eq!(trap, Trap::MemoryOutOfBounds, "{name} {operands:x?}");
        assert!(pair.metered.memory() == pair.contents, "{name} {operands:x?}: something was written");
    }
    assert_eq!(pair.metered.refuels(), 0);
}

#[test]
fn a_dropped_segment_has_no_bytes() {
    let dropped = module(PAGES, &[]).replace(
        "(func $called",
        r#"(func (export "drop") (param i32 i32 i32) (data.drop $segment)) (func $called"#,
    );
    let mut metered = Metered::of(&dropped, 0);
    metered.operate("init", [0, 0, SEGMENT]).expect("it is there");
    metered.operate("drop", [0, 0, 0]).expect("it is there");
    metered.memory().fill(3);
    assert_eq!(metered.operate("init", [0, 0, SEGMENT]), Err(Trap::MemoryOutOfBounds));
    assert!(metered.memory().iter().all(|byte| *byte == 3));
}

#[test]
fn a_memory_of_all_that_can_be_addressed() {
    let mut metered = Metered::of(&module(1 << 16, &[]), 0);
    let length = 2 * PIECE + 1;
    let last = 0u32.wrapping_sub(length);
    let ends = |metered: &mut Metered| {
        let memory = metered.memory();
        let end = memory.len();
        [memory[last as usize - 1], memory[last as usize], memory[end - PIECE as usize], memory[end - 1]]
    };
    metered.operate("fill", [last, 9, length]).expect("it ends where memory does");
    assert_eq!(ends(&mut metered), [0, 9, 9, 9]);
    metered.operate("copy", [last, 0, length]).expect("it ends where memory does");
    assert_eq!(ends(&mut metered), [0; 4]);
    metered.operate("init", [last, 0, length]).expect("it ends where memory does");
    let segment = contents(SEGMENT);
    let expected = [0, PIECE as usize + 1, 2 * PIECE as usize].map(|place| segment[place]);
    assert_eq!(ends(&mut metered)[1..], expected);
    metered.operate("copy", [0, last, length]).expect("it ends where memory does");
    assert_eq!(metered.memory()[..length as usize], segment[..length as usize]);
    for name in ["fill", "copy", "init"] {
        assert_eq!(metered.operate(name, [last + 1, 0, length]), Err(Trap::MemoryOutOfBounds), "{name}");
    }
}

#[test]
fn what_stands_around_it_stays() {
    for length in [0, PIECE as i32, PIECE as i32 + 1, SEGMENT as i32] {
        let (result, _) = Metered::of(&module(PAGES, &[]), 0).run(length);
        assert_eq!(result, 7 + length + 5);
    }
}

#[test]
fn between_two_pieces_is_a_point() {
    let lengths = [PIECE, PIECE + 1, SEGMENT];
    let wat = module(PAGES, &lengths);
    let distance = 5;
    for (length, points) in lengths.into_iter().zip([0, 1, 3]) {
        for name in ["copy", "fill", "init"] {
            for name in [name.to_owned(), format!("{name}{length}")] {
                for operands in [[0, distance, length], [distance, 0, length]] {
                    if name.starts_with("init") && operands[1] != 0 {
                        continue;
                    }
                    let mut metered = Metered::of(&wat, 0);
                    metered.operate(&name, operands).expect("it is in bounds");
                    assert_eq!(metered.refuels(), points, "{name} {operands:?}");
                    // With fuel enough for all but the last piece, none of them asks.
                    metered.set_fuel(1 << 40);
                    metered.operate(&name, operands).expect("it is in bounds");
                    assert_eq!(metered.refuels(), points, "{name} {operands:?}");
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
