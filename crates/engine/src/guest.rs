//! One guest: a store and an instance, for one call.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::execute::conclude::Ending;
use crate::execute::response;
use crate::host::{GuestState, Output, Stop};
use crate::image::Image;
use crate::job::NoMemory;
use crate::reset::history::{History, Reuse};
use crate::reset::reuse::{Live, Pristine};
use crate::schedule::CpuLease;
use crate::watch::{Region, Watch};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::{Global, ModuleExport, Store, TypedFunc, Val};

/// Units of fuel for telling where a program was: some milliseconds, in which a hundred thousand frames are
/// walked.
const PLACE_FUEL: i64 = 10_000_000;

/// Which of the guest's doors is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryPoint {
    Compile,
    Run,
    Prepare,
    Call,
}

impl EntryPoint {
    /// The export behind it.
    pub(crate) fn export(self) -> &'static str {
        match self {
            EntryPoint::Compile => "ampoule_compile",
            EntryPoint::Run => "ampoule_run",
            EntryPoint::Prepare => "ampoule_prepare",
            EntryPoint::Call => "ampoule_call",
        }
    }

    /// Whether a program runs to its end behind it: compiling and preparing have no result, no stdin, and no
    /// files that come back.
    pub(crate) fn is_to_the_end(self) -> bool {
        matches!(self, EntryPoint::Run | EntryPoint::Call)
    }
}

pub(crate) struct Guest {
    pub(crate) live: Live,
    image: Image,
    entry_point: EntryPoint,
}

impl Guest {
    /// Takes a slot and starts from the image's pristine memory.
    pub(crate) async fn start(
        engine: &Engine,
        image: &Image,
        entry_point: EntryPoint,
        state: GuestState,
    ) -> Result<Self, EngineError> {
        let live = instantiate(engine, image, entry_point, state).await.map_err(fault)?;
        Guest::of(live, image, entry_point)
    }

    /// The same by way of a guest that was kept, if there is one.
    pub(crate) async fn start_kept(
        engine: &Engine,
        image: &Image,
        entry_point: EntryPoint,
        mut state: GuestState,
        which: Reuse,
    ) -> Result<Self, EngineError> {
        let Some(mut live) = image.inner.kept.take(which) else {
            // It is to be kept, and must tell where its stack is.
            state.fuel.ask_soon();
            return Guest::start(engine, image, entry_point, state).await;
        };
        *live.store.data_mut() = state;
        Guest::of(live, image, entry_point)
    }

    /// Tells the history of its program what it did; it has answered.
    pub(crate) fn tell(&self, history: &History, fuel: u64) {
        if !self.was_kept() {
            history.learn(fuel, self.live.memory.data(&self.live.store));
        }
    }

    fn of(mut live: Live, image: &Image, entry_point: EntryPoint) -> Result<Self, EngineError> {
        let state = live.store.data_mut();
        state.memory = Some(live.memory);
        state.left = Some(live.fuel);
        // What instantiating took for exceptions that may come.
        state.growth.exceptions = false;
        let slice = state.fuel.next_slice(0).unwrap_or(0);
        live.fuel.set(&mut live.store, Val::I64(slice)).map_err(fault)?;
        Ok(Guest { live, image: image.clone(), entry_point })
    }

    /// Whether executions were in it before this one.
    pub(crate) fn was_kept(&self) -> bool {
        self.live.uses > 0
    }

    /// Resets it and keeps it for another execution, if that can be done; it has answered.
    pub(crate) async fn keep(self, engine: &Engine) -> Result<(), EngineError> {
        let Guest { live, image, entry_point } = self;
        let (kept, places) = (&image.inner.kept, &engine.inner.places);
        if places.each == 0 || live.store.data().growth.exceptions {
            return Ok(());
        }
        if !kept.has_pristine() {
            let Some(place) = places.take() else { return Ok(()) };
            let nobody = GuestState::of_nobody(image.manifest().initial_memory_bytes);
            match instantiate(engine, &image, entry_point, nobody).await {
                Ok(pristine) => kept.begin(Pristine::new(pristine, place)),
                Err(error) => {
                    tracing::warn!(%error, image = image.digest(), "no guest of the image can be kept");
                    return Ok(());
                }
            }
        }
        kept.put(live, places, engine.inner.config.compare_reused)
    }

