//! Bulk memory instructions: what they do is what wasm says, in however many pieces, and nothing else.

mod common;

use common::Metered;
use common::bulk::{END, PAGES, PIECE, SEGMENT, contents, module};
use wasmtime::Trap;

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
            let high = END - length;
            pair.same("copy", [high, high - distance, length]).expect("it ends where memory does");
            pair.same("copy", [high - distance, high, length]).expect("it ends where memory does");
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
    // Its end wraps around to within the segment.
    metered.memory()[0] = segment[100].wrapping_add(1);
    assert_eq!(metered.operate("init", [0, 100, u32::MAX]), Err(Trap::MemoryOutOfBounds));
    assert_eq!(metered.memory()[0], segment[100].wrapping_add(1));
}

#[test]
fn what_stands_around_it_stays() {
    for (length, points) in [(0, 0), (PIECE as i32, 0), (PIECE as i32 + 1, 1), (SEGMENT as i32, 3)] {
        // One more where the function is entered.
        let result = Metered::of(&module(PAGES, &[]), 0).run(length);
        assert_eq!(result, (7 + length + 5, 1 + points));
    }
}
