//! Fair turns on shared threads: tasks of many callers are polled so that none keeps the others waiting,
//! however much it sends.
//!
//! ```text
//! event ─ wake ─▶ Task ─▶ Class: ready, or waiting in order ─▶ tokio's queue ─ poll ─▶ the future
//!                            ▲ the next one, when a poll is over      │
//!                            └────────────────────────────────────────┘
//! ```
//!
//! tokio polls ready tasks in the order in which they became ready. A caller with a thousand ready tasks is
//! therefore a thousand polls ahead of one that has a single task. Here each caller is a [`Class`], and of
//! each class only a few tasks are in tokio's queue at the same time; the others wait in the class. So a task
//! waits for a few polls of each other class at most. A class that is alone uses all threads.
//!
//! * [`Turns`] has the classes by name,
//! * [`Member`] is one connection of a class, with the processor time that it has used lately: those with
//!   less go first,
//! * [`Paced`] is a future that is polled in its turn.
#![forbid(unsafe_code)]

mod class;
mod member;
mod paced;

pub use class::{Class, Turns};
pub use member::Member;
pub use paced::{Paced, Priority};
