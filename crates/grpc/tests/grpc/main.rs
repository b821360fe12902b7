//! The gRPC server, one file per behaviour.

#[path = "../../../connection/tests/support/mod.rs"]
mod pki;
#[path = "../support/mod.rs"]
mod support;

mod batches;
mod connections;
mod endings;
mod functions;
mod gzip;
mod lifetimes;
mod reflection;
mod requests;
mod streams;
mod tenants;
mod tls;
mod transit;
