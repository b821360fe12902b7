//! The host functions, and the state behind them. Nothing else is linked into a guest.
//!
//! Everything a guest can make the host hold is bounded here: output by its limit, random bytes by
//! the size of one call, sleeping by the wall time around the whole run.

use crate::dirty;
use crate::job::NoMemory;
use crate::output_stream::{OutputStream, Stream};
use crate::pace::Pace;
use crate::room::Room;
use crate::schedule::{CpuLease, Over};
use crate::watch::Watch;
use ampoule_model::{Deterministic, Limit, Limits, imports};
use rand_chacha::ChaCha12Rng;
use rand_core::{Rng, SeedableRng};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use wasmtime::{Caller, Engine, Global, Linker, Memory, ResourceLimiterAsync, Val};

/// Resolution of the clocks a guest sees, in nanoseconds. Coarse enough to make timing attacks on what
/// shares the processor impractical (browsers use the same value outside cross-origin isolation).
pub const CLOCK_RESOLUTION_NANOS: i64 = 100_000;

/// Most bytes of one `random_fill` call; guests loop for more. Bounds the work between two looks at the fuel.
const MAX_RANDOM_BYTES: usize = 64 << 10;

/// Units of fuel for a byte of them: about what it takes. The guest's next point sees to what is missing.
const FUEL_PER_RANDOM_BYTE: i64 = 8;

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
    #[error("nobody waits for the guest any more")]
    GivenUp,
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
    /// None: nobody is in the guest.
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

    /// How much more memory the execution needs than it was granted, if the host is about to take so many bytes `more`; `memory` is
    /// the guest's.
    pub(crate) fn room_wanted(&mut self, more: u64, memory: &[u8]) -> Option<u64> {
        let faults = self.turn.as_ref()?.faults();
        let host = self.output.written.min(self.output.limit);
        let image = memory.get(..self.growth.image as usize).unwrap_or(memory);
        self.room.as_mut()?.wanted(faults, host, more, || dirty::dirty_bytes(image))
    }

    /// Gets so many bytes more, and waits for them if need be. Not while it has taken much that it was not granted: that would be kept
    /// from others for as long as it waits.
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

    /// At the end of a slice, or of a piece of what the host does for the guest before it computes: its times are looked at, and
    /// others get their turn.
    pub(crate) async fn slice_is_over(&mut self) -> Result<(), Stop> {
        match &mut self.turn {
            Some(turn) => Ok(turn.slice_is_over().await?),
            None => Ok(()),
        }
    }

    /// What the watchdog knows of it.
    pub(crate) fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    /// Its guest computes no more.
    pub(crate) fn take_turn(&mut self) -> Option<CpuLease> {
        self.turn.take()
    }

    /// What was printed.
    pub(crate) fn take_output(&mut self) -> Output {
        std::mem::replace(&mut self.output, Output::new(0, None))
    }

    /// Of a guest that nobody is in: it may hold its memory as it is, print nothing, and compute nothing.
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
            fuel: Fuel { limit: limits.fuel, pace: Pace::new(fuel_slice), granted: 0, told: 0 },
            left: None,
            output: Output::new(limits.output_bytes, output_stream),
            growth: Growth {
                image: image_bytes,
                limit: image_bytes.saturating_add(limits.memory_bytes),
                refused: false,
                exceptions: false,
            },
            room: None,
            stack_address: 0,
            stack_top: 0,
            watch: turn.as_ref().map(|turn| Watch::new(turn.seat())),
            turn,
            clock: Clock::new(deterministic),
            random: RandomStream { seed: deterministic.map(|fixed| fixed.seed), stream: None },
        }
    }
}

/// Fuel, granted in slices. What is left of the current slice lies in a global of the guest and goes below zero by at
/// most one charge.
pub(crate) struct Fuel {
    limit: u64,
    pace: Pace,
    granted: u64,
    /// What was told to the account that pays.
    told: u64,
}

impl Fuel {
    /// Units used since the last time this was asked.
    fn news(&mut self, left: i64) -> u64 {
        let used = self.used(left);
        used.saturating_sub(std::mem::replace(&mut self.told, used))
    }

    /// Units used when `left` of the granted ones are left.
    pub(crate) fn used(&self, left: i64) -> u64 {
        self.granted.saturating_add_signed(left.saturating_neg())
    }

