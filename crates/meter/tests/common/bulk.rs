//! A module with bulk memory instructions.

use std::fmt::Write;

/// Bytes that are done at once.
pub(crate) const PIECE: u32 = 256 << 10;

pub(crate) const PAGES: u32 = 32;
pub(crate) const END: u32 = PAGES << 16;

/// The length of the passive segment.
pub(crate) const SEGMENT: u32 = 3 * PIECE + 17;

/// Each instruction as a function of its operands, and once more with each of `lengths` written into the
/// code.
pub(crate) fn module(pages: u32, lengths: &[u32]) -> String {
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
pub(crate) fn contents(length: u32) -> Vec<u8> {
    (0..length).map(|place| (place.wrapping_mul(0x9e37_79b1) >> 24) as u8).collect()
}
