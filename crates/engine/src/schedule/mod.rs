//! Sharing the processor: who computes, and for how long.
//!
//! ```text
//! guest ─ wants a seat ─▶ Seats ─ a slice of fuel is over ─▶ go on, or hand the seat to who is next
//! ```
//!
//! There are as many *seats* as processors; a guest computes only while it has one. Time is dealt in slices
//! of fuel, because that is where a guest can be stopped at no cost, but accounts are kept in processor time:
//! one unit of fuel takes from 0.05 to 0.25 ns, depending on the program, and a tenant must not get five
//! times the machine by adding vectors.
//!
//! * [`seats`]: the accounts and the choice, without a clock or a task of its own,
//! * [`waiter`]: a guest among them, and its times,
//! * [`seat`]: the same as the watchdog sees it,
//! * [`lease`]: one guest's part of it: waits for its seat, gives it back however the guest ends,
//! * [`threads`]: where guests compute in servers, and how callers wait for them,
//! * [`awake`]: when to wait awake.

mod awake;
mod lease;
pub(crate) mod pace;
mod seat;
mod seats;
pub(crate) mod threads;
mod waiter;

pub(crate) use lease::{CpuLease, GivenUp, Ground, Others, Over, Time};
pub(crate) use seat::Seat;
pub use seats::FairShare;
pub(crate) use seats::Seats;
