//! Random sequences of operations over few names (`programs/random.c`): the guests' WASI does what Linux
//! does, and what `wasmtime-wasi` does, with forms of paths and kinds of descriptors that it has no way of
//! its own with (`differences.txt`).
//!
//! `AMPOULE_WASI_SEEDS=FROM..TO` tries other seeds than the usual ones.

use crate::programs::{keep_lines, number_of};
use crate::worlds::{Outcome, Task, in_guest, in_wasi, on_linux};
use std::ops::Range;

/// `operation` in random.c: call, a, b, c as bytes, and a number.
pub(crate) const OPERATION_BYTES: usize = 8;

#[derive(Clone, Copy, Debug)]
struct Operation {
    call: u8,
    a: u8,
    b: u8,
    c: u8,
    number: i32,
}

type Sequence = (u64, Vec<Operation>);

/// With what the guests are compared, and by which operations.
#[derive(Clone, Copy)]
struct Kind {
    other: fn(Task<'_>) -> Outcome,
    /// Of the calls of random.c the first so many.
    calls: u64,
    /// Of its places.
    places: u64,
    /// Its `is_plain`.
    plain: bool,
}

const AS_ON_LINUX: Kind = Kind { other: on_linux, calls: 48, places: 40, plain: false };
const AS_IN_WASI: Kind = Kind { other: in_wasi, calls: 43, places: 24, plain: true };

/// Before each sequence.
const NEXT: u8 = 255;
/// Operations of one sequence.
const LENGTHS: Range<u64> = 10..100;
/// Sequences that one process runs: their operations fit into random.c's buffer.
const AT_ONCE: u64 = 500;
const SEEDS: Range<u64> = 0..2500;

/// SplitMix64.
pub(crate) fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn below(most: u64, state: &mut u64) -> u64 {
    next(state) % most
}

/// A place: most often one of the first few, so that something is there.
fn draw_place(places: u64, state: &mut u64) -> u8 {
    let most = match below(10, state) {
        0..5 => 4,
        5..8 => 14,
        _ => places,
    };
    below(most, state) as u8
}

/// The sequence of a seed. It begins with what makes something.
fn draw(seed: u64, kind: Kind) -> Vec<Operation> {
    /// open, open of a folder, write, mkdir, link, symlink, openat.
    const MAKING: [u8; 12] = [0, 1, 2, 3, 3, 7, 8, 15, 16, 25, 26, 33];
    let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
    let length = LENGTHS.start + below(LENGTHS.end - LENGTHS.start, &mut state);
    let mut draw_one = |at: u64| {
        let making = at < 8 || below(4, &mut state) == 0;
        let call = if making {
            MAKING[below(MAKING.len() as u64, &mut state) as usize]
        } else {
            below(kind.calls, &mut state) as u8
        };
        Operation {
            call,
            a: draw_place(kind.places, &mut state),
            b: draw_place(kind.places, &mut state),
            c: below(256, &mut state) as u8,
            number: below(1 << 31, &mut state) as i32,
        }
    };
    (0..length).map(&mut draw_one).collect()
}

/// As random.c reads them.
fn bytes_of(sequences: &[Sequence]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (seed, operations) in sequences {
        let head = Operation { call: NEXT, a: 0, b: 0, c: 0, number: *seed as i32 };
        for operation in std::iter::once(&head).chain(operations) {
            bytes.extend([operation.call, operation.a, operation.b, operation.c]);
            bytes.extend(operation.number.to_le_bytes());
        }
    }
    bytes
}

/// What the guests and the other world print of the same sequences.
fn run(sequences: &[Sequence], kind: Kind) -> (String, String) {
    let operations = bytes_of(sequences);
    let program = number_of("random_operations");
    let task = Task { program, variant: u32::from(kind.plain), operations: &operations, input: &[] };
    let lines = |outcome: Outcome| format!("{}end = {}\n", outcome.stdout, outcome.end);
    (lines(in_guest(task)), lines((kind.other)(task)))
}

/// The first lines that differ.
fn first_difference<'a>(here: &'a str, there: &'a str) -> Option<(&'a str, &'a str)> {
    let mut there = there.lines();
    for line in here.lines() {
        let other = there.next().unwrap_or("");
        if line != other {
            return Some((line, other));
        }
    }
    there.next().map(|line| ("", line))
}

/// Leaves out operations as long as the lines still differ.
fn shrink(seed: u64, kind: Kind) -> Vec<Operation> {
    let mut operations = draw(seed, kind);
    let mut step = operations.len() / 2;
    while step > 0 {
        let mut at = 0;
        while at < operations.len() {
            let mut fewer = operations.clone();
            fewer.drain(at..(at + step).min(operations.len()));
            let (here, there) = run(&[(seed, fewer.clone())], kind);
            if here == there {
                at += step;
            } else {
                operations = fewer;
            }
        }
        step /= 2;
    }
    operations
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("AMPOULE_WASI_SEEDS") else { return SEEDS };
    let (from, to) = text.split_once("..").expect("AMPOULE_WASI_SEEDS is FROM..TO");
    from.parse().expect("a number")..to.parse().expect("a number")
}

/// The seed in front of a line, `seed.number call = result`.
fn seed_of(line: &str) -> Option<u64> {
    line.split_once('.')?.0.parse().ok()
}

fn compare(kind: Kind) {
    let seeds = seeds();
    for from in seeds.clone().step_by(AT_ONCE as usize) {
        let at_once = from..(from + AT_ONCE).min(seeds.end);
        let sequences: Vec<Sequence> = at_once.map(|seed| (seed, draw(seed, kind))).collect();
        let (here, there) = run(&sequences, kind);
        let name = if kind.plain { "plain" } else { "random" };
        keep_lines(&format!("{name}-{from}"), &[("guest", &here), ("other", &there)]);
        if let Some((here, there)) = first_difference(&here, &there) {
            let seed = seed_of(here).or(seed_of(there));
            let seed = seed.unwrap_or_else(|| panic!("guest: {here}\nother: {there}"));
            let (guest, other) = run(&[(seed, shrink(seed, kind))], kind);
            panic!("{here}\nother: {there}\nas short as it gets, guest:\n{guest}\nother:\n{other}");
        }
    }
}

#[test]
fn sequences_end_as_on_linux() {
    compare(AS_ON_LINUX);
}

#[test]
fn plain_sequences_end_as_in_wasmtime_wasi() {
    compare(AS_IN_WASI);
}
