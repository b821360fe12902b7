//! What a guest's state is: the contents and size of its memory, and the mutable globals that it exports.
//!
//! Checkpoints are made of that, and guests that are kept are reset to it (`crates/engine`). A module that
//! could keep anything elsewhere (in a global of its own, its table, a segment that it drops) is not fit to
//! be a guest.

use crate::MeterError;
use std::collections::BTreeSet;
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

/// Refuses a module, not yet metered, with state that can be neither seen nor set from outside of it.
pub fn check_state(wasm: &[u8]) -> Result<(), MeterError> {
    let mut globals = 0;
    let mut mutable = BTreeSet::new();
    let mut memories = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => {}
                        _ => return Err(MeterError::HiddenState("an import that is no function".into())),
                    }
                }
            }
            Payload::MemorySection(section) => memories = section.count(),
            Payload::GlobalSection(section) => {
                for global in section {
                    if global?.ty.mutable {
                        mutable.insert(globals);
                    }
                    globals += 1;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Global {
                        mutable.remove(&export.index);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if let Some(name) = leaves_a_trace(&operator?) {
                        return Err(MeterError::HiddenState(format!("the instruction {name}")));
                    }
                }
            }
            _ => {}
        }
    }
    if let Some(global) = mutable.first() {
        return Err(MeterError::HiddenState(format!("global {global}, which is mutable and not exported")));
    }
    if memories > 1 {
        return Err(MeterError::HiddenState(format!("{memories} memories")));
    }
    Ok(())
}

/// Instructions that change something beside memory and globals.
fn leaves_a_trace(operator: &Operator<'_>) -> Option<&'static str> {
    match operator {
        Operator::TableSet { .. } => Some("table.set"),
        Operator::TableGrow { .. } => Some("table.grow"),
        Operator::TableFill { .. } => Some("table.fill"),
        Operator::TableCopy { .. } => Some("table.copy"),
        Operator::TableInit { .. } => Some("table.init"),
        Operator::ElemDrop { .. } => Some("elem.drop"),
        Operator::DataDrop { .. } => Some("data.drop"),
        _ => None,
    }
}
