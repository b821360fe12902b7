//! What an execution may consume.

use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::time::Duration;

/// Defines [`LimitTable`] and what is done with all of its values, from one list. A time has the type `T`
/// there, bytes have `B`, a number has `N`, and what is not a request's to choose has `O`.
macro_rules! limit_table {
    (($time:ident, $bytes:ident, $number:ident, $own:ident) $($(#[doc = $doc:literal])+ $name:ident: $type:ident by $convert:ident,)*) => {
        /// A value for each limit of an execution: [`Limits`], [`Caps`], [`RequestedLimits`], and what a
        /// configuration file says of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[serde(bound(
            serialize = "T: Serialize + Absent, B: Serialize + Absent, N: Serialize + Absent, O: Serialize + Absent",
            deserialize = "T: Deserialize<'de> + Default, B: Deserialize<'de> + Default, N: Deserialize<'de> + Default, \
                           O: Deserialize<'de> + Default"
        ))]
        pub struct LimitTable<T, B, N, O = ()> {
            $($(#[doc = $doc])+ #[serde(default, skip_serializing_if = "Absent::is_absent")] pub $name: $type,)*
        }

        impl<T, B, N, O> LimitTable<T, B, N, O> {
            /// A table of what becomes of each value; the functions are told the limit's name.
            pub fn try_map<T2, B2, N2, O2, E>(
                self,
                mut $time: impl FnMut(&'static str, T) -> Result<T2, E>,
                mut $bytes: impl FnMut(&'static str, B) -> Result<B2, E>,
                mut $number: impl FnMut(&'static str, N) -> Result<N2, E>,
                mut $own: impl FnMut(&'static str, O) -> Result<O2, E>,
            ) -> Result<LimitTable<T2, B2, N2, O2>, E> {
                Ok(LimitTable { $($name: $convert(stringify!($name), self.$name)?,)* })
            }

            /// Two tables as one of pairs.
            pub fn zip<T2, B2, N2, O2>(
                self,
                other: LimitTable<T2, B2, N2, O2>,
            ) -> LimitTable<(T, T2), (B, B2), (N, N2), (O, O2)> {
                LimitTable { $($name: (self.$name, other.$name),)* }
            }
        }

        impl<T, B, N, O: Default> Default for LimitTable<Option<T>, Option<B>, Option<N>, O> {
            /// Nothing is said.
            fn default() -> Self {
                LimitTable { $($name: Default::default(),)* }
            }
        }
    };
}

limit_table! {
    (time, bytes, number, own)
    /// Real time that the program runs and sleeps; not what it waits for a processor while others compute.
    wall_time: T by time,
    /// Processor time.
    cpu_time: T by time,
    /// Memory of the guest in bytes, beyond what its image starts with: the image's memory is one mapping
    /// that all its guests share, and how large it is is not the program's doing.
    memory_bytes: B by bytes,
    /// Units of work: about one per WebAssembly instruction on a typical path (`crates/meter` says how it is
    /// counted).
    fuel: N by number,
    /// stdout and stderr together, in bytes.
    output_bytes: B by bytes,
    /// The result as JSON text, in bytes.
    result_bytes: B by bytes,
    /// The files that come back, names and contents together, in bytes; not a request's to choose.
    file_bytes: O by own,
}

/// The limits of one execution. Every one of them, when reached, has its own outcome.
pub type Limits = LimitTable<Duration, u64, u64, u64>;

/// The most a request can ask for.
pub type Caps = LimitTable<Duration, u64, u64>;

/// Limits as asked for; what is absent becomes the server's default.
pub type RequestedLimits = LimitTable<Option<Duration>, Option<u64>, Option<u64>>;

/// Whether a value of a table says nothing, and is left out where the table is written.
pub trait Absent {
    /// It says nothing.
    fn is_absent(&self) -> bool;
}

impl<T> Absent for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl Absent for () {
    fn is_absent(&self) -> bool {
        true
    }
}

impl<T, B, N, O> LimitTable<T, B, N, O> {
    /// A table of what becomes of each value.
    pub fn map<T2, B2, N2, O2>(
        self,
        mut time: impl FnMut(T) -> T2,
        mut bytes: impl FnMut(B) -> B2,
        mut number: impl FnMut(N) -> N2,
        mut own: impl FnMut(O) -> O2,
    ) -> LimitTable<T2, B2, N2, O2> {
        let mapped: Result<_, Infallible> = self.try_map(
            |_, value| Ok(time(value)),
            |_, value| Ok(bytes(value)),
            |_, value| Ok(number(value)),
            |_, value| Ok(own(value)),
        );
        let Ok(mapped) = mapped;
        mapped
    }
}

impl<T, B, N, O> LimitTable<Option<T>, Option<B>, Option<N>, O> {
    /// What is said here, else what `other` says.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.zip(other).map(
            |(one, other)| one.or(other),
            |(one, other)| one.or(other),
            |(one, other)| one.or(other),
            |(one, _)| one,
        )
    }
}

/// Names one limit in messages and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`Limits::wall_time`]
    WallTime,
    /// [`Limits::cpu_time`]
    CpuTime,
    /// [`Limits::memory_bytes`]
    Memory,
    /// [`Limits::fuel`]
    Fuel,
    /// [`Limits::output_bytes`]
    Output,
    /// [`Limits::result_bytes`]
    Result,
    /// [`Limits::file_bytes`]
    Files,
}

impl Default for LimitTable<Duration, u64, u64, u64> {
    /// What an execution gets when nobody asks for anything else; right for a laptop.
    fn default() -> Self {
        Limits {
            wall_time: Duration::from_secs(10),
            // No limit of its own: who raises the wall time only, gets it.
            cpu_time: Duration::from_secs(60),
            memory_bytes: 256 << 20,
            // A fast core burns 2e9 to 8e9 units a second, 1.6e10 at most (SPECIFICATION.md): even there the
            // largest wall time of 60 s comes first, and a slow machine burns less.
            fuel: 1_000_000_000_000,
            output_bytes: 1 << 20,
            result_bytes: 16 << 20,
            file_bytes: 16 << 20,
        }
    }
}