    /// The next slice after what was used; `None` at the limit.
    pub(crate) fn next_slice(&mut self, left: i64) -> Option<i64> {
        let used = self.used(left);
        let slice = self.pace.slice().min(self.limit.saturating_sub(used));
        self.granted = used + slice;
        // Slices are far below the range of i64: the configuration is in hundreds of thousands.
        (slice > 0).then_some(slice as i64)
    }
}

impl GuestState {
    /// Its guest was stopped, and has so much fuel and no more to tell where it was.
    pub(crate) fn last_slice(&mut self) {
        self.fuel.limit = 0;
    }
}

/// stdout and stderr, bounded together.
pub(crate) struct Output {
    limit: u64,
    pub(crate) written: u64,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) stdout_truncated: bool,
    pub(crate) stderr_truncated: bool,
    /// Takes it all; then nothing is kept here.
    output_stream: Option<OutputStream>,
    /// The tap has got more than its reader was told.
    news: bool,
}

impl Output {
    fn new(limit: u64, output_stream: Option<OutputStream>) -> Self {
        Output {
            limit,
            written: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            stdout_truncated: false,
            stderr_truncated: false,
            output_stream,
            news: false,
        }
    }

    /// Once a slice, not for each piece: waking another thread takes as long as a short program.
    fn hand_on(&mut self) {
        if std::mem::take(&mut self.news)
            && let Some(output_stream) = &self.output_stream
        {
            output_stream.hand_on();
        }
    }

    fn append(&mut self, stream: i32, bytes: &[u8]) -> Result<(), Stop> {
        let (stream, buffer, truncated) = match stream {
            1 => (Stream::Stdout, &mut self.stdout, &mut self.stdout_truncated),
            2 => (Stream::Stderr, &mut self.stderr, &mut self.stderr_truncated),
            _ => return Err(Stop::Misuse("output_write knows streams 1 and 2")),
        };
        let room = self.limit.saturating_sub(self.written).min(usize::MAX as u64) as usize;
        self.written = self.written.saturating_add(bytes.len() as u64);
        self.news = true;
        let fits = &bytes[..bytes.len().min(room)];
        match &self.output_stream {
            Some(output_stream) => output_stream.push(stream, fits),
            None => buffer.extend_from_slice(fits),
        }
        if bytes.len() > room {
            *truncated = true;
            return Err(Stop::Limit(Limit::Output));
        }
        Ok(())
    }
}

/// What the exceptions that a guest keeps at a time may take on the host's side, in bytes. C++ has one or two in flight, of
/// 32 bytes each.
const MAX_EXCEPTION_BYTES: usize = 256 << 10;

/// Grants linear memory up to the image's own and the limit's on top of it, and remembers that it refused: what the program
/// made of the refusal varies with the language, the record does not.
pub(crate) struct Growth {
    image: u64,
    limit: u64,
    pub(crate) refused: bool,
    /// Exceptions were thrown that needed memory on the host's side.
    pub(crate) exceptions: bool,
}

impl Growth {
    /// Whether memory may become so large, by the guest's limit.
    fn memory_may_grow(&mut self, current: usize, desired: usize) -> bool {
        // Linear memory is made as large as the image's and grows from there; what is smaller is the exceptions'.
        let linear =
            current.max(desired) as u64 >= self.image && (current == 0 || current as u64 >= self.image);
        let granted = if linear { desired as u64 <= self.limit } else { desired <= MAX_EXCEPTION_BYTES };
        self.refused |= !granted;
        self.exceptions |= !linear;
        granted
    }
}

/// Memory that a guest adds to its image's is the host's to give before it is there: a guest could write to all of it within a slice.
#[async_trait::async_trait]
impl ResourceLimiterAsync for GuestState {
    async fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if !self.growth.memory_may_grow(current, desired) {
            return Ok(false);
        }
        // An instance's memory when it is made is its image's.
        let more = if current == 0 { 0 } else { desired.saturating_sub(current) as u64 };
        if let Some(wanted) = self.room.as_mut().and_then(|room| room.grows(more)) {
            self.get_room(wanted).await?;
        }
        let GuestState { fuel, turn, .. } = self;
        fuel.pace.grows(more, || turn.as_ref().map_or(0, CpuLease::faults));
        Ok(true)
    }

    async fn table_growing(
        &mut self,
        current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The table as the image has it, and not one entry more: guests have no reason to grow it.
        Ok(current == 0)
    }
}

