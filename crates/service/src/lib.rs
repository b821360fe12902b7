//! Turns a request into an outcome.
//!
//! ```text
//! Request ─▶ admission ─▶ queue ─▶ program cache ─▶ engine ─▶ Outcome
//!            fields,      slots,   compiled once    fresh guest
//!            limits,      bounded  per source
//!            caps         waiting
//! ```
//!
//! * [`Service`]: all of it; what the gRPC server and the command line call,
//! * [`Images`]: the images there are, loaded and verified,
//! * [`Caps`] and [`Sizes`]: what a request may ask for,
//! * [`RequestLine`]: the log line that a transport writes for each request,
//! * [`Error`]: why a request was not executed. How a program ended is an outcome, never an error.
#![forbid(unsafe_code)]

mod admission;
mod config;
mod error;
mod images;
mod input;
mod names;
mod programs;
mod queue;
mod request_log;
mod service;

pub use ampoule_engine::LoadTimes;
pub use config::{Caps, ServiceConfig, Sizes};
pub use error::Error;
pub use images::{Images, default_images_folder, image_folder, image_names};
pub use request_log::{ID_HEADER, RequestLine, TARGET as REQUEST_LOG_TARGET};
pub use service::{Execution, Service};
