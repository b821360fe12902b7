//! The HTTP server, one file per behaviour.

#[path = "../../../connection/tests/support/mod.rs"]
mod pki;
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod endings;
mod functions;
mod monitoring;
mod requests;
mod tenants;
mod tls;
mod transit;