enum Clock {
    Real {
        start: Instant,
    },
    /// Advances by one tick at every reading and by every sleep, so that
    /// waiting loops end and every run sees the same times.
    Fixed {
        now_unix_nanos: i64,
        elapsed_nanos: i64,
    },
}

impl Clock {
    fn new(deterministic: Option<Deterministic>) -> Self {
        match deterministic {
            None => Clock::Real { start: Instant::now() },
            Some(fixed) => Clock::Fixed { now_unix_nanos: fixed.now_unix_nanos, elapsed_nanos: 0 },
        }
    }

    fn read(&mut self, realtime: bool) -> i64 {
        match self {
            Clock::Real { start } => {
                let nanos = if realtime {
                    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos())
                } else {
                    start.elapsed().as_nanos()
                };
                let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
                nanos - nanos % CLOCK_RESOLUTION_NANOS
            }
            Clock::Fixed { now_unix_nanos, elapsed_nanos } => {
                let elapsed = *elapsed_nanos;
                *elapsed_nanos = elapsed.saturating_add(CLOCK_RESOLUTION_NANOS);
                if realtime { now_unix_nanos.saturating_add(elapsed) } else { elapsed }
            }
        }
    }

    fn slept(&mut self, nanos: i64) {
        if let Clock::Fixed { elapsed_nanos, .. } = self {
            *elapsed_nanos = elapsed_nanos.saturating_add(nanos);
        }
    }
}

/// The execution's random bytes: seeded by the system on first use, or by the request.
struct RandomStream {
    seed: Option<u64>,
    stream: Option<ChaCha12Rng>,
}

impl RandomStream {
    fn fill(&mut self, bytes: &mut [u8]) -> wasmtime::Result<()> {
        if self.stream.is_none() {
            self.stream = Some(match self.seed {
                Some(seed) => ChaCha12Rng::seed_from_u64(seed),
                None => {
                    let mut seed = [0; 32];
                    getrandom::fill(&mut seed)
                        .map_err(|error| wasmtime::format_err!("no random bytes from the system: {error}"))?;
                    ChaCha12Rng::from_seed(seed)
                }
            });
        }
        if let Some(stream) = &mut self.stream {
            stream.fill_bytes(bytes);
        }
        Ok(())
    }
}

/// The guest's bytes at `address`, and the state beside them.
fn guest_bytes<'a>(
    caller: &'a mut Caller<'_, GuestState>,
    address: i32,
    length: i32,
) -> Result<(&'a mut [u8], &'a mut GuestState), Stop> {
    let memory = caller.data().memory.ok_or(Stop::Misuse("called before the guest was set up"))?;
    let (data, state) = memory.data_and_store_mut(caller);
    let start = address as u32 as usize;
    let bytes = data
        .get_mut(start..start.saturating_add(length as u32 as usize))
        .ok_or(Stop::Misuse("address beyond the guest's memory"))?;
    Ok((bytes, state))
}

/// Takes fuel for what a host function does, as the guest's own code would.
fn charge(caller: &mut Caller<'_, GuestState>, units: i64) -> wasmtime::Result<()> {
    let Some(global) = caller.data().left else { return Ok(()) };
    let left = global.get(&mut *caller).i64().unwrap_or(0);
    global.set(&mut *caller, Val::I64(left.saturating_sub(units)))
}

/// The guest has come back from computing and may now be left for others, which it is with all of its memory.
fn came_back(caller: &Caller<'_, GuestState>) {
    let state = caller.data();
    if let (Some(watch), Some(memory)) = (&state.watch, state.memory) {
        watch.came_back(|| memory.data_size(caller));
    }
}

/// Asks for memory, if the guest has taken more than it was granted, and waits until it is there.
async fn ask_for_room(caller: &mut Caller<'_, GuestState>) -> Result<(), Stop> {
    let Some(memory) = caller.data().memory else { return Ok(()) };
    let (data, state) = memory.data_and_store_mut(caller);
    let Some(wanted) = state.room_wanted(0, data) else { return Ok(()) };
    state.get_room(wanted).await
}

