//! First pass: what each function does, where metering points go, and what each charges.

use crate::MeterError;
use crate::bulk::Bulk;
use crate::held::{Worked, held};
use crate::loops::{Placement, placements};
use ampoule_model::imports;
use std::collections::BTreeSet;
use wasmparser::{
    CompositeInnerType, ElementItems, ExternalKind, FunctionBody, Operator, Parser, Payload, TypeRef, ValType,
};

/// Charged for an indirect call on top of the instruction: the callee may be a leaf that is no point itself.
const INDIRECT_CALL: u64 = 8;

/// Most that is charged for a stretch that branches: a typical path through it, not the sum of all its arms.
/// An interpreter's dispatch, the largest of them, runs about as many instructions for one bytecode.
const BRANCHING: u64 = 64;

/// Most that is charged for straight code: the rounds of a hash function, unrolled, take about as many.
const STRAIGHT: u64 = 4096;

/// The points of a function and their charges.
#[derive(Debug, Default)]
pub(crate) struct Charges {
    /// Charged on entry; `None` when callers pay for it.
    pub(crate) entry: Option<u64>,
    /// In the order in which they appear.
    pub(crate) loops: Vec<LoopCharge>,
}

/// How a loop is charged.
#[derive(Debug)]
pub(crate) struct LoopCharge {
    pub(crate) placement: Placement,
    /// Per iteration.
    pub(crate) units: u64,
    /// If the fuel is in a local meanwhile: the locals the loop works with.
    pub(crate) held: Option<Worked>,
}

/// What the second pass needs to know.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    pub(crate) type_count: u32,
    pub(crate) imported_functions: u32,
    pub(crate) global_count: u32,
    /// Types of the parameters of each defined function.
    pub(crate) parameters: Vec<Vec<ValType>>,
    pub(crate) charges: Vec<Charges>,
    /// The bulk instructions that occur.
    pub(crate) bulk: BTreeSet<Bulk>,
}

/// Straight-line work between points: a function's body outside of its loops, or one loop's body outside of
/// inner loops.
#[derive(Debug, Default)]
struct Stretch {
    instructions: u64,
    callees: Vec<u32>,
    /// Loops within whose first iteration is charged with this.
    loops: Vec<usize>,
    /// Conditional branches and selections among arms.
    branches: u32,
}

#[derive(Debug, Default)]
struct Facts {
    /// The body, then the loops in the order in which they appear.
    stretches: Vec<Stretch>,
    placements: Vec<Placement>,
    held: Vec<Option<Worked>>,
    calls: bool,
    address_taken: bool,
}

impl Survey {
    /// Where a function is in the metered module: `refuel` is the last import, so every defined function
    /// moves up by one.
    pub(crate) fn moved(&self, function: u32) -> u32 {
        if function < self.imported_functions { function } else { function + 1 }
    }

    pub(crate) fn of(wasm: &[u8]) -> Result<Survey, MeterError> {
        let mut survey = Survey::default();
        let mut parameters_of_type: Vec<Vec<ValType>> = Vec::new();
        let mut facts: Vec<Facts> = Vec::new();
        let mut taken: Vec<u32> = Vec::new();
        let (mut imports_seen, mut globals_seen) = (false, false);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        for sub_type in group?.into_types() {
                            parameters_of_type.push(match &sub_type.composite_type.inner {
                                CompositeInnerType::Func(function) => function.params().to_vec(),
                                _ => Vec::new(),
                            });
                        }
                    }
                }
                Payload::ImportSection(section) => {
                    imports_seen = true;
                    for import in section.into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => survey.imported_functions += 1,
                            TypeRef::Global(_) => survey.global_count += 1,
                            _ => {}
                        }
                        if (import.module, import.name) == (imports::MODULE, imports::REFUEL) {
                            return Err(MeterError::AlreadyMetered);
                        }
                    }
                }
                Payload::FunctionSection(section) => {
                    for index in section {
                        let parameters = parameters_of_type.get(index? as usize).cloned();
                        survey.parameters.push(parameters.unwrap_or_default());
                    }
                }
                Payload::GlobalSection(section) => {
                    globals_seen = true;
                    survey.global_count += section.count();
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            taken.push(export.index);
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        match element?.items {
                            ElementItems::Functions(functions) => {
                                for function in functions {
                                    taken.push(function?);
                                }
                            }
                            ElementItems::Expressions(_, expressions) => {
                                for expression in expressions {
                                    for operator in expression?.get_operators_reader() {
                                        if let Operator::RefFunc { function_index } = operator? {
                                            taken.push(function_index);
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => facts.push(facts_of(&body, &mut taken, &mut survey.bulk)?),
                _ => {}
            }
        }
        if !imports_seen {
            return Err(MeterError::NoSection("import"));
        }
        if !globals_seen {
            return Err(MeterError::NoSection("global"));
        }
        survey.type_count = parameters_of_type.len() as u32;
        for index in taken {
            let defined = index.checked_sub(survey.imported_functions).map(|index| index as usize);
            if let Some(facts) = defined.and_then(|index| facts.get_mut(index)) {
                facts.address_taken = true;
            }
        }
        survey.charges = Pricing::new(&facts, survey.imported_functions).charges();
        Ok(survey)
    }
}

fn facts_of(
    body: &FunctionBody<'_>,
    taken: &mut Vec<u32>,
    bulk: &mut BTreeSet<Bulk>,
) -> Result<Facts, MeterError> {
    let placements = placements(body)?;
    let held = held(body, &placements)?;
    let mut facts = Facts { stretches: vec![Stretch::default()], placements, held, ..Facts::default() };
    // For every open block: the stretch that goes on after its end.
    let mut outer = Vec::new();
    let mut current = 0;
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Loop { .. } => {
                outer.push(current);
                let this = facts.stretches.len();
                if facts.placements[this - 1] == Placement::Branches {
                    facts.stretches[current].loops.push(this);
                }
                current = this;
                facts.stretches.push(Stretch::default());
            }
            Operator::If { .. } => {
                facts.stretches[current].branches += 1;
                outer.push(current);
            }
            Operator::Block { .. } | Operator::TryTable { .. } => outer.push(current),
            Operator::End => current = outer.pop().unwrap_or(0),
            Operator::Else | Operator::Nop | Operator::Unreachable => {}
            Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                facts.calls = true;
                facts.stretches[current].instructions += 1;
                facts.stretches[current].callees.push(function_index);
            }
            Operator::CallIndirect { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCallRef { .. } => {
                facts.calls = true;
                facts.stretches[current].instructions += 1 + INDIRECT_CALL;
            }
            Operator::BrTable { .. } | Operator::BrIf { .. } => {
                facts.stretches[current].instructions += 1;
                facts.stretches[current].branches += 1;
            }
            Operator::RefFunc { function_index } => {
                taken.push(function_index);
                facts.stretches[current].instructions += 1;
            }
            operator => {
                bulk.extend(Bulk::of(&operator));
                facts.stretches[current].instructions += 1;
            }
        }
    }
    Ok(facts)
}

