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
//! * [`RequestRecord`]: the log line that a transport writes for each request, and its part in [`Service::metrics`],
//! * [`Shutdown`]: when servers leave and drain,
//! * [`Error`]: why a request was not executed. How a program ended is an outcome, never an error.
#![forbid(unsafe_code)]

mod admission;
mod answer;
mod aside;
mod batch;
mod body_memory;
mod config;
mod day;
mod error;
mod fingerprint;
mod function_meters;
mod functions;
mod heartbeat;
mod idempotency;
mod images;
mod input;
mod memory;
mod metrics;
mod names;
mod programs;
mod prometheus;
mod prometheus_memory;
mod prometheus_quotas;
mod prometheus_text;
mod quota;
mod reading;
mod registry;
mod request_log;
mod service;
mod shutdown;
mod slots;
mod stop;
mod streaming;
mod tenants;
mod trace_parent;
mod unread;
mod usage;

pub use ampoule_engine::{FairShare, LoadTimes, OutputChunk, OutputStream, Stream};
pub use ampoule_store::{FunctionIndex, FunctionStore, InMemory, LocalObjectStore, StoreError, StoreQuota};
pub use answer::Answer;
pub use aside::aside;
pub use batch::{Batch, BatchRun, MOST_INPUTS};
pub use body_memory::BodyReservation;
pub use config::Capacity;
pub use config::{Caps, MOST_FOR_IDLE_GUESTS, ServiceConfig, Sizes};
pub use day::{DayBook, UsedToday};
pub use error::Error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use functions::fuzzing;
pub use functions::{FunctionPage, FunctionsConfig, ListFunctions, Put};
pub use heartbeat::Vitals;
pub use images::{Images, default_images_folder, image_folder, image_names};
pub use prometheus::METRICS_CONTENT_TYPE;
pub use prometheus_text::{TEXT_CONTENT_TYPE, to_text};
pub use quota::QuotaConfig;
pub use reading::{Late, Reading};
pub use registry::{NoTenant, UnlistedConfig};
pub use request_log::{ID_HEADER, RequestRecord, TARGET as REQUEST_LOG_TARGET};
pub use service::{Call, Execution, Service};
pub use shutdown::{Shutdown, ShutdownHandle};
pub use stop::Stopped;
pub use streaming::{BatchItem, BatchStream, StreamEvent, StreamRun, Unexecuted};
pub use tenants::{OPEN_TENANT, Tenant, TenantConfig};
pub use trace_parent::TRACE_HEADER;
pub use unread::Unread;
pub use usage::{QuotaKind, QuotaUsage, TenantUsage};
