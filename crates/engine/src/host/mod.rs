//! The host functions, and the state behind them. Nothing else is linked into a guest.
//!
//! Everything a guest can make the host hold is bounded here: output by its limit, random bytes by
//! the size of one call, sleeping by the wall time around the whole run.

mod clock;
mod fuel;
mod growth;
mod linker;
mod output;
mod random;
pub(crate) mod room;

pub use clock::CLOCK_RESOLUTION_NANOS;
pub(crate) use fuel::Fuel;
pub(crate) use growth::Growth;
pub(crate) use linker::linker;
pub(crate) use output::Output;

use crate::execute::output_stream::OutputStream;
use crate::job::NoMemory;
use crate::reset::dirty;
use crate::schedule::{CpuLease, Over};
use crate::watch::Watch;
use ampoule_model::{Deterministic, Limit, Limits};
use clock::Clock;
use random::RandomStream;
use room::Room;
use wasmtime::{Global, Memory};

/// Why a host function ended the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("{0:?} limit reached")]
    Limit(Limit),
    #[error("the program ended its interpreter with exit code {0}")]
    Exit(i32),
    #[error("the guest waited too long for a processor")]
    Waiting,
    #[error("there is no more memory for the guest")]
    NoMemory,
    #[error("the caller has given up the execution")]
    GivenUp,
    #[error("the engine is shutting down")]
    Shutdown,
    #[error("the guest broke the rules of a host function: {0}")]
    Misuse(&'static str),
}

impl From<Over> for Stop {
    fn from(over: Over) -> Self {
        match over {
            Over::WallTime => Stop::Limit(Limit::WallTime),
            Over::CpuTime => Stop::Limit(Limit::CpuTime),
            Over::Waiting => Stop::Waiting,
            Over::GivenUp => Stop::GivenUp,
            Over::Shutdown => Stop::Shutdown,
        }
    }
}

/// What belongs to one guest.
pub(crate) struct GuestState {
    pub(crate) memory: Option<Memory>,
    pub(crate) fuel: Fuel,
    /// Where what is left of its slice lies.
    pub(crate) left: Option<Global>,
    pub(crate) output: Output,
    pub(crate) growth: Growth,
    /// None: it has all that its limits allow.
    pub(crate) room: Option<Room>,
    /// An address on its native stack; 0 as long as none is known.
    pub(crate) stack_address: usize,
    /// The highest one: close to where its calls begin.
    stack_top: usize,
    /// None: no execution is in progress.
    turn: Option<CpuLease>,
    watch: Option<Watch>,
    clock: Clock,
    random: RandomStream,
}

impl GuestState {
    /// Tells the account that pays what was used, when `left` units of the granted ones are left.
    pub(crate) fn pay(&mut self, left: i64) {
        let news = self.fuel.news(left);
        if let Some(turn) = &self.turn {
            turn.share().burn(news);
        }
    }

    /// A call is at this address of its native stack, which grows downwards.
    fn stands_at(&mut self, address: usize) {
        self.stack_address = address;
        self.stack_top = self.stack_top.max(address);
        if let Some(room) = &mut self.room {
            room.stands_at((self.stack_top - address) as u64);
        }
    }

    /// How much more memory the execution needs than it was granted, if the host is about to take so many
    /// bytes `more`; `memory` is the guest's.
    pub(crate) fn room_wanted(&mut self, more: u64, memory: &[u8]) -> Option<u64> {
        let faults = self.turn.as_ref()?.faults();
        let host = self.output.written.min(self.output.limit);
        let image = memory.get(..self.growth.image as usize).unwrap_or(memory);
        self.room.as_mut()?.wanted(faults, host, more, || dirty::dirty_bytes(image))
    }

    /// Gets so many bytes more, and waits for them if need be. Not while it has taken much that it was not
    /// granted: that would be kept from others for as long as it waits.
    pub(crate) async fn get_room(&mut self, bytes: u64) -> Result<(), Stop> {
        let (Some(room), Some(turn)) = (&mut self.room, &mut self.turn) else { return Ok(()) };
        let grant = room.grant();
        if grant.try_grow(bytes) {
            return Ok(());
        }
        if room.is_overdrawn() {
            room.refused = Some(grant.refusal(bytes));
            return Err(Stop::NoMemory);
        }
        turn.wait_for(grant.grow(bytes)).await?.map_err(|refused: NoMemory| {
            room.refused = Some(refused);
            Stop::NoMemory
        })
    }

    /// At the end of a slice, or of a piece of what the host does for the guest before it computes: its times
    /// are looked at, and others get their turn.
    pub(crate) async fn slice_is_over(&mut self) -> Result<(), Stop> {
        match &mut self.turn {
            Some(turn) => Ok(turn.slice_is_over().await?),
            None => Ok(()),
        }
    }

    /// Its guest was stopped, and has so much fuel and no more to tell where it was.
    pub(crate) fn last_slice(&mut self) {
        self.fuel.limit = 0;
    }

    /// What the watchdog knows of it.
    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    /// Its seat, or its wait for one.
    pub(crate) fn turn_mut(&mut self) -> Option<&mut CpuLease> {
        self.turn.as_mut()
    }

    /// Its guest computes no more.
    pub(crate) fn take_turn(&mut self) -> Option<CpuLease> {
        self.turn.take()
    }

    /// What was printed.
    pub(crate) fn take_output(&mut self) -> Output {
        std::mem::replace(&mut self.output, Output::new(0, None))
    }

    /// State of an idle guest: it may keep its memory, but has no fuel and no output.
    pub(crate) fn of_nobody(image_bytes: u64) -> Self {
        let limits = Limits { memory_bytes: 0, fuel: 0, output_bytes: 0, ..Limits::default() };
        GuestState::of(&limits, image_bytes, 0, None, None, None)
    }

    pub(crate) fn new(
        limits: &Limits,
        image_bytes: u64,
        fuel_slice: u64,
        deterministic: Option<Deterministic>,
        turn: CpuLease,
        output_stream: Option<OutputStream>,
    ) -> Self {
        GuestState::of(limits, image_bytes, fuel_slice, deterministic, Some(turn), output_stream)
    }

    fn of(
        limits: &Limits,
        image_bytes: u64,
        fuel_slice: u64,
        deterministic: Option<Deterministic>,
        turn: Option<CpuLease>,
        output_stream: Option<OutputStream>,
    ) -> Self {
        GuestState {
            memory: None,
            fuel: Fuel::new(limits.fuel, fuel_slice),
            left: None,
            output: Output::new(limits.output_bytes, output_stream),
            growth: Growth::new(image_bytes, limits.memory_bytes),
            room: None,
            stack_address: 0,
            stack_top: 0,
            watch: turn.as_ref().map(|turn| Watch::new(turn.seat())),
            turn,
            clock: Clock::new(deterministic),
            random: RandomStream::new(deterministic),
        }
    }
}
