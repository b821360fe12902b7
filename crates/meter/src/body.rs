//! A function's body, written again with its points.

use crate::MeterError;
use crate::bulk::Bulk;
use crate::held::Worked;
use crate::loops::{Mark, Placement};
use crate::rewrite::{Writer, Written};
use crate::survey::{Charges, LoopCharge, Survey};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{BlockType, ConstExpr, Function, Instruction, ValType};
use wasmparser::{FunctionBody, Operator};

/// Types of locals that are put away, with their zeros.
pub(crate) const PUT_AWAY: [(ValType, fn() -> ConstExpr); 5] = [
    (ValType::I32, || ConstExpr::i32_const(0)),
    (ValType::I64, || ConstExpr::i64_const(0)),
    (ValType::F32, || ConstExpr::f32_const(0.0.into())),
    (ValType::F64, || ConstExpr::f64_const(0.0.into())),
    (ValType::V128, || ConstExpr::v128_const(0)),
];

/// How many of each type: a machine has 16 registers of a kind, and what does not fit into them is on the
/// stack anyway.
pub(crate) const PUT_AWAY_EACH: u32 = 16;

/// Blocks that are written around a loop that holds the fuel.
const BLOCKS_AROUND: u32 = 3;

/// An open block.
#[derive(Clone, Copy)]
struct Label<'a> {
    /// What branches to it are charged: a loop's.
    charge: Option<u64>,
    /// If it is a loop that holds the fuel in a local: how it is charged.
    holds: Option<&'a LoopCharge>,
    /// Branches to it carry values.
    carries: bool,
}

pub(crate) struct MeteredFunction<'a> {
    pub(crate) function: Function,
    pub(crate) survey: &'a Survey,
    /// Of parameters and locals.
    types: Vec<ValType>,
    /// A spare local for what is on top of the stack.
    pub(crate) spare: u32,
    /// A local for the fuel, in a loop that holds it, and the first of those for its vector constants.
    fuel_held: u32,
    first_constant: u32,
    labels: Vec<Label<'a>>,
    /// Where the branches of the points are, in bytes from the start of the body.
    pub(crate) branches: Vec<u32>,
}

impl<'a> MeteredFunction<'a> {
    /// `types` of the function's parameters and locals; metering adds locals of its own.
    pub(crate) fn new(
        survey: &'a Survey,
        charges: &Charges,
        parameters: usize,
        mut types: Vec<ValType>,
    ) -> Self {
        let spare = types.len() as u32;
        types.extend([ValType::I32, ValType::I64]);
        let constants = charges.loops.iter().filter_map(|charge| charge.held.as_ref());
        let constants = constants.map(|worked| worked.constants.len()).max().unwrap_or(0);
        types.extend(std::iter::repeat_n(ValType::V128, constants));
        MeteredFunction {
            function: Function::new_with_locals_types(types[parameters..].iter().copied()),
            survey,
            types,
            spare,
            fuel_held: spare + 1,
            first_constant: spare + 2,
            labels: Vec::new(),
            branches: Vec::new(),
        }
    }

    pub(crate) fn write(
        &mut self,
        writer: &mut Writer<'_>,
        charges: &'a Charges,
        body: &FunctionBody<'_>,
    ) -> Written {
        if let Some(charge) = charges.entry {
            self.point(charge);
        }
        let mut loops = charges.loops.iter();
        let mut operators = body.get_operators_reader()?.into_iter();
        // What the last instruction leaves on top of the stack, if that is a constant.
        let mut constant = None;
        while let Some(operator) = operators.next() {
            let operator = operator?;
            let top = constant.take();
            if let Operator::I32Const { value } = operator {
                constant = Some(value as u32);
            }
            if let Some(mark) = Mark::of(&operator) {
                for _ in 0..mark.drops() {
                    if !matches!(operators.next(), Some(Ok(Operator::Drop))) {
                        return Err(Error::UserError(MeterError::HalfMark));
                    }
                }
                if mark == Mark::Charge {
                    self.charge_operand();
                }
                continue;
            }
            if let Some(bulk) = Bulk::of(&operator) {
                self.bulk(writer, bulk, top);
                continue;
            }
            match operator {
                Operator::Br { relative_depth } => {
                    self.before_branch(relative_depth);
                    self.function.instruction(&Instruction::Br(self.depth(relative_depth)));
                    continue;
                }
                Operator::BrIf { relative_depth } => {
                    self.conditional_branch(relative_depth);
                    continue;
                }
                Operator::CallIndirect { type_index, table_index } => {
                    if let Some(dispatcher) = writer.dispatcher(type_index, table_index) {
                        self.function.instruction(&Instruction::Call(dispatcher));
                        continue;
                    }
                }
                Operator::MemoryGrow { mem } => {
                    self.function.instruction(&writer.instruction(operator)?);
                    self.growth(mem);
                    continue;
                }
                Operator::Return if self.is_held() => self.put_back(),
                Operator::Block { blockty } | Operator::If { blockty } => {
                    self.open(blockty != wasmparser::BlockType::Empty);
                }
                Operator::TryTable { .. } => self.open(true),
                Operator::Loop { .. } => {
                    let charge = loops.next().expect("the survey has seen every loop");
                    self.loop_start(writer, operator, charge)?;
                    continue;
                }
                Operator::End => {
                    let closed = self.labels.pop();
                    self.function.instruction(&Instruction::End);
                    if let Some(Label { holds: Some(holds), .. }) = closed {
                        self.held_loop_end(holds);
                    }
                    continue;
                }
                Operator::V128Const { value } if self.is_held() => {
                    self.constant(value.i128());
                    continue;
                }
                _ => {}
            }
            self.function.instruction(&writer.instruction(operator)?);
        }
        Ok(())
    }

