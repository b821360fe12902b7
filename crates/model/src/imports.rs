//! The closed list of host functions an image may import.
//!
//! A test asserts that every built image imports a subset of this list, and the engine refuses an
//! image that does not. Adding a line here widens what guests can ask of the host: it needs a
//! reason in SECURITY.md, a cap on every buffer it can grow, and a test.

/// The module name all host functions live under.
pub const MODULE: &str = "ampoule";

/// The host function that grants slices of fuel. Guests do not declare it: the metering pass adds it.
pub const REFUEL: &str = "refuel";

/// The exported global that holds the fuel left in the current slice.
pub const FUEL_GLOBAL: &str = "ampoule_fuel";

/// A WebAssembly value type, as far as host functions use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// 32-bit integer, also addresses and lengths.
    I32,
    /// 64-bit integer, also nanoseconds.
    I64,
}

/// One host function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFunction {
    /// Name within [`MODULE`].
    pub name: &'static str,
    /// Parameter types.
    pub parameters: &'static [ValueType],
    /// Result types.
    pub results: &'static [ValueType],
    /// What a guest gets from it, for people.
    pub purpose: &'static str,
}

use ValueType::{I32, I64};

/// Every host function there is.
pub const HOST_FUNCTIONS: [HostFunction; 6] = [
    HostFunction {
        name: "clock_now",
        parameters: &[I32],
        results: &[I64],
        purpose: "coarse realtime or execution time in nanoseconds",
    },
    HostFunction { name: "exit", parameters: &[I32], results: &[], purpose: "ends the execution" },
    HostFunction {
        name: "output_write",
        parameters: &[I32, I32, I32],
        results: &[],
        purpose: "appends to the bounded stdout or stderr",
    },
    HostFunction {
        name: "random_fill",
        parameters: &[I32, I32],
        results: &[],
        purpose: "bytes of the execution's own random stream",
    },
    HostFunction {
        name: REFUEL,
        parameters: &[I64],
        results: &[I64],
        purpose: "the next slice of fuel, or the end of the execution",
    },
    HostFunction { name: "sleep", parameters: &[I64], results: &[], purpose: "sleeps within the wall time" },
];

/// Whether an image may import `module.name`.
pub fn is_allowed(module: &str, name: &str) -> bool {
    module == MODULE && HOST_FUNCTIONS.iter().any(|function| function.name == name)
}

/// Functions and globals every guest must export; an image exports [`FUEL_GLOBAL`] too.
pub const REQUIRED_EXPORTS: [&str; 7] = [
    "memory",
    "__stack_pointer",
    "ampoule_alloc",
    "ampoule_compile",
    "ampoule_run",
    "ampoule_prepare",
    "ampoule_call",
];
