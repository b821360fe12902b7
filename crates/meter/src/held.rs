//! Which loops hold the fuel in a local while they go round, and what they need for it.
//!
//! The fuel is a global: memory, to which every way round would write and which the next one would wait for:
//! cycles that a loop over vectors does not have. A loop that calls nothing can hold it in a local and write
//! it back where it is left; nobody else looks at it meanwhile. If such a loop traps, its last ways round
//! stay uncharged.
//!
//! It still calls `refuel`, and a compiler keeps nothing in vector registers that is needed after a call: it
//! would write all of them to the stack every time round. So the locals the loop works with are put away in
//! globals before that call, and taken back after it: then none of them lives across it. Vector constants
//! become such locals, because the compiler loads them once, before the loop.

use crate::MeterError;
use crate::loops::{Mark, Placement};
use std::collections::BTreeSet;
use wasmparser::{BlockType, FunctionBody, Operator};

/// What a loop that holds the fuel works with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worked {
    /// Numbers of the locals it reads before it writes to them: what one time round leaves to the next.
    pub(crate) locals: BTreeSet<u32>,
    /// Its vector constants.
    pub(crate) constants: BTreeSet<i128>,
}

/// Of each loop of the function, in the order in which they appear; `None` if it cannot hold the fuel.
pub(crate) fn held(
    body: &FunctionBody<'_>,
    placements: &[Placement],
) -> Result<Vec<Option<Worked>>, MeterError> {
    let mut held: Vec<Option<Worked>> = Vec::new();
    // What has been written to in this time round the innermost loop, whichever way was taken.
    let mut written = BTreeSet::new();
    // Of the open blocks: the index of a loop.
    let mut open: Vec<Option<usize>> = Vec::new();
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        // An enclosing loop is out by its inner loop already.
        let at = open.iter().rposition(Option::is_some);
        let innermost = at.and_then(|at| open[at]);
        let mut refuse = || innermost.map(|index| held[index] = None);
        match &operator {
            Operator::Loop { blockty } => {
                refuse();
                let index = held.len();
                open.push(Some(index));
                written.clear();
                let plain = *blockty == BlockType::Empty && placements[index] == Placement::Branches;
                held.push(plain.then(Worked::default));
            }
            Operator::Block { .. } | Operator::If { .. } => open.push(None),
            Operator::End => drop(open.pop()),
            Operator::LocalGet { local_index } => {
                let worked = innermost.and_then(|index| held[index].as_mut());
                if let Some(worked) = worked.filter(|_| !written.contains(local_index)) {
                    worked.locals.insert(*local_index);
                }
            }
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index }
                // In a block of the loop, it may be left out.
                if at == open.len().checked_sub(1) =>
            {
                written.insert(*local_index);
            }
            Operator::V128Const { value } => {
                if let Some(worked) = innermost.and_then(|index| held[index].as_mut()) {
                    worked.constants.insert(value.i128());
                }
            }
            // A table that leads out of the loop would need a way out of its own for each target.
            Operator::BrTable { targets } => {
                let inside = at.map_or(0, |at| open.len() - 1 - at) as u32;
                let mut depths = targets.targets().collect::<Result<Vec<u32>, _>>()?;
                depths.push(targets.default());
                if depths.iter().any(|depth| *depth >= inside) {
                    refuse();
                }
            }
            Operator::TryTable { .. } => {
                refuse();
                open.push(None);
            }
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            // They are charged to the global, and long ones are calls.
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryInit { .. }
            | Operator::MemoryGrow { .. } => drop(refuse()),
            operator if Mark::of(operator).is_some() => drop(refuse()),
            _ => {}
        }
    }
    Ok(held)
}
