//! Where each loop is charged: at the branches that lead back, at its start, or nowhere because it meters
//! itself.
//!
//! An interpreter's dispatch would pay for a point with every bytecode. So instead its C source charges for a
//! whole run of bytecodes where the run ends, at jumps and calls (`runtimes/guest/meter.h`). The source says
//! so with two sequences of instructions that do nothing and that no compiler writes:
//!
//! * `i64.const CHARGE; drop; drop` charges the `i32` on the stack;
//! * `i64.const BOUNDED; drop` says that whoever comes by only a bounded number of times before a charge.
//!
//! A loop in which every way round passes one of them gets no point. That it really is bounded, the pass
//! cannot see: it is the claim of whoever wrote the mark, and `tests/hostile` is full of programs that would
//! show the opposite.

use crate::MeterError;
use wasmparser::{BlockType, Catch, FunctionBody, Operator};

/// "ampoule2", read from the high byte: as unlikely as any other constant to stand in a program.
const CHARGE: i64 = 0x616d_706f_756c_6532;
/// "ampoule1".
const BOUNDED: i64 = 0x616d_706f_756c_6531;

/// A sequence that stands for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Takes an `i32` from the stack and charges it.
    Charge,
    /// Charges nothing.
    Bounded,
}

impl Mark {
    pub(crate) fn of(operator: &Operator<'_>) -> Option<Mark> {
        match operator {
            Operator::I64Const { value: CHARGE } => Some(Mark::Charge),
            Operator::I64Const { value: BOUNDED } => Some(Mark::Bounded),
            _ => None,
        }
    }

    /// How many `drop`s belong to it.
    pub(crate) fn drops(self) -> u32 {
        match self {
            Mark::Charge => 2,
            Mark::Bounded => 1,
        }
    }
}

/// A block that is open.
enum Frame {
    /// With the state that its end is reached in by branches.
    Block { ends: State, entered: State, may_be_skipped: bool },
    /// Which loop of the function, and how many are open with it.
    Loop { index: usize, nest: usize },
}

/// How many of the open loops, counted from the outermost, have passed a mark since their start; `None` where
/// no control flow arrives. Passing a mark counts for every open loop at once, so the others are always the
/// innermost.
type State = Option<usize>;

fn join(one: State, other: State) -> State {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Where a loop is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Nowhere: it meters itself.
    Itself,
    /// At the branches that lead back to its start. Many loops hardly ever come round, as those that search a
    /// hash table; they then cost nothing.
    Branches,
    /// At its start, because one of those branches has several targets or carries values.
    Start,
}

/// Of each loop of the function, in the order in which they appear.
///
/// One walk is enough: in WebAssembly all branches but those to a loop's start go forward, to an end yet to
/// come.
pub(crate) fn placements(body: &FunctionBody<'_>) -> Result<Vec<Placement>, MeterError> {
    let mut walk = Walk { state: Some(0), nest: 0, frames: Vec::new(), loops: Vec::new() };
    for operator in body.get_operators_reader()? {
        walk.pass(&operator?);
    }
    Ok(walk.loops.iter().map(Seen::placement).collect())
}

/// What is known of a loop.
struct Seen {
    /// Every way round it passes a mark.
    marked: bool,
    plain_branches: bool,
}

impl Seen {
    fn placement(&self) -> Placement {
        match self {
            Seen { marked: true, .. } => Placement::Itself,
            Seen { plain_branches: true, .. } => Placement::Branches,
            _ => Placement::Start,
        }
    }
}

struct Walk {
    state: State,
    /// Open loops.
    nest: usize,
    frames: Vec<Frame>,
    loops: Vec<Seen>,
}

impl Walk {
    /// Branches of proposals that the engine leaves off (`code_config`) are not looked at.
    fn pass(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } => self.open(false),
            Operator::If { .. } => self.open(true),
            Operator::TryTable { try_table } => {
                // A handler can be reached from the first instruction on.
                for catch in &try_table.catches {
                    let (Catch::One { label, .. }
                    | Catch::OneRef { label, .. }
                    | Catch::All { label }
                    | Catch::AllRef { label }) = catch;
                    self.branch(*label, false);
                }
                self.open(false);
            }
            Operator::Loop { blockty } => {
                self.nest += 1;
                self.frames.push(Frame::Loop { index: self.loops.len(), nest: self.nest });
                let plain_branches = !matches!(blockty, BlockType::FuncType(_));
                self.loops.push(Seen { marked: true, plain_branches });
            }
            Operator::Else => {
                if let Some(Frame::Block { ends, entered, may_be_skipped }) = self.frames.last_mut() {
                    *ends = join(*ends, self.state);
                    *may_be_skipped = false;
                    self.state = *entered;
                }
            }
            Operator::End => match self.frames.pop() {
                Some(Frame::Block { ends, entered, may_be_skipped }) => {
                    let skipped = if may_be_skipped { entered } else { None };
                    let state = join(join(self.state, ends), skipped);
                    // A branch may have come out of loops that are closed by now.
                    self.state = state.map(|covered| covered.min(self.nest));
                }
                Some(Frame::Loop { .. }) => {
                    self.nest -= 1;
                    self.state = self.state.map(|covered| covered.min(self.nest));
                }
                None => {}
            },
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth, true);
                self.state = None;
            }
            Operator::BrIf { relative_depth } => self.branch(*relative_depth, true),
            Operator::BrTable { targets } => {
                for target in targets.targets().flatten() {
                    self.branch(target, false);
                }
                self.branch(targets.default(), false);
                self.state = None;
            }
            Operator::Return
            | Operator::Unreachable
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef => self.state = None,
            operator if Mark::of(operator).is_some() => self.state = self.state.map(|_| self.nest),
            _ => {}
        }
    }

    fn open(&mut self, may_be_skipped: bool) {
        self.frames.push(Frame::Block { ends: None, entered: self.state, may_be_skipped });
    }

    /// A branch to the label at `depth`; `plain` if it has no other target.
    fn branch(&mut self, depth: u32, plain: bool) {
        let Some(target) = self.frames.len().checked_sub(1 + depth as usize) else { return };
        let state = self.state;
        match &mut self.frames[target] {
            Frame::Block { ends, .. } => *ends = join(*ends, state),
            Frame::Loop { index, nest } => {
                let seen = &mut self.loops[*index];
                seen.plain_branches &= plain;
                // Where no control flow arrives, nothing goes round.
                seen.marked &= state.is_none_or(|covered| covered >= *nest);
            }
        }
    }
}
