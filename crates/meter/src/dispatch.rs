//! Calls through the function table become direct calls of a *dispatcher*, one for each signature, that
//! branches to the callee: `call_indirect` is `call $dispatcher`, with the index as one more argument.
//!
//! wasmtime fills the table of a fresh instance as it is used: the first call through every entry goes by way
//! of the runtime and dirties memory that is then reset. A guest is fresh in every execution, so that was 4
//! of the 44 µs of a trivial one, and 0.7 of the 10.9 ms of a pandas pipeline, which calls 1,400 functions so
//! (SPECIFICATION.md). A dispatcher is code, the same in every instance, and no slower than a table that is
//! filled.
//!
//! The table and its elements stay for whatever else uses them. Nothing is charged: the survey prices the
//! `call_indirect` that was there, a dispatcher has no point in it, and what it calls, it calls as a tail.

use crate::MeterError;
use crate::table::Table;
use std::collections::BTreeMap;
use wasm_encoder::{BlockType, Function, Instruction};
use wasmparser::FuncType;

/// Most entries of one `br_table`: an engine need not take more than 65,520.
const LONGEST_BR_TABLE: u32 = 65_000;

/// Up to so many callees are compared one by one: they may lie far apart, and a `br_table` has all between
/// them in it.
const COMPARED: usize = 3;

/// What takes the place of calls through the table.
#[derive(Debug, Default)]
pub(crate) struct Dispatch {
    /// For each type of the module: which of the dispatchers its calls go to.
    of_type: Vec<Option<u32>>,
    pub(crate) dispatchers: Vec<Dispatcher>,
}

/// The function for the calls of one signature.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    pub(crate) signature: FuncType,
    /// A type of this signature.
    type_index: u32,
    /// Entries of the table, ascending, and the functions in them.
    callees: Vec<(u32, u32)>,
}

impl Dispatch {
    /// Without dispatchers if it cannot be said beforehand what a call through the table calls.
    pub(crate) fn of(wasm: &[u8]) -> Result<Dispatch, MeterError> {
        let Some(table) = Table::of(wasm)? else { return Ok(Dispatch::default()) };
        let mut callees: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
        for (&entry, &function) in &table.entries {
            if let Some(type_index) = table.type_of(function) {
                callees.entry(type_index).or_default().push((entry, function));
            }
        }
        let mut dispatch = Dispatch { of_type: vec![None; table.types.len()], dispatchers: Vec::new() };
        for (type_index, callees) in callees {
            let dispatcher =
                Dispatcher { signature: table.types[type_index as usize].clone(), type_index, callees };
            if !table.calls(type_index) || !dispatcher.can_be_written() {
                continue;
            }
            for (same, of_type) in dispatch.of_type.iter_mut().enumerate() {
                if table.same_as[same] == type_index {
                    *of_type = Some(dispatch.dispatchers.len() as u32);
                }
            }
            dispatch.dispatchers.push(dispatcher);
        }
        Ok(dispatch)
    }

    /// Which dispatcher is called instead of `call_indirect` with these immediates.
    pub(crate) fn dispatcher(&self, type_index: u32, table_index: u32) -> Option<u32> {
        // There are dispatchers only if there is one table.
        debug_assert!(table_index == 0 || self.dispatchers.is_empty());
        self.of_type.get(type_index as usize).copied().flatten()
    }
}

impl Dispatcher {
    fn lowest(&self) -> u32 {
        self.callees[0].0
    }

    /// How many entries of the table lie between the first callee and the last.
    fn span(&self) -> u32 {
        self.callees[self.callees.len() - 1].0 - self.lowest()
    }

    fn can_be_written(&self) -> bool {
        self.callees.len() <= COMPARED || self.span() < LONGEST_BR_TABLE
    }

    /// The body. It takes the signature's parameters and the index; `index_of` tells a function's index in
    /// the module that is written.
    pub(crate) fn body(&self, index_of: impl Fn(u32) -> u32) -> Function {
        let mut function = Function::new([]);
        let callees: Vec<(u32, u32)> =
            self.callees.iter().map(|(entry, callee)| (*entry, index_of(*callee))).collect();
        if callees.len() <= COMPARED {
            self.compare(&mut function, &callees);
        } else {
            self.branch(&mut function, &callees);
        }
        // No callee of this signature has this index: the instruction traps, and the trap says why.
        self.arguments(&mut function)
            .instruction(&Instruction::LocalGet(self.index()))
            .instruction(&Instruction::ReturnCallIndirect { type_index: self.type_index, table_index: 0 })
            .instruction(&Instruction::End);
        function
    }

    fn compare(&self, function: &mut Function, callees: &[(u32, u32)]) {
        for (entry, callee) in callees {
            function
                .instruction(&Instruction::LocalGet(self.index()))
                .instruction(&Instruction::I32Const(*entry as i32))
                .instruction(&Instruction::I32Eq)
                .instruction(&Instruction::If(BlockType::Empty));
            self.arguments(function)
                .instruction(&Instruction::ReturnCall(*callee))
                .instruction(&Instruction::End);
        }
    }

    fn branch(&self, function: &mut Function, callees: &[(u32, u32)]) {
        // A block that ends before each call and, outermost, one for entries that are none of the callees'.
        let none = callees.len() as u32;
        for _ in 0..=none {
            function.instruction(&Instruction::Block(BlockType::Empty));
        }
        let mut targets = vec![none; self.span() as usize + 1];
        for (target, (entry, _)) in (0..).zip(callees) {
            targets[(entry - self.lowest()) as usize] = target;
        }
        function
            .instruction(&Instruction::LocalGet(self.index()))
            .instruction(&Instruction::I32Const(self.lowest() as i32))
            .instruction(&Instruction::I32Sub)
            .instruction(&Instruction::BrTable(targets.into(), none));
        for (_, callee) in callees {
            function.instruction(&Instruction::End);
            self.arguments(function).instruction(&Instruction::ReturnCall(*callee));
        }
        function.instruction(&Instruction::End);
    }

    /// The local with the index: the last parameter.
    fn index(&self) -> u32 {
        self.signature.params().len() as u32
    }

    /// Puts the arguments of the call on the stack.
    fn arguments<'f>(&self, function: &'f mut Function) -> &'f mut Function {
        for parameter in 0..self.index() {
            function.instruction(&Instruction::LocalGet(parameter));
        }
        function
    }
}
