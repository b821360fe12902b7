//! The HTTP server: the contract of Dify's sandbox, and the gRPC API as JSON.
//!
//! * [`serve`] runs one listener until it is told to drain; a [`Endpoints`] says what it answers,
//! * [`dify`] is the contract that an unmodified Dify speaks, `api/` is `POST /v1/execute` and its company,
//! * [`operator`] is for monitoring, on a listener of its own: [`serve_operator`],
//! * `admin.rs` is for those who administer tenants, likewise: [`serve_admin`],
//! * `caller.rs` decides who calls, `hint.rs` what is answered where there is nothing,
//! * `api/status.rs` is the one place that maps errors to HTTP status, `dify/envelope.rs` the one for Dify's
//!   codes.
//!
//! An execution runs inside its handler's future. When the client goes away, that future is dropped, and with
//! it the guest.
#![forbid(unsafe_code)]

mod accept;
mod admin;
mod api;
mod auth;
mod body;
pub mod dify;
mod endpoints;
mod health;
mod hint;
pub mod operator;
mod rate_limit;
mod request_id;
mod server;

pub use auth::{DEFAULT_DIFY_KEY, DifyKey};
pub use endpoints::{Endpoints, Timeouts};
pub use server::{serve, serve_admin, serve_operator};