    fn open(&mut self, carries: bool) {
        self.labels.push(Label { charge: None, holds: None, carries });
    }

    fn loop_start(
        &mut self,
        writer: &mut Writer<'_>,
        operator: Operator<'_>,
        charge: &'a LoopCharge,
    ) -> Written {
        if charge.held.is_some() {
            self.held_loop_start(charge);
            return Ok(());
        }
        let carries = matches!(operator, Operator::Loop { blockty: wasmparser::BlockType::FuncType(_) });
        self.function.instruction(&writer.instruction(operator)?);
        let at_branches = charge.placement == Placement::Branches;
        self.labels.push(Label { charge: at_branches.then_some(charge.units), holds: None, carries });
        if charge.placement == Placement::Start {
            self.point(charge.units);
        }
        Ok(())
    }

    /// Charged where it starts, which is where all ways round meet; the first time round is given back
    /// before, as whoever enters the loop has paid for it.
    ///
    /// ```text
    /// hold the fuel
    /// block $done
    ///   loop $again
    ///     block $ask
    ///       loop
    ///         subtract; below zero: branch to $ask
    ///         …
    ///       end
    ///       put the fuel back; branch to $done
    ///     end
    ///     put away what the loop works with; refuel; take it back; branch to $again
    ///   end
    /// end
    /// ```
    fn held_loop_start(&mut self, charge: &'a LoopCharge) {
        let units = charge.units as i64;
        let constants = charge.held.iter().flat_map(|worked| &worked.constants);
        for (local, constant) in (self.first_constant..).zip(constants) {
            self.function
                .instruction(&Instruction::V128Const(*constant))
                .instruction(&Instruction::LocalSet(local));
        }
        self.function
            .instruction(&Instruction::GlobalGet(self.survey.global_count))
            .instruction(&Instruction::I64Const(units))
            .instruction(&Instruction::I64Add)
            .instruction(&Instruction::LocalSet(self.fuel_held))
            .instruction(&Instruction::Block(BlockType::Empty))
            .instruction(&Instruction::Loop(BlockType::Empty))
            .instruction(&Instruction::Block(BlockType::Empty))
            .instruction(&Instruction::Loop(BlockType::Empty))
            .instruction(&Instruction::LocalGet(self.fuel_held))
            .instruction(&Instruction::I64Const(units))
            .instruction(&Instruction::I64Sub)
            .instruction(&Instruction::LocalTee(self.fuel_held))
            .instruction(&Instruction::I64Const(0))
            .instruction(&Instruction::I64LtS);
        self.branches.push(self.function.byte_len() as u32);
        self.function.instruction(&Instruction::BrIf(1));
        self.labels.push(Label { charge: None, holds: Some(charge), carries: false });
    }

    fn held_loop_end(&mut self, charge: &LoopCharge) {
        self.put_back();
        self.function.instruction(&Instruction::Br(2)).instruction(&Instruction::End);
        let away = self.places(charge.held.as_ref().expect("the loop holds the fuel"));
        for (local, global) in &away {
            self.function
                .instruction(&Instruction::LocalGet(*local))
                .instruction(&Instruction::GlobalSet(*global));
        }
        // The host reads the global if it ends the execution here.
        self.put_back();
        self.function
            .instruction(&Instruction::LocalGet(self.fuel_held))
            .instruction(&Instruction::Call(self.survey.imported_functions))
            .instruction(&Instruction::I64Const(charge.units as i64))
            .instruction(&Instruction::I64Add)
            .instruction(&Instruction::LocalSet(self.fuel_held));
        for (local, global) in &away {
            self.function
                .instruction(&Instruction::GlobalGet(*global))
                .instruction(&Instruction::LocalSet(*local));
        }
        self.function
            .instruction(&Instruction::Br(0))
            .instruction(&Instruction::End)
            .instruction(&Instruction::End);
    }

