//! Turns a request into an outcome.
//!
//! ```text
//! Request ─▶ admission ─▶ slots ───▶ program cache ─▶ engine ─▶ Outcome
//!            fields,      and memory, compiled once   fresh guest
//!            limits,      bounded     per source
//!            caps, quota  queues
//! ```
//!
//! * [`Service`]: all of it; what the gRPC server and the command line call,
//! * [`Images`]: the images there are, loaded and verified,
//! * [`Tenant`]: who asks: what they may ask for, and their share; tenants come and go while they are served,
//! * [`Caps`] and [`Sizes`]: what a request may ask for,
//! * `functions`: programs that are kept under a name and prepared ahead of their calls,
//! * [`StreamRun`] and [`BatchStream`]: what comes piece by piece, for all transports,
//! * [`RequestRecord`]: the log line that a transport writes for each request, and its part in
//!   [`Service::metrics`],
//! * [`Shutdown`]: when servers leave and drain,
//! * [`Error`]: why a request was not executed. How a program ended is an outcome, never an error.
#![forbid(unsafe_code)]

mod answer;
mod batch;
mod capacity;
mod config;
mod error;
mod error_code;
mod functions;
mod idempotency;
mod images;
mod observe;
mod programs;
mod service;
mod shutdown;
mod streaming;
mod tenants;
mod validate;

pub use ampoule_engine::{FairShare, LoadTimes, OutputChunk, OutputStream, Stream};
pub use ampoule_store::{FunctionIndex, FunctionStore, InMemory, LocalObjectStore, StoreError, StoreQuota};
pub use answer::Answer;
pub use batch::{Batch, BatchRun, MOST_INPUTS};
pub use capacity::aside::aside;
pub use capacity::body_memory::BodyReservation;
pub use capacity::reading::{Late, Reading};
pub use capacity::unread::Unread;
pub use config::Capacity;
pub use config::{MOST_FOR_IDLE_GUESTS, ServiceConfig, Sizes, default_caps};
pub use error::Error;
pub use error_code::ErrorCode;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use functions::fuzzing;
pub use functions::{FunctionPage, FunctionsConfig, ListFunctions, Put};
pub use images::{Images, default_images_folder, image_folder, image_names};
pub use observe::heartbeat::Vitals;
pub use observe::prometheus::METRICS_CONTENT_TYPE;
pub use observe::prometheus_text::{TEXT_CONTENT_TYPE, to_text};
pub use observe::request_log::{ID_HEADER, RequestRecord};
pub use observe::spans::TARGET as SPAN_TARGET;
pub use observe::trace_parent::TRACE_HEADER;
pub use service::{Call, Execution, Service};
pub use shutdown::{Shutdown, ShutdownHandle};
pub use streaming::{BatchItem, BatchStream, StreamEvent, StreamRun, Unexecuted};
pub use tenants::day::{DayBook, UsedToday};
pub use tenants::quota::QuotaConfig;
pub use tenants::registry::{NoTenant, UnlistedConfig};
pub use tenants::stop::Stopped;
pub use tenants::usage::{QuotaKind, QuotaUsage, TenantUsage};
pub use tenants::{OPEN_TENANT, Tenant, TenantConfig};
