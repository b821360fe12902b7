//! One guest: a store and an instance that live for one call.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::host::{GuestState, Stop};
use crate::image::Image;
use crate::schedule::Turn;
use crate::tap::OutputTap;
use ampoule_world::{Deterministic, Limits};
use wasmtime::{Global, Instance, Memory, ModuleExport, Store, TypedFunc, Val};

/// Which of the guest's doors is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Compile,
    Run,
    Prepare,
    Call,
}

impl Door {
    /// The export behind it.
    pub(crate) fn export(self) -> &'static str {
        match self {
            Door::Compile => "ampoule_compile",
            Door::Run => "ampoule_run",
            Door::Prepare => "ampoule_prepare",
            Door::Call => "ampoule_call",
        }
    }
}

pub(crate) struct Guest {
    pub(crate) store: Store<GuestState>,
    instance: Instance,
    pub(crate) memory: Memory,
    fuel: Global,
    image: Image,
    door: Door,
}

impl Guest {
    /// Takes a slot and starts from the image's pristine memory; `turn` is its seat, `tap` takes what it prints.
    pub(crate) async fn start(
        engine: &Engine,
        image: &Image,
        door: Door,
        limits: &Limits,
        deterministic: Option<Deterministic>,
        turn: Turn,
        tap: Option<OutputTap>,
    ) -> Result<Self, EngineError> {
        let fault = |error: wasmtime::Error| EngineError::Guest(format!("{error:#}"));
        let mut store = Store::new(
            &engine.inner.wasm,
            GuestState::new(
                limits,
                image.manifest().initial_memory_bytes,
                engine.inner.config.fuel_slice,
                deterministic,
                turn,
                tap,
            ),
        );
        store.limiter(|state| &mut state.growth);
        let code = image.inner.code(door);
        let instance = code.pre.instantiate_async(&mut store).await.map_err(fault)?;
        let memory = instance
            .get_module_export(&mut store, &code.exports.memory)
            .and_then(wasmtime::Extern::into_memory)
            .ok_or_else(|| EngineError::Guest("the export 'memory' is not a memory".into()))?;
        store.data_mut().memory = Some(memory);
        let fuel = instance
            .get_module_export(&mut store, &code.exports.fuel)
            .and_then(wasmtime::Extern::into_global)
            .ok_or_else(|| EngineError::Guest("the export for fuel is not a global".into()))?;
        let slice = store.data_mut().fuel.next_slice(0).unwrap_or(0);
        fuel.set(&mut store, Val::I64(slice)).map_err(fault)?;
        Ok(Guest { store, instance, memory, fuel, image: image.clone(), door })
    }

    /// Hands in a request and returns where the response lies. Traps and stops come back as errors of wasmtime.
    pub(crate) async fn call(&mut self, request: &[u8]) -> wasmtime::Result<u64> {
        let length = u32::try_from(request.len())?;
        let exports = &self.image.inner.code(self.door).exports;
        let (alloc, door) = (exports.alloc, exports.doors[self.door as usize]);
        let alloc: TypedFunc<u32, u32> = self.function(&alloc)?;
        let door: TypedFunc<(u32, u32), u64> = self.function(&door)?;
        let address = alloc.call_async(&mut self.store, length).await?;
        if address == 0 {
            self.store.data_mut().growth.refused = true;
            return Err(Stop::Misuse("no memory for the request").into());
        }
        self.memory.write(&mut self.store, address as usize, request)?;
        door.call_async(&mut self.store, (address, length)).await
    }

    /// The response's bytes in guest memory; `None` when the guest points outside of it.
    pub(crate) fn response(&self, packed: u64) -> Option<&[u8]> {
        let (address, length) = ((packed >> 32) as usize, (packed & 0xffff_ffff) as usize);
        self.memory.data(&self.store).get(address..address.checked_add(length)?)
    }

    /// Memory beyond the image's own, in bytes; it never shrinks, so this is also the peak.
    pub(crate) fn memory_bytes(&self) -> u64 {
        (self.memory.data_size(&self.store) as u64).saturating_sub(self.image.manifest().initial_memory_bytes)
    }

    /// Units of fuel used so far; the account that pays is told.
    pub(crate) fn fuel_used(&mut self) -> u64 {
        let left = self.fuel.get(&mut self.store).i64().unwrap_or(0);
        self.store.data_mut().pay(left);
        self.store.data().fuel.used(left)
    }

    /// The values of the globals that a guest changes beside its memory, in the image's order.
    pub(crate) fn globals(&mut self) -> Vec<Val> {
        let exports = self.image.inner.code(self.door).exports.globals.clone();
        let globals: Vec<Global> = exports.iter().filter_map(|export| self.global(export)).collect();
        globals.iter().map(|global| global.get(&mut self.store)).collect()
    }

    /// Gives the globals these values; an error if they are not this image's.
    pub(crate) fn set_globals(&mut self, values: &[Val]) -> wasmtime::Result<()> {
        let exports = self.image.inner.code(self.door).exports.globals.clone();
        wasmtime::ensure!(exports.len() == values.len(), "the checkpoint's globals are not the image's");
        for (export, value) in exports.iter().zip(values) {
            let global = self.global(export).ok_or_else(|| wasmtime::format_err!("a global is missing"))?;
            global.set(&mut self.store, *value)?;
        }
        Ok(())
    }

    fn global(&mut self, export: &ModuleExport) -> Option<Global> {
        self.instance.get_module_export(&mut self.store, export).and_then(wasmtime::Extern::into_global)
    }

    fn function<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(
        &mut self,
        export: &ModuleExport,
    ) -> wasmtime::Result<TypedFunc<P, R>> {
        self.instance
            .get_module_export(&mut self.store, export)
            .and_then(wasmtime::Extern::into_func)
            .ok_or_else(|| wasmtime::format_err!("an export of the ABI is not a function"))?
            .typed(&self.store)
    }
}
