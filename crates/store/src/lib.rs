//! Keeps functions: named programs of tenants, in versions that never change, and checkpoints of them.
//!
//! ```text
//! functions/<tenant>/<name>/head                          which versions there are, which aliases point to them
//! functions/<tenant>/<name>/definitions/<version>-<mark>  one version; named in the head, and written before it
//! functions/<tenant>/<name>/files/<version>-<mark>        its files, if it has some; written before the definition
//! functions/<tenant>/<name>/checkpoints/<version>.<image> can be made again at any time
//! ```
//!
//! The head is the only object that is ever replaced, and that by compare and swap: so every change is one
//! step, whichever servers make changes, and whenever one is killed. What no head names is swept away later.
//!
//! * [`FunctionStore`]: what the service calls; on any [`object_store::ObjectStore`] that can compare and
//!   swap,
//! * [`LocalObjectStore`]: such a store in a local folder, which it cannot leave (cap-std), and whose writes
//!   are on the disk when they are answered.
//!
//! Names and versions are checked by the service; here they are only kept apart from each other.
#![forbid(unsafe_code)]

mod census;
mod checkpoints;
mod definition;
mod envelope;
mod error;
mod folder;
mod functions;
mod head;
mod paths;
mod sweep;

pub use census::Kept;
pub use definition::Definition;
pub use error::StoreError;
pub use folder::LocalObjectStore;
pub use functions::{FunctionStore, StoreQuota, Words};
pub use head::{FunctionIndex, Version};
pub use object_store::memory::InMemory;
