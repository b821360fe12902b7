//! Bulk memory instructions: charged by their length, and long ones done in pieces with a point between them.
//!
//! One such instruction can write to all of memory, which takes most of a second if no page of it was touched
//! before, and no slice would end meanwhile. So where there is one, it is done there if it is short;
//! otherwise a function is called that is added to the module, one for each instruction with its immediates.
//! Its parameters are the three operands.
//!
//! It does what the instruction does:
//!
//! * What is out of bounds somewhere traps before anything is written: the bounds of the whole are looked at
//!   first, and beyond them the instruction is done as a whole, which traps by itself. `refuel` changes no
//!   memory, so they hold.
//! * A copy is as if all were read before anything is written: from the end if a piece would overwrite what
//!   is still to be read.

use crate::body::MeteredFunction;
use crate::rewrite::Writer;
use wasm_encoder::{BlockType, Function, Instruction, InstructionSink, ValType};
use wasmparser::Operator;

/// A short one costs one unit per this many bytes: what a plain loop over vectors would move.
const BYTES_PER_UNIT_LOG2: i64 = 3;

/// Up to so many bytes, a page, it is short: it touches two pages at most.
const SHORT: u32 = 4 << 10;

/// Units for each byte beyond that, as the base-2 logarithm: two, 8,192 a page.
///
/// The first access to a page since the guest began is a page fault: filling 900 MiB of them takes 0.9 to 2.2
/// µs a page, a copy up to 2.4. At the 7·10⁹ units a second of a busy loop the price comes to 1.2 µs. A unit
/// for eight bytes would be 12 to 30 times too low.
///
/// What was touched before costs the same, as nothing here can tell. That is two or three times its time if
/// it lies beyond the caches (0.4 to 0.6 µs a page), and 14 times if it lies in them (0.08 µs).
pub(crate) const UNITS_PER_BYTE_LOG2: i64 = 1;

/// What the first bytes of a long one would cost too much, so that one byte more never makes a leap.
const DISCOUNT: i64 = ((SHORT as i64) << UNITS_PER_BYTE_LOG2) - ((SHORT as i64) >> BYTES_PER_UNIT_LOG2);

/// Bytes that are done at once: about a slice of fuel.
const PIECE: u32 = 256 << 10;

/// Parameters of an added function, and its locals.
const TO: u32 = 0;
/// The byte, if it fills.
const FROM: u32 = 1;
const LENGTH: u32 = 2;
const PIECE_LENGTH: u32 = 3;

/// What an added function takes.
pub(crate) const OPERANDS: [ValType; 3] = [ValType::I32; 3];

/// A bulk instruction with its immediates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bulk {
    Copy { to: u32, from: u32 },
    Fill { memory: u32 },
    Init { memory: u32, segment: u32 },
}

impl Bulk {
    pub(crate) fn of(operator: &Operator<'_>) -> Option<Bulk> {
        match *operator {
            Operator::MemoryCopy { dst_mem, src_mem } => Some(Bulk::Copy { to: dst_mem, from: src_mem }),
            Operator::MemoryFill { mem } => Some(Bulk::Fill { memory: mem }),
            Operator::MemoryInit { data_index, mem } => Some(Bulk::Init { memory: mem, segment: data_index }),
            _ => None,
        }
    }

    fn write(self, code: &mut InstructionSink<'_>) {
        match self {
            Bulk::Copy { to, from } => code.memory_copy(to, from),
            Bulk::Fill { memory } => code.memory_fill(memory),
            Bulk::Init { memory, segment } => code.memory_init(memory, segment),
        };
    }

    /// The body of the added function. `fuel` and `refuel` are the global and the import.
    pub(crate) fn body(self, fuel: u32, refuel: u32) -> Function {
        let mut function = Function::new_with_locals_types([ValType::I32]);
        let mut code = function.instructions();
        self.trap_beyond_bounds(&mut code);
        code.global_get(fuel).i64_const(DISCOUNT).i64_add().global_set(fuel);
        if let Bulk::Copy { .. } = self {
            // Unsigned: if it lies below the source, the difference wraps, to no less than the length.
            code.local_get(TO).local_get(FROM).i32_sub().local_get(LENGTH).i32_lt_u().if_(BlockType::Empty);
            self.pieces(&mut code, Direction::Down, fuel, refuel);
            code.return_().end();
        }
        self.pieces(&mut code, Direction::Up, fuel, refuel);
        code.end();
        function
    }

