//! Second pass: writes the module again with the points in it.

use crate::MeterError;
use crate::survey::{Charges, Survey};
use ampoule_world::imports;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, GlobalSection,
    GlobalType, ImportSection, Instruction, Module, TypeSection, ValType,
};
use wasmparser::{FunctionBody, Operator};

/// A bulk instruction costs one unit per this many bytes: what a plain loop over vectors would move.
const BYTES_PER_UNIT_LOG2: i64 = 3;

pub(crate) fn rewrite(wasm: &[u8], survey: &Survey) -> Result<Vec<u8>, MeterError> {
    let mut module = Module::new();
    let mut writer = Writer { survey, next_body: 0 };
    writer
        .parse_core_module(&mut module, wasmparser::Parser::new(0), wasm)
        .map_err(|error| MeterError::Rewrite(error.to_string()))?;
    Ok(module.finish())
}

struct Writer<'a> {
    survey: &'a Survey,
    next_body: usize,
}

type Written<T = ()> = Result<T, Error<Infallible>>;

impl Reencode for Writer<'_> {
    type Error = Infallible;

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

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Written {
        let survey = self.survey;
        let (charges, parameters) = (&survey.charges[self.next_body], survey.parameters[self.next_body]);
        self.next_body += 1;
        let mut locals = Vec::new();
        let mut local_count = parameters;
        for declaration in body.get_locals_reader()? {
            let (count, value_type) = declaration?;
            local_count += count;
            locals.push((count, self.val_type(value_type)?));
        }
        locals.push((1, ValType::I32));
        let mut function =
            MeteredFunction { function: Function::new(locals), survey, length_local: local_count };
        function.write(self, charges, &body)?;
        code.function(&function.function);
        Ok(())
    }
}

struct MeteredFunction<'a> {
    function: Function,
    survey: &'a Survey,
    /// A spare local for the length of bulk instructions.
    length_local: u32,
}

impl MeteredFunction<'_> {
    fn write(&mut self, writer: &mut Writer<'_>, charges: &Charges, body: &FunctionBody<'_>) -> Written {
        if let Some(charge) = charges.entry {
            self.point(charge);
        }
        let mut loops = charges.loops.iter();
        for operator in body.get_operators_reader()? {
            let operator = operator?;
            if matches!(
                operator,
                Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } | Operator::MemoryInit { .. }
            ) {
                self.charge_length();
            }
            let is_loop = matches!(operator, Operator::Loop { .. });
            self.function.instruction(&writer.instruction(operator)?);
            if is_loop && let Some(charge) = loops.next() {
                self.point(*charge);
            }
        }
        Ok(())
    }

    /// Subtracts `charge`; below zero asks for more.
    fn point(&mut self, charge: u64) {
        let fuel = self.survey.global_count;
        self.function
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::I64Const(charge as i64))
            .instruction(&Instruction::I64Sub)
            .instruction(&Instruction::GlobalSet(fuel))
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::I64Const(0))
            .instruction(&Instruction::I64LtS)
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
            .instruction(&Instruction::LocalTee(self.length_local))
            .instruction(&Instruction::GlobalGet(fuel))
            .instruction(&Instruction::LocalGet(self.length_local))
            .instruction(&Instruction::I64ExtendI32U)
            .instruction(&Instruction::I64Const(BYTES_PER_UNIT_LOG2))
            .instruction(&Instruction::I64ShrU)
            .instruction(&Instruction::I64Sub)
            .instruction(&Instruction::GlobalSet(fuel));
    }
}
