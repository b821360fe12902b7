//! Whether a request can be executed: its fields, names, inputs and limits; and by what it is told from another.

pub(crate) mod admission;
pub(crate) mod fingerprint;
pub(crate) mod input;
pub(crate) mod names;
