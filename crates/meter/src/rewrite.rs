//! Second pass: writes the module again with the points in it.

use crate::MeterError;
use crate::loops::{Mark, Placement};
use crate::survey::{Charges, Survey};
use ampoule_world::imports;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, BranchHint, BranchHints, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection,
    Function, GlobalSection, GlobalType, ImportSection, Instruction, Module, SectionId, TypeSection, ValType,
};
use wasmparser::{FunctionBody, Operator};

/// A bulk instruction costs one unit per this many bytes: what a plain loop over vectors would move.
const BYTES_PER_UNIT_LOG2: i64 = 3;

pub(crate) fn rewrite(wasm: &[u8], survey: &Survey) -> Result<Vec<u8>, MeterError> {
    // Twice, because the hints stand before the code that they tell offsets of.
    let (_, hints) = write(wasm, survey, &[])?;
    let (module, _) = write(wasm, survey, &hints)?;
    Ok(module)
}

/// The module with `hints` in it, and the offsets of the points' branches, function by function.
fn write(wasm: &[u8], survey: &Survey, hints: &[Vec<u32>]) -> Result<(Vec<u8>, Vec<Vec<u32>>), MeterError> {
    let mut module = Module::new();
    let mut writer = Writer { survey, hints, offsets: Vec::new() };
    writer.parse_core_module(&mut module, wasmparser::Parser::new(0), wasm).map_err(|error| match error {
        Error::UserError(error) => error,
        error => MeterError::Rewrite(error.to_string()),
    })?;
    Ok((module.finish(), writer.offsets))
}

struct Writer<'a> {
    survey: &'a Survey,
    /// Offsets of the branches that are hardly ever taken, as an earlier pass found them.
    hints: &'a [Vec<u32>],
    /// The same of the bodies written so far, in this pass.
    offsets: Vec<Vec<u32>>,
}

type Written<T = ()> = Result<T, Error<MeterError>>;

impl Reencode for Writer<'_> {
    type Error = MeterError;

    /// `refuel` is the last import, so every defined function moves up by one.
    fn function_index(&mut self, function: u32) -> Written<u32> {
        Ok(if function < self.survey.imported_functions { function } else { function + 1 })
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Written {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I64], [ValType::I64]);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        section_out: &mut ImportSection,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Written {
        utils::parse_import_section(self, section_out, section)?;
        section_out.import(imports::MODULE, imports::REFUEL, EntityType::Function(self.survey.type_count));
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: wasmparser::GlobalSectionReader<'_>,
    ) -> Written {
        utils::parse_global_section(self, globals, section)?;
        let fuel = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(fuel, &ConstExpr::i64_const(0));
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Written {
        utils::parse_export_section(self, exports, section)?;
        exports.export(imports::FUEL_GLOBAL, ExportKind::Global, self.survey.global_count);
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: wasmparser::CustomSectionReader<'_>) -> Written {
        Ok(())
    }

    /// Tells the compiler that `refuel` is hardly ever called, so that it keeps that call out of the way of hot loops.
    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _after: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Written {
        if before == Some(SectionId::Code) {
            let mut section = BranchHints::new();
            for (body, offsets) in self.hints.iter().enumerate().filter(|(_, offsets)| !offsets.is_empty()) {
                let function = self.survey.imported_functions + 1 + body as u32;
                let hint = |offset: &u32| BranchHint { branch_func_offset: *offset, branch_hint_value: 0 };
                section.function_hints(function, offsets.iter().map(hint));
            }
            module.section(&section);
        }
        Ok(())
    }

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Written {
        let (survey, index) = (self.survey, self.offsets.len());
        let (charges, parameters) = (&survey.charges[index], survey.parameters[index]);
        let mut locals = Vec::new();
        let mut local_count = parameters;
        for declaration in body.get_locals_reader()? {
            let (count, value_type) = declaration?;
            local_count += count;
            locals.push((count, self.val_type(value_type)?));
        }
        locals.push((1, ValType::I32));
        let mut function = MeteredFunction {
            function: Function::new(locals),
            survey,
            spare: local_count,
            branches: Vec::new(),
        };
        function.write(self, charges, &body)?;
        code.function(&function.function);
        self.offsets.push(function.branches);
        Ok(())
    }
}

struct MeteredFunction<'a> {
    function: Function,
    survey: &'a Survey,
    /// A spare local for what is on top of the stack.
    spare: u32,
    /// Where the branches of the points are, in bytes from the start of the body.
    branches: Vec<u32>,
}

impl MeteredFunction<'_> {
    fn write(&mut self, writer: &mut Writer<'_>, charges: &Charges, body: &FunctionBody<'_>) -> Written {
        if let Some(charge) = charges.entry {
            self.point(charge);
        }
        let mut loops = charges.loops.iter();
        // Of the open blocks: what branches to them are charged.
        let mut labels = Vec::new();
        let mut operators = body.get_operators_reader()?.into_iter();
        while let Some(operator) = operators.next() {
            let operator = operator?;
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
            if matches!(
                operator,
                Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } | Operator::MemoryInit { .. }
            ) {
                self.charge_length();
            }
            let back = match operator {
                Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                    labels.iter().rev().nth(relative_depth as usize).copied().flatten()
                }
                _ => None,
            };
            match (&operator, back) {
                (Operator::Br { .. }, Some(charge)) => self.point(charge),
                (Operator::BrIf { relative_depth }, Some(charge)) => {
                    self.function.instruction(&Instruction::If(BlockType::Empty));
                    self.point(charge);
                    self.function
                        .instruction(&Instruction::Br(relative_depth + 1))
                        .instruction(&Instruction::End);
                    continue;
                }
                (Operator::Block { .. } | Operator::If { .. } | Operator::TryTable { .. }, _) => {
                    labels.push(None)
                }
                (Operator::End, _) => drop(labels.pop()),
                _ => {}
            }
            let is_loop = matches!(operator, Operator::Loop { .. });
            self.function.instruction(&writer.instruction(operator)?);
            if is_loop {
                let (placement, charge) = *loops.next().expect("the survey has seen every loop");
                labels.push((placement == Placement::Branches).then_some(charge));
                if placement == Placement::Start {
                    self.point(charge);
                }
            }
        }
        Ok(())
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
    fn subtract_and_check(&mut self) {
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

    /// Subtracts for the length on top of the stack, which stays there; the next point checks.
    fn charge_length(&mut self) {
        let fuel = self.survey.global_count;
        self.function
            .instruction(&Instruction::LocalTee(self.spare))
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::LocalGet(self.spare))
            .instruction(&Instruction::I64ExtendI32U)
            .instruction(&Instruction::I64Const(BYTES_PER_UNIT_LOG2))
            .instruction(&Instruction::I64ShrU)
            .instruction(&Instruction::I64Sub)
            .instruction(&Instruction::GlobalSet(fuel));
    }
}
