//! Guests that are used again: their memory, tables, globals and native stack are reset to those of a fresh
//! one.

pub(crate) mod dirty;
pub(crate) mod history;
pub(crate) mod reuse;
pub(crate) mod stack;
