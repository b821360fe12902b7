//! What a module's function table holds, if that is the same from the first instruction to the last.

use crate::MeterError;
use std::collections::{BTreeMap, BTreeSet};
use wasmparser::{
    CompositeInnerType, ConstExpr, Element, ElementItems, ElementKind, ExternalKind, FuncType, Operator,
    Parser, Payload, RecGroup, RefType, TableInit, TypeRef,
};

/// The one table of a module that nothing writes to.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) types: Vec<FuncType>,
    /// For each type, the first of those that are the same to a call.
    pub(crate) same_as: Vec<u32>,
    /// The function in each entry that is not null.
    pub(crate) entries: BTreeMap<u32, u32>,
    type_of_function: Vec<u32>,
    /// Types that the code calls through the table.
    called: BTreeSet<u32>,
}

impl Table {
    /// `None` if there is no such table, or if it or the types are of a form that our guests do not have.
    pub(crate) fn of(wasm: &[u8]) -> Result<Option<Table>, MeterError> {
        let mut table = Table::default();
        let mut tables = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            let known = match payload? {
                Payload::TypeSection(section) => {
                    let mut known = true;
                    for group in section {
                        known &= table.add_types(group?);
                    }
                    known
                }
                Payload::ImportSection(section) => {
                    let mut known = true;
                    for import in section.into_imports() {
                        match import?.ty {
                            TypeRef::Func(index) => table.type_of_function.push(index),
                            TypeRef::Global(_) | TypeRef::Memory(_) => {}
                            _ => known = false,
                        }
                    }
                    known
                }
                Payload::FunctionSection(section) => {
                    for index in section {
                        table.type_of_function.push(index?);
                    }
                    true
                }
                Payload::TableSection(section) => {
                    let mut known = true;
                    for declared in section {
                        let declared = declared?;
                        tables += 1;
                        known &= declared.ty.element_type == RefType::FUNCREF
                            && !declared.ty.table64
                            && matches!(declared.init, TableInit::RefNull);
                    }
                    known
                }
                Payload::ExportSection(section) => {
                    let mut known = true;
                    for export in section {
                        known &= export?.kind != ExternalKind::Table;
                    }
                    known
                }
                Payload::ElementSection(section) => {
                    let mut known = true;
                    for element in section {
                        known &= table.add_entries(element?)?;
                    }
                    known
                }
                Payload::CodeSectionEntry(body) => {
                    let mut known = true;
                    for operator in body.get_operators_reader()? {
                        known &= table.see(&operator?);
                    }
                    known
                }
                _ => true,
            };
            if !known {
                return Ok(None);
            }
        }
        Ok((tables == 1).then_some(table))
    }

    /// The first type that is the same as the function's.
    pub(crate) fn type_of(&self, function: u32) -> Option<u32> {
        let declared = self.type_of_function.get(function as usize)?;
        self.same_as.get(*declared as usize).copied()
    }

    /// Whether the code calls functions of this type, given as the first that is the same, through the table.
    pub(crate) fn calls(&self, type_index: u32) -> bool {
        self.called.iter().any(|called| self.same_as.get(*called as usize) == Some(&type_index))
    }

    /// Types in a group of several are the same as others only if all of the group are, and to an open type,
    /// subtypes are too.
    fn add_types(&mut self, group: RecGroup) -> bool {
        let mut known = !group.is_explicit_rec_group();
        for sub_type in group.into_types() {
            known &= sub_type.is_final && sub_type.supertype_idx.is_none();
            let CompositeInnerType::Func(signature) = sub_type.composite_type.inner else { return false };
            let first = self.types.iter().position(|other| *other == signature).unwrap_or(self.types.len());
            self.same_as.push(first as u32);
            self.types.push(signature);
        }
        known
    }

    fn add_entries(&mut self, element: Element<'_>) -> Result<bool, MeterError> {
        let ElementKind::Active { offset_expr, .. } = element.kind else { return Ok(true) };
        let (Some(offset), ElementItems::Functions(functions)) = (constant(&offset_expr)?, element.items)
        else {
            return Ok(false);
        };
        for (function, entry) in functions.into_iter().zip(offset..=u32::MAX) {
            self.entries.insert(entry, function?);
        }
        Ok(true)
    }

    fn see(&mut self, operator: &Operator<'_>) -> bool {
        if let Operator::CallIndirect { type_index, .. } = operator {
            self.called.insert(*type_index);
        }
        !matches!(
            operator,
            Operator::TableSet { .. }
                | Operator::TableGrow { .. }
                | Operator::TableCopy { .. }
                | Operator::TableFill { .. }
                | Operator::TableInit { .. }
                | Operator::TableAtomicSet { .. }
                | Operator::TableAtomicRmwXchg { .. }
                | Operator::TableAtomicRmwCmpxchg { .. }
        )
    }
}

/// The value of an expression that is a constant and nothing else.
fn constant(expression: &ConstExpr<'_>) -> Result<Option<u32>, MeterError> {
    let mut operators = expression.get_operators_reader();
    let first = operators.read()?;
    let last = operators.read()?;
    Ok(match (first, last) {
        (Operator::I32Const { value }, Operator::End) => Some(value as u32),
        _ => None,
    })
}
