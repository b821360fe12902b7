//! Memory that a module adds: charged at the price of pages that nobody touched, and a point.
//!
//! Whoever has it may touch it at a few units a page, a fault each. So it is paid for when it is added, and
//! the slice ends there: the host gives shorter ones from then on (the engine's `pace.rs`). What is refused
//! costs nothing.

use crate::body::MeteredFunction;
use crate::bulk::UNITS_PER_BYTE_LOG2;
use wasm_encoder::BlockType;

/// Bytes by which memory grows, as the base-2 logarithm.
const PAGE_BYTES_LOG2: i64 = 16;

impl MeteredFunction<'_> {
    /// With what `memory.grow` gave on the stack, where it stays.
    pub(crate) fn growth(&mut self, memory: u32) {
        let (fuel, before) = (self.survey.global_count, self.spare);
        let mut code = self.function.instructions();
        code.local_tee(before).i32_const(-1).i32_ne().if_(BlockType::Empty);
        code.global_get(fuel)
            .memory_size(memory)
            .local_get(before)
            .i32_sub()
            .i64_extend_i32_u()
            .i64_const(PAGE_BYTES_LOG2 + UNITS_PER_BYTE_LOG2)
            .i64_shl();
        self.subtract_and_check();
        // `refuel` does not touch the local.
        self.function.instructions().end().local_get(before);
    }
}