/// Decides which functions are points and what everything costs.
struct Pricing<'a> {
    facts: &'a [Facts],
    imported: u32,
    is_point: Vec<bool>,
    /// Price of calling a function that is no point, once known.
    prices: Vec<Option<u64>>,
}

impl<'a> Pricing<'a> {
    fn new(facts: &'a [Facts], imported: u32) -> Self {
        // A cycle of calls with an indirect one in it enters a function whose address was taken. A leaf
        // closes no cycle.
        let is_point = facts.iter().map(|facts| facts.address_taken && facts.calls).collect();
        let mut pricing = Pricing { facts, imported, is_point, prices: vec![None; facts.len()] };
        pricing.cut_direct_cycles();
        pricing
    }

    fn callees(&self, function: usize) -> impl Iterator<Item = usize> + use<'a> {
        let imported = self.imported;
        let callees = self.facts[function].stretches.iter().flat_map(|stretch| &stretch.callees);
        callees.filter_map(move |callee| callee.checked_sub(imported).map(|callee| callee as usize))
    }

    /// Makes a point of every function that a chain of direct calls between non-points leads back to:
    /// a depth-first walk in which an edge to a function still on the path closes a cycle.
    fn cut_direct_cycles(&mut self) {
        #[derive(Clone, Copy, PartialEq)]
        enum Seen {
            No,
            OnPath,
            Done,
        }
        let mut seen = vec![Seen::No; self.facts.len()];
        for root in 0..self.facts.len() {
            if seen[root] != Seen::No || self.is_point[root] {
                continue;
            }
            seen[root] = Seen::OnPath;
            let mut path = vec![(root, self.callees(root).collect::<Vec<_>>())];
            while let Some((function, callees)) = path.last_mut() {
                match callees.pop() {
                    Some(callee) if self.is_point[callee] || seen[callee] == Seen::Done => {}
                    Some(callee) if seen[callee] == Seen::OnPath => self.is_point[callee] = true,
                    Some(callee) => {
                        seen[callee] = Seen::OnPath;
                        let next = self.callees(callee).collect();
                        path.push((callee, next));
                    }
                    None => {
                        seen[*function] = Seen::Done;
                        path.pop();
                    }
                }
            }
        }
    }

    fn charges(mut self) -> Vec<Charges> {
        (0..self.facts.len())
            .map(|function| Charges {
                entry: self.is_point[function].then(|| self.stretch_price(function, 0)),
                loops: (1..self.facts[function].stretches.len())
                    .map(|stretch| LoopCharge {
                        placement: self.facts[function].placements[stretch - 1],
                        units: self.stretch_price(function, stretch),
                        held: self.facts[function].held[stretch - 1].clone(),
                    })
                    .collect(),
            })
            .collect()
    }

    fn stretch_price(&mut self, function: usize, stretch: usize) -> u64 {
        let facts = self.facts;
        let stretch = &facts[function].stretches[stretch];
        let callees: u64 = stretch.callees.iter().map(|callee| self.call_price(*callee)).sum();
        let loops: u64 = stretch.loops.iter().map(|inner| self.stretch_price(function, *inner)).sum();
        // One branch is what every loop ends with.
        let most = if stretch.branches > 1 { BRANCHING } else { STRAIGHT };
        (stretch.instructions + callees + loops).clamp(1, most)
    }

    /// What a call costs the caller beyond the instruction. Without points there are no cycles, so this ends.
    fn call_price(&mut self, callee: u32) -> u64 {
        let Some(function) = callee.checked_sub(self.imported).map(|index| index as usize) else {
            return INDIRECT_CALL;
        };
        if self.is_point[function] {
            return 0;
        }
        if let Some(price) = self.prices[function] {
            return price;
        }
        let price = self.stretch_price(function, 0);
        self.prices[function] = Some(price);
        price
    }
}