    /// A vector constant of a loop that holds the fuel, out of its local.
    fn constant(&mut self, value: i128) {
        let held = self.labels.iter().find_map(|label| label.holds).and_then(|charge| charge.held.as_ref());
        let place = held.and_then(|worked| worked.constants.iter().position(|constant| *constant == value));
        let place = place.expect("the survey has seen every constant") as u32;
        self.function.instruction(&Instruction::LocalGet(self.first_constant + place));
    }

    /// The block that a branch leads to; `None` is the function itself.
    fn target(&self, depth: u32) -> Option<&Label<'a>> {
        self.labels.iter().rev().nth(depth as usize)
    }

    /// In a loop that holds the fuel. Such a loop has no other in it.
    fn is_held(&self) -> bool {
        self.labels.iter().any(|label| label.holds.is_some())
    }

    /// Whether a branch leaves a loop that holds the fuel.
    fn leaves(&self, depth: u32) -> bool {
        let held = self.labels.iter().rev().position(|label| label.holds.is_some());
        held.is_some_and(|held| depth as usize > held)
    }

    /// How far away a block is now: blocks were added around a loop that holds the fuel.
    fn depth(&self, depth: u32) -> u32 {
        if self.leaves(depth) { depth + BLOCKS_AROUND } else { depth }
    }

    /// What is to be done before a branch is taken.
    fn before_branch(&mut self, depth: u32) {
        if self.leaves(depth) {
            self.put_back();
        }
        if let Some(charge) = self.target(depth).and_then(|label| label.charge) {
            self.point(charge);
        }
    }

    fn conditional_branch(&mut self, depth: u32) {
        let now = self.depth(depth);
        let target = self.target(depth);
        if !self.leaves(depth) && target.is_none_or(|label| label.charge.is_none()) {
            self.function.instruction(&Instruction::BrIf(now));
        } else if target.is_none_or(|label| label.carries) {
            // The values lie below the condition, out of reach in a block of its own; so whether it branches
            // or not.
            self.put_back();
            self.function.instruction(&Instruction::BrIf(now));
        } else {
            self.function.instruction(&Instruction::If(BlockType::Empty));
            self.before_branch(depth);
            self.function.instruction(&Instruction::Br(now + 1)).instruction(&Instruction::End);
        }
    }

    /// Writes the fuel that a local holds back to the global.
    fn put_back(&mut self) {
        let fuel = self.survey.global_count;
        self.function
            .instruction(&Instruction::LocalGet(self.fuel_held))
            .instruction(&Instruction::GlobalSet(fuel));
    }

    /// A global for each of the locals that a loop works with, as far as there are.
    fn places(&self, worked: &Worked) -> Vec<(u32, u32)> {
        let mut taken = [0; PUT_AWAY.len()];
        let mut places = Vec::new();
        let constants = (self.first_constant..).take(worked.constants.len());
        for local in constants.chain(worked.locals.iter().copied()) {
            let value_type = self.types[local as usize];
            let Some(kind) = PUT_AWAY.iter().position(|(kind, _)| *kind == value_type) else { continue };
            if taken[kind] < PUT_AWAY_EACH {
                let first = self.survey.global_count + 1 + kind as u32 * PUT_AWAY_EACH;
                places.push((local, first + taken[kind]));
                taken[kind] += 1;
            }
        }
        places
    }

    /// Subtracts `charge`; below zero asks for more.
    fn point(&mut self, charge: u64) {
        let fuel = self.survey.global_count;
        self.function
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::I64Const(charge as i64));
        self.subtract_and_check();
    }

    /// A point whose charge, an `i32` of up to 2³² - 1, is on top of the stack, and is taken from there.
    fn charge_operand(&mut self) {
        let fuel = self.survey.global_count;
        self.function
            .instruction(&Instruction::LocalSet(self.spare))
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::LocalGet(self.spare))
            .instruction(&Instruction::I64ExtendI32U);
        self.subtract_and_check();
    }

    /// With the fuel and a charge on the stack: subtracts, and below zero asks for more.
    pub(crate) fn subtract_and_check(&mut self) {
        let fuel = self.survey.global_count;
        self.function
            .instruction(&Instruction::I64Sub)
            .instruction(&Instruction::GlobalSet(fuel))
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::I64Const(0))
            .instruction(&Instruction::I64LtS);
        self.branches.push(self.function.byte_len() as u32);
        self.function
            .instruction(&Instruction::If(BlockType::Empty))
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::Call(self.survey.imported_functions))
            .instruction(&Instruction::GlobalSet(fuel))
            .instruction(&Instruction::End);
    }
}
