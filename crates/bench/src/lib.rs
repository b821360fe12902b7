//! Measures what SPECIFICATION.md promises.
#![forbid(unsafe_code)]
