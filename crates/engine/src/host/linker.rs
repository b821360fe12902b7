//! The functions that a guest can call.

use super::{GuestState, Stop};
use crate::schedule::CpuLease;
use ampoule_model::{Limit, imports};
use std::time::Duration;
use wasmtime::{Caller, Engine, Linker, Val};

/// Most bytes of one `random_fill` call; guests loop for more. Bounds the work between two looks at the fuel.
const MAX_RANDOM_BYTES: usize = 64 << 10;

/// Units of fuel for a byte of them: about what it takes. The guest's next point sees to what is missing.
const FUEL_PER_RANDOM_BYTE: i64 = 8;

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
