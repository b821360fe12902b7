//! Who calls: turns the credentials of a call into a tenant.
//!
//! ```text
//! headers, the peer's certificate ─▶ Access ─▶ Tenant, or Denied
//! ```
//!
//! * [`Authenticator`]: the keys and certificates of all tenants; asked by every transport before it reads a
//!   request; and by which of them somebody called (`identity.rs`),
//! * [`JwtConfig`]: whose tokens are taken, too,
//! * [`AdminKeys`]: who may administer tenants,
//! * [`Hosts`]: by which names a server without keys is called, and that no web page calls it,
//! * [`ApiKey`] and [`KeyHash`]: what a client is given, and what the server keeps of it.
#![forbid(unsafe_code)]

mod admin;
mod authenticator;
mod host;
mod identity;
mod jwt;
mod key;

pub use admin::AdminKeys;
pub use authenticator::{AuthConfig, AuthError, Authenticator};
pub use host::{Hosts, Stranger};
pub use jwt::{JwksAddress, JwtConfig, check_address};
pub use key::{ApiKey, BadHash, KeyHash};