    /// Hands in a request and returns where the response lies. Traps and stops come back as errors of
    /// wasmtime.
    pub(crate) async fn call(&mut self, request: &[u8]) -> wasmtime::Result<u64> {
        let length = u32::try_from(request.len())?;
        let exports = &self.image.inner.code(self.entry_point).exports;
        let (alloc, entry_point) = (exports.alloc, exports.entry_points[self.entry_point as usize]);
        let alloc: TypedFunc<u32, u32> = self.function(&alloc)?;
        let entry_point: TypedFunc<(u32, u32), u64> = self.function(&entry_point)?;
        self.guard();
        let address = alloc.call_async(&mut self.live.store, length).await?;
        self.came_back();
        if address == 0 {
            self.live.store.data_mut().growth.refused = true;
            return Err(Stop::Misuse("no memory for the request").into());
        }
        self.live.memory.write(&mut self.live.store, address as usize, request)?;
        self.guard();
        entry_point.call_async(&mut self.live.store, (address, length)).await
    }

    /// The guest's own code runs from now on: its memory may be cut off. Nothing else of this thread touches
    /// it meanwhile, but what that code calls.
    fn guard(&self) {
        if let Some(watch) = self.live.store.data().watch() {
            watch.guards(Arc::clone(&self.live.region));
        }
    }

    /// What the watchdog knows of the execution in it.
    pub(crate) fn watch(&self) -> Result<Watch, EngineError> {
        let watch = self.live.store.data().watch().cloned();
        watch.ok_or_else(|| EngineError::Guest("nobody is in the guest".into()))
    }

    /// Whether its memory was made unreachable, as it ran too long.
    pub(crate) fn was_cut_off(&self) -> bool {
        self.live.store.data().watch().is_some_and(Watch::was_cut_off)
    }

    /// What was printed in it.
    pub(crate) fn take_output(&mut self) -> Output {
        self.live.store.data_mut().take_output()
    }

    /// Where the program was that a limit has stopped: a traceback and a line, as far as its guest can tell.
    /// Whatever it answers may be the program's own doing, and is text for people.
    pub(crate) async fn place(&mut self) -> Option<(String, u32, u32)> {
        let place: TypedFunc<(), u64> = {
            let export = self.image.inner.code(self.entry_point).exports.place?;
            self.function(&export).ok()?
        };
        self.live.store.data_mut().last_slice();
        self.live.fuel.set(&mut self.live.store, Val::I64(PLACE_FUEL)).ok()?;
        self.guard();
        let packed = place.call_async(&mut self.live.store, ()).await;
        self.came_back();
        response::place(self.response(packed.ok()?)?)
    }

    /// Waits for the memory that the host needs for its answer. How the execution ends, if there is none.
    pub(crate) async fn room_for_answer(&mut self, packed: u64) -> Option<Ending> {
        /// What was printed and is no text, a byte of it becomes three.
        const COPIES: u64 = 3;
        let Live { store, memory, .. } = &mut self.live;
        let (data, state) = memory.data_and_store_mut(&mut *store);
        let answer = COPIES * state.output.written + (packed & 0xffff_ffff);
        let wanted = state.room_wanted(answer, data)?;
        match state.get_room(wanted).await {
            Ok(()) => None,
            Err(Stop::NoMemory) => Some(Ending::NoMemory),
            Err(_) => Some(Ending::Waited),
        }
    }

    /// Why there was no more memory for it.
    pub(crate) fn why_no_memory(&mut self) -> NoMemory {
        let room = self.live.store.data_mut().room.as_mut();
        let refused = room.and_then(|room| room.refused.take());
        refused.unwrap_or_else(|| NoMemory {
            reason: "there is no more memory".into(),
            retry_after: Duration::from_secs(1),
        })
    }

    /// Its seat: the guest computes no more.
    pub(crate) fn take_turn(&mut self) -> Result<CpuLease, EngineError> {
        let turn = self.live.store.data_mut().take_turn();
        turn.ok_or_else(|| EngineError::Guest("nobody is in the guest".into()))
    }

