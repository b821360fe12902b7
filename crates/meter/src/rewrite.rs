//! Second pass: writes the module again with the points in it.

use crate::MeterError;
use crate::body::{MeteredFunction, PUT_AWAY, PUT_AWAY_EACH};
use crate::bulk::{Bulk, OPERANDS};
use crate::dispatch::Dispatch;
use crate::survey::Survey;
use ampoule_model::imports;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BranchHint, BranchHints, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, FunctionSection,
    GlobalSection, GlobalType, ImportSection, Module, NameSection, SectionId, TypeSection, ValType,
};
use wasmparser::FunctionBody;

pub(crate) fn rewrite(wasm: &[u8], survey: &Survey, dispatch: &Dispatch) -> Result<Vec<u8>, MeterError> {
    // Twice, because the hints stand before the code that they tell offsets of.
    let (_, hints) = write(wasm, survey, dispatch, &[])?;
    let (module, _) = write(wasm, survey, dispatch, &hints)?;
    Ok(module)
}

/// The module with `hints` in it, and the offsets of the points' branches, function by function.
fn write(
    wasm: &[u8],
    survey: &Survey,
    dispatch: &Dispatch,
    hints: &[Vec<u32>],
) -> Result<(Vec<u8>, Vec<Vec<u32>>), MeterError> {
    let mut module = Module::new();
    let mut writer = Writer { survey, dispatch, hints, offsets: Vec::new() };
    writer.parse_core_module(&mut module, wasmparser::Parser::new(0), wasm).map_err(|error| match error {
        Error::UserError(error) => error,
        error => MeterError::Rewrite(error.to_string()),
    })?;
    Ok((module.finish(), writer.offsets))
}

pub(crate) struct Writer<'a> {
    survey: &'a Survey,
    dispatch: &'a Dispatch,
    /// Offsets of the branches that are hardly ever taken, as an earlier pass found them.
    hints: &'a [Vec<u32>],
    /// The same of the bodies written so far, in this pass.
    offsets: Vec<Vec<u32>>,
}

pub(crate) type Written<T = ()> = Result<T, Error<MeterError>>;

impl Writer<'_> {
    /// The function to call instead of `call_indirect` with these immediates.
    pub(crate) fn dispatcher(&self, type_index: u32, table_index: u32) -> Option<u32> {
        let first = self.first_added();
        self.dispatch.dispatcher(type_index, table_index).map(|dispatcher| first + dispatcher)
    }

    /// The function that does this one if it is long.
    pub(crate) fn bulk_function(&self, bulk: Bulk) -> u32 {
        let place = self.survey.bulk.range(..bulk).count();
        self.first_added() + (self.dispatch.dispatchers.len() + place) as u32
    }

    /// The type of those functions.
    pub(crate) fn bulk_type(&self) -> u32 {
        self.survey.type_count + 1 + self.dispatch.dispatchers.len() as u32
    }

    fn first_added(&self) -> u32 {
        self.survey.moved(self.survey.imported_functions + self.survey.charges.len() as u32)
    }

    fn val_types(&mut self, types: &[wasmparser::ValType]) -> Written<Vec<ValType>> {
        types.iter().map(|value_type| self.val_type(*value_type)).collect()
    }
}

impl Reencode for Writer<'_> {
    type Error = MeterError;

    fn function_index(&mut self, function: u32) -> Written<u32> {
        Ok(self.survey.moved(function))
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Written {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I64], [ValType::I64]);
        for dispatcher in &self.dispatch.dispatchers {
            let mut parameters = self.val_types(dispatcher.signature.params())?;
            parameters.push(ValType::I32);
            let results = self.val_types(dispatcher.signature.results())?;
            types.ty().function(parameters, results);
        }
        if !self.survey.bulk.is_empty() {
            types.ty().function(OPERANDS, []);
        }
        Ok(())
    }

    /// The dispatchers and the functions for bulk instructions are the last ones, of the last types.
    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Written {
        utils::parse_function_section(self, functions, section)?;
        for dispatcher in 0..self.dispatch.dispatchers.len() as u32 {
            functions.function(self.survey.type_count + 1 + dispatcher);
        }
        for _ in &self.survey.bulk {
            functions.function(self.bulk_type());
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Written {
        utils::parse_code_section(self, code, section)?;
        for dispatcher in &self.dispatch.dispatchers {
            code.function(&dispatcher.body(|function| self.survey.moved(function)));
        }
        for bulk in &self.survey.bulk {
            code.function(&bulk.body(self.survey.global_count, self.survey.imported_functions));
        }
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
        for (value_type, zero) in PUT_AWAY {
            for _ in 0..PUT_AWAY_EACH {
                globals.global(GlobalType { val_type: value_type, mutable: true, shared: false }, &zero());
            }
        }
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

    /// Of the custom sections, the functions' names are kept, for backtraces of guests.
    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: wasmparser::CustomSectionReader<'_>,
    ) -> Written {
        let wasmparser::KnownCustom::Name(names) = section.as_known() else { return Ok(()) };
        let mut kept = NameSection::new();
        for subsection in names {
            if let wasmparser::Name::Function(functions) = subsection? {
                kept.functions(&utils::name_map(functions, |function| self.function_index(function))?);
            }
        }
        module.section(&kept);
        Ok(())
    }

    /// Tells the compiler that `refuel` is hardly ever called, so that it keeps that call out of the way of
    /// hot loops.
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
        let charges = &survey.charges[index];
        let mut types = self.val_types(&survey.parameters[index])?;
        let parameters = types.len();
        for declaration in body.get_locals_reader()? {
            let (count, value_type) = declaration?;
            types.extend(std::iter::repeat_n(self.val_type(value_type)?, count as usize));
        }
        let mut function = MeteredFunction::new(survey, charges, parameters, types);
        function.write(self, charges, &body)?;
        code.function(&function.function);
        self.offsets.push(function.branches);
        Ok(())
    }
}