    fn trap_beyond_bounds(self, code: &mut InstructionSink<'_>) {
        let (Bulk::Copy { to: memory, .. } | Bulk::Fill { memory } | Bulk::Init { memory, .. }) = self;
        self.whole_if_beyond(code, TO, |code| size_of(code, memory));
        match self {
            Bulk::Copy { from, .. } => self.whole_if_beyond(code, FROM, |code| size_of(code, from)),
            Bulk::Fill { .. } => {}
            Bulk::Init { .. } => {
                // No instruction tells how long a segment is, but one of no length traps beyond its end.
                self.whole_if_beyond(code, FROM, |code| {
                    code.i64_const(i64::from(u32::MAX));
                });
                code.i32_const(0).local_get(FROM).local_get(LENGTH).i32_add().i32_const(0);
                self.write(code);
            }
        }
    }

    /// Does the whole if `start` and the length come to more than `size` leaves on the stack, an `i64`.
    fn whole_if_beyond(
        self,
        code: &mut InstructionSink<'_>,
        start: u32,
        size: impl FnOnce(&mut InstructionSink<'_>),
    ) {
        // In 64 bits the sum does not wrap.
        code.local_get(start).i64_extend_i32_u().local_get(LENGTH).i64_extend_i32_u().i64_add();
        size(code);
        code.i64_gt_u().if_(BlockType::Empty).local_get(TO).local_get(FROM).local_get(LENGTH);
        self.write(code);
        code.end();
    }

    /// Charges each piece, and asks for fuel before the next one if there is none left. The last one leaves
    /// that to the next point, as short ones do.
    fn pieces(self, code: &mut InstructionSink<'_>, direction: Direction, fuel: u32, refuel: u32) {
        let piece = PIECE as i32;
        code.loop_(BlockType::Empty)
            .local_get(LENGTH)
            .i32_const(piece)
            .local_get(LENGTH)
            .i32_const(piece)
            .i32_lt_u()
            .select()
            .local_set(PIECE_LENGTH);
        code.global_get(fuel)
            .local_get(PIECE_LENGTH)
            .i64_extend_i32_u()
            .i64_const(UNITS_PER_BYTE_LOG2)
            .i64_shl()
            .i64_sub()
            .global_set(fuel);
        code.local_get(LENGTH).local_get(PIECE_LENGTH).i32_sub().local_set(LENGTH);
        let pointers: &[u32] = if let Bulk::Fill { .. } = self { &[TO] } else { &[TO, FROM] };
        match direction {
            Direction::Up => {
                code.local_get(TO).local_get(FROM).local_get(PIECE_LENGTH);
                self.write(code);
                for pointer in pointers {
                    code.local_get(*pointer).local_get(PIECE_LENGTH).i32_add().local_set(*pointer);
                }
            }
            Direction::Down => {
                for pointer in pointers {
                    code.local_get(*pointer).local_get(LENGTH).i32_add();
                }
                code.local_get(PIECE_LENGTH);
                self.write(code);
            }
        }
        code.local_get(LENGTH)
            .if_(BlockType::Empty)
            .global_get(fuel)
            .i64_const(0)
            .i64_lt_s()
            .if_(BlockType::Empty)
            .global_get(fuel)
            .call(refuel)
            .global_set(fuel)
            .end()
            .br(1)
            .end()
            .end();
    }
}

/// Which piece is the first.
#[derive(Clone, Copy)]
enum Direction {
    Up,
    /// For copies to further up.
    Down,
}

/// How many bytes the memory has.
fn size_of(code: &mut InstructionSink<'_>, memory: u32) {
    code.memory_size(memory).i64_extend_i32_u().i64_const(16).i64_shl();
}

impl MeteredFunction<'_> {
    /// With its operands on the stack. `constant` is the length if that is one: nothing is compared then, and
    /// the compiler finds the constant where it looks for it, as it does short copies itself.
    pub(crate) fn bulk(&mut self, writer: &Writer<'_>, bulk: Bulk, constant: Option<u32>) {
        let (fuel, length) = (self.survey.global_count, self.spare);
        let function = writer.bulk_function(bulk);
        if constant.is_some_and(|length| length > SHORT) {
            self.function.instruction(&Instruction::Call(function));
            return;
        }
        let mut code = self.function.instructions();
        code.local_tee(length);
        if constant.is_none() {
            code.local_get(length).i32_const(SHORT as i32).i32_gt_u();
            self.branches.push(self.function.byte_len() as u32);
            let mut code = self.function.instructions();
            code.if_(BlockType::FunctionType(writer.bulk_type())).call(function).else_();
        }
        let mut code = self.function.instructions();
        // The next point checks.
        code.global_get(fuel)
            .local_get(length)
            .i64_extend_i32_u()
            .i64_const(BYTES_PER_UNIT_LOG2)
            .i64_shr_u()
            .i64_sub()
            .global_set(fuel);
        bulk.write(&mut code);
        if constant.is_none() {
            code.end();
        }
    }
}
