//! Builds images from the recipes under `runtimes/`.
//!
//! ```text
//! recipe.toml ─▶ sources (fetched, sha256 checked) ─▶ steps (bash scripts) ─▶ guest.wasm
//!             ─▶ snapshot (Wizer) ─▶ compile (Cranelift) ─▶ images/<name>/<digest>/
//! ```
//!
//! Everything is cached outside the checkout under a key of everything that went in, so a second
//! build is a look-up, a changed line rebuilds only what follows from it, and an interrupted build
//! resumes at the step it was in. The recipe format is described in ARCHITECTURE.md.
//!
//! ```no_run
//! use ampoule_builder::{Builder, ConsoleProgress, Options};
//!
//! let builder = Builder::new(Options::from_env()?)?;
//! let image = builder.build("python", &mut ConsoleProgress::new())?;
//! println!("{} {}", image.manifest.name, image.folder.display());
//! # Ok::<(), ampoule_builder::Error>(())
//! ```
#![forbid(unsafe_code)]

mod builder;
mod cache;
mod compile;
mod error;
mod guest;
mod image;
mod key;
mod options;
mod plan;
mod progress;
mod recipe;
mod schedule;
mod script;
mod snapshot;
mod sources;

pub use builder::{Builder, BuiltImage};
pub use error::{Error, Result};
pub use options::Options;
pub use plan::{PlannedStep, Reason};
pub use progress::{ConsoleProgress, Progress, Silent};
pub use recipe::{Origin, Recipe, Source, Step};
