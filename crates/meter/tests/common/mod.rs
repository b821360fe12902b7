//! A small module, metered, and an engine to run it in.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub(crate) mod bulk;

use ampoule_meter::meter;
use ampoule_model::imports;
use wasmtime::{Config, Engine, Instance, Linker, Module, Store, Trap, Val};

/// A module with `body` as its function `run`; `$recurse` and `$leaf` are there to be called.
pub(crate) fn module(body: &str) -> Vec<u8> {
    wat::parse_str(format!(
        r#"(module
            (import "ampoule" "exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (global (mut i32) (i32.const 0))
            (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
            (func $recurse (param i32) (result i32)
                (if (result i32) (i32.eqz (local.get 0))
                    (then (i32.const 7))
                    (else (call $recurse (i32.sub (local.get 0) (i32.const 1))))))
            (func (export "run") (param i32) (result i32) {body}))"#
    ))
    .expect("the test's WAT is good")
}

pub(crate) struct Metered {
    store: Store<u64>,
    instance: Instance,
}

impl Metered {
    /// Grants `slice` units at every `refuel`, or ends the execution if they are negative, and counts the
    /// calls in the store.
    pub(crate) fn new(body: &str, slice: i64) -> Metered {
        Metered::of_wasm(&module(body), slice)
    }

    /// The same with a whole module.
    pub(crate) fn of(wat: &str, slice: i64) -> Metered {
        Metered::of_wasm(&wat::parse_str(wat).expect("the test's WAT is good"), slice)
    }

    fn of_wasm(wasm: &[u8], slice: i64) -> Metered {
        Metered::start(&meter(wasm).expect("it can be metered"), slice)
    }

    /// A whole module as it is, to compare with.
    pub(crate) fn unmetered(wat: &str) -> Metered {
        Metered::start(&wat::parse_str(wat).expect("the test's WAT is good"), 0)
    }

    fn start(wasm: &[u8], slice: i64) -> Metered {
        let engine = Engine::new(&Config::new()).expect("the engine starts");
        let module = Module::new(&engine, wasm).expect("it is valid");
        let mut linker = Linker::new(&engine);
        linker.func_wrap("ampoule", "exit", |_: i32| {}).expect("it links");
        linker.func_wrap("ampoule", "host", |argument: i32| argument + 1000).expect("it links");
        linker
            .func_wrap("ampoule", "refuel", move |mut caller: wasmtime::Caller<'_, u64>, left: i64| {
                assert!(left < 0, "refuel is called below zero only");
                *caller.data_mut() += 1;
                (slice >= 0).then_some(slice).ok_or_else(|| wasmtime::Error::from(Trap::OutOfFuel))
            })
            .expect("it links");
        let mut store = Store::new(&engine, 0);
        let instance = linker.instantiate(&mut store, &module).expect("it starts");
        Metered { store, instance }
    }

    /// (result, calls of refuel)
    pub(crate) fn run(&mut self, argument: i32) -> (i32, u64) {
        let run = self.instance.get_typed_func::<i32, i32>(&mut self.store, "run").expect("it is exported");
        let result = run.call(&mut self.store, argument).expect("it returns");
        (result, *self.store.data())
    }

    /// The result, or why there is none.
    pub(crate) fn try_run(&mut self, argument: i32) -> Result<i32, Trap> {
        let run = self.instance.get_typed_func::<i32, i32>(&mut self.store, "run").expect("it is exported");
        run.call(&mut self.store, argument).map_err(|error| *error.downcast_ref().expect("it traps"))
    }

    /// Calls a function that takes three `i32`s, as bulk instructions do.
    pub(crate) fn operate(&mut self, name: &str, operands: [u32; 3]) -> Result<(), Trap> {
        let function = self.instance.get_typed_func(&mut self.store, name).expect("it is exported");
        let [to, from, length] = operands;
        function
            .call(&mut self.store, (to, from, length))
            .map_err(|error| *error.downcast_ref().expect("it traps"))
    }

    pub(crate) fn memory(&mut self) -> &mut [u8] {
        let memory = self.instance.get_memory(&mut self.store, "memory").expect("it is exported");
        memory.data_mut(&mut self.store)
    }

    /// Calls of `refuel`.
    pub(crate) fn refuels(&self) -> u64 {
        *self.store.data()
    }

    /// Sets the fuel that is left.
    pub(crate) fn set_fuel(&mut self, units: i64) {
        let fuel = self.instance.get_global(&mut self.store, imports::FUEL_GLOBAL).expect("it is exported");
        fuel.set(&mut self.store, Val::I64(units)).expect("it is an i64");
    }

    pub(crate) fn fuel(&mut self) -> i64 {
        let fuel = self.instance.get_global(&mut self.store, imports::FUEL_GLOBAL).expect("it is exported");
        fuel.get(&mut self.store).unwrap_i64()
    }
}
