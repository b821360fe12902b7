//! Whether a request can be executed: its fields, names, inputs and limits; and the fingerprint by which
//! requests are compared.

pub(crate) mod admission;
pub(crate) mod fingerprint;
pub(crate) mod input;
pub(crate) mod names;
