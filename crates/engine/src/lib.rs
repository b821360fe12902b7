//! Runs a program in a fresh guest of an image.
//!
//! ```text
//! Image  = verified files, mapped machine code, copy-on-write memory     (image.rs)
//! Job    = program or checkpoint + input + files + environment + limits   (job.rs)
//! Engine = wasmtime's pool; run(image, job) -> Outcome                    (engine.rs, run.rs)
//! Checkpoint = the pages that a program's top level has changed           (checkpoint.rs, prepare.rs)
//! ```
//!
//! A guest is one wasmtime store and instance. It lives for one execution in a slot of the pool; its memory
//! starts as a copy-on-write mapping of the image and is reset when it goes. After programs that compute for
//! long, the store itself is reset and kept for the next one (kept.rs). What it may ask of the host is in
//! `host.rs`, and nothing else is linked.
//!
//! This is the only crate with `unsafe`; every block says why it is sound.

mod checkpoint;
mod config;
mod engine;
mod error;
mod execute;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guest;
mod host;
mod image;
mod job;
mod json;
mod reset;
mod schedule;
mod watch;

pub use checkpoint::Checkpoint;
pub use config::{EngineConfig, code_config, code_config_id, swap_is_off};
pub use engine::Engine;
pub use error::EngineError;
pub use execute::output_stream::{OutputChunk, OutputStream, Stream};
pub use execute::run::Spawned;
pub use host::CLOCK_RESOLUTION_NANOS;
pub use image::{Image, LoadTimes};
pub use job::{
    Compilation, Compiled, Growing, Job, MemoryGrant, NoMemory, Permit, Preparation, Prepared, Start,
};
pub use reset::dirty::knows_dirty_pages;
pub use reset::history::History;
pub use schedule::FairShare;
pub use watch::Health;
