//! Who calls: turns the credentials of a call into a tenant.
//!
//! ```text
//! headers ─▶ Access ─▶ Tenant, or Denied
//! ```
//!
//! * [`Access`]: the keys of all tenants; asked by every transport before it reads a request,
//! * [`ApiKey`] and [`KeyHash`]: what a client is given, and what the server keeps of it.
#![forbid(unsafe_code)]

mod access;
mod key;

pub use access::{Access, AccessConfig, Denied};
pub use key::{ApiKey, BadHash, KeyHash};