    /// After it was stopped, perhaps while it slept: what is left to do is done with a seat, as all that
    /// takes time.
    pub(crate) async fn sit_again(&mut self) {
        if let Some(turn) = self.live.store.data_mut().turn_mut() {
            turn.sit_again().await;
        }
    }

    /// The guest's own code has ended, or was given up: its memory can be looked at, and is not cut off any
    /// more.
    pub(crate) fn came_back(&self) {
        if let Some(watch) = self.live.store.data().watch() {
            watch.guards_no_more(|| self.live.memory.data_size(&self.live.store));
        }
    }

    /// The response's bytes in guest memory; `None` when the guest points outside of it.
    pub(crate) fn response(&self, packed: u64) -> Option<&[u8]> {
        let (address, length) = ((packed >> 32) as usize, (packed & 0xffff_ffff) as usize);
        self.live.memory.data(&self.live.store).get(address..address.checked_add(length)?)
    }

    /// Memory beyond the image's own, in bytes; it never shrinks, so this is also the peak.
    pub(crate) fn memory_bytes(&self) -> u64 {
        (self.live.memory.data_size(&self.live.store) as u64)
            .saturating_sub(self.image.manifest().initial_memory_bytes)
    }

    /// Units of fuel used so far; the account that pays is told.
    pub(crate) fn fuel_used(&mut self) -> u64 {
        let left = self.live.fuel.get(&mut self.live.store).i64().unwrap_or(0);
        self.live.store.data_mut().pay(left);
        self.live.store.data().fuel.used(left)
    }

    /// The values of the globals that a guest changes beside its memory, in the image's order.
    pub(crate) fn globals(&mut self) -> Vec<Val> {
        self.live.globals.iter().map(|global| global.get(&mut self.live.store)).collect()
    }

    /// Gives the globals these values; an error if they are not this image's.
    pub(crate) fn set_globals(&mut self, values: &[Val]) -> wasmtime::Result<()> {
        wasmtime::ensure!(
            self.live.globals.len() == values.len(),
            "the checkpoint's globals are not the image's"
        );
        for (global, value) in self.live.globals.iter().zip(values) {
            global.set(&mut self.live.store, *value)?;
        }
        Ok(())
    }

    fn function<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        export: &ModuleExport,
    ) -> wasmtime::Result<TypedFunc<P, R>> {
        self.live
            .instance
            .get_module_export(&mut self.live.store, export)
            .and_then(wasmtime::Extern::into_func)
            .ok_or_else(|| wasmtime::format_err!("an export of the ABI is not a function"))?
            .typed(&self.live.store)
    }
}

/// Takes a slot of the pool; the memory in it is the image's.
async fn instantiate(
    engine: &Engine,
    image: &Image,
    entry_point: EntryPoint,
    state: GuestState,
) -> wasmtime::Result<Live> {
    let mut store = Store::new(&engine.inner.wasm, state);
    store.limiter_async(|state| state);
    let code = image.inner.code(entry_point);
    let instance = code.pre.instantiate_async(&mut store).await?;
    let mut export = |export: &ModuleExport| instance.get_module_export(&mut store, export);
    let memory = export(&code.exports.memory).and_then(wasmtime::Extern::into_memory);
    let memory = memory.ok_or_else(|| wasmtime::format_err!("the export 'memory' is not a memory"))?;
    let mut global = |name: &ModuleExport| {
        let global = export(name).and_then(wasmtime::Extern::into_global);
        global.ok_or_else(|| wasmtime::format_err!("a global's export is none"))
    };
    let fuel = global(&code.exports.fuel)?;
    let globals = code.exports.globals.iter().map(&mut global).collect::<wasmtime::Result<Vec<Global>>>()?;
    let region = Region::of(&mut store, memory, &code.sites);
    Ok(Live { region, store, instance, memory, fuel, globals, stack: None, uses: 0 })
}

fn fault(error: wasmtime::Error) -> EngineError {
    EngineError::Guest(format!("{error:#}"))
}