/// Links the host functions; the names are those of [`imports::HOST_FUNCTIONS`].
pub(crate) fn linker(engine: &Engine, blocked_clock: Duration) -> wasmtime::Result<Linker<GuestState>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(
        imports::MODULE,
        "clock_now",
        move |mut caller: Caller<'_, GuestState>, clock: i32| -> i64 {
            if !blocked_clock.is_zero() {
                std::thread::sleep(blocked_clock);
            }
            caller.data_mut().clock.read(clock == 0)
        },
    )?;
    linker.func_wrap(
        imports::MODULE,
        "random_fill",
        |mut caller: Caller<'_, GuestState>, address: i32, length: i32| -> wasmtime::Result<()> {
            if length as u32 as usize > MAX_RANDOM_BYTES {
                return Err(Stop::Misuse("random_fill gives at most 64 KiB a call").into());
            }
            charge(&mut caller, i64::from(length) * FUEL_PER_RANDOM_BYTE)?;
            let (bytes, state) = guest_bytes(&mut caller, address, length)?;
            state.random.fill(bytes)
        },
    )?;
    linker.func_wrap(
        imports::MODULE,
        "output_write",
        |mut caller: Caller<'_, GuestState>,
         stream: i32,
         address: i32,
         length: i32|
         -> wasmtime::Result<()> {
            let (bytes, state) = guest_bytes(&mut caller, address, length)?;
            Ok(state.output.append(stream, bytes)?)
        },
    )?;
    linker.func_wrap_async(
        imports::MODULE,
        imports::REFUEL,
        |mut caller: Caller<'_, GuestState>, (left,): (i64,)| {
            // Host functions are called on the guest's stack.
            caller.data_mut().stands_at((&raw const left).addr());
            came_back(&caller);
            Box::new(async move {
                caller.data_mut().pay(left);
                let used = caller.data().fuel.used(left);
                if caller.data().fuel.pace.goes_on(used) {
                    let slice = caller.data_mut().fuel.next_slice(left);
                    return Ok(slice.ok_or(Stop::Limit(Limit::Fuel))?);
                }
                caller.data_mut().output.hand_on();
                let slice = caller.data_mut().fuel.next_slice(left).ok_or(Stop::Limit(Limit::Fuel))?;
                if caller.data().room.is_some() {
                    ask_for_room(&mut caller).await?;
                }
                caller.data_mut().slice_is_over().await?;
                let GuestState { fuel, turn, .. } = caller.data_mut();
                fuel.pace.was_looked_at(used, || turn.as_ref().map_or(0, CpuLease::faults));
                Ok::<i64, wasmtime::Error>(slice)
            })
        },
    )?;
    linker.func_wrap_async(
        imports::MODULE,
        "sleep",
        |mut caller: Caller<'_, GuestState>, (nanos,): (i64,)| {
            came_back(&caller);
            caller.data_mut().output.hand_on();
            Box::new(async move {
                let nanos = nanos.max(0);
                let sleep = tokio::time::sleep(Duration::from_nanos(nanos as u64));
                if let Some(turn) = &mut caller.data_mut().turn {
                    turn.pause(sleep).await.map_err(Stop::from)?;
                }
                caller.data_mut().clock.slept(nanos);
                Ok::<(), wasmtime::Error>(())
            })
        },
    )?;
    linker.func_wrap(
        imports::MODULE,
        "exit",
        |_: Caller<'_, GuestState>, code: i32| -> wasmtime::Result<()> { Err(Stop::Exit(code).into()) },
    )?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::{Growth, MAX_EXCEPTION_BYTES};

    #[test]
    fn memory_of_exceptions_has_a_cap_of_its_own() {
        let image = 100 << 20;
        let grants = |current: usize, desired: usize| {
            let mut growth = Growth {
                image: image as u64,
                limit: (image + (64 << 20)) as u64,
                refused: false,
                exceptions: false,
            };
            growth.memory_may_grow(current, desired)
        };
        assert!(grants(0, image) && grants(image, image + (64 << 20)));
        assert!(!grants(image, image + (64 << 20) + 1));
        assert!(grants(0, 65536) && grants(65536, MAX_EXCEPTION_BYTES));
        assert!(!grants(MAX_EXCEPTION_BYTES, MAX_EXCEPTION_BYTES * 2));
        assert!(!grants(0, MAX_EXCEPTION_BYTES + 1));
    }
}
