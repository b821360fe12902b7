//! The service on a tiny guest, one file per behaviour.

#[path = "../support/mod.rs"]
mod support;

mod admission;
mod executions;
mod fairness;
mod functions;
mod idempotency;
mod tenants;
mod waiting;
