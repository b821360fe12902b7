//! The service on a tiny guest, one file per behaviour.

use ampoule_testing::tiny as support;

mod admission;
mod executions;
mod fairness;
mod functions;
mod idempotency;
mod tenants;
mod waiting;
