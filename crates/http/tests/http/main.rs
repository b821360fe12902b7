//! The HTTP server, one file per behaviour.

#[path = "../support/mod.rs"]
mod support;

use ampoule_testing::pki;

mod batches;
mod calls;
mod endings;
mod floods;
mod functions;
mod hints;
mod inputs;
mod monitoring;
mod requests;
mod streams;
mod tenants;
mod tls;
mod transit;
