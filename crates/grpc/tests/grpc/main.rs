//! The gRPC server, one file per behaviour.

#[path = "../support/mod.rs"]
mod support;

use ampoule_testing::pki;

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
