//! Tenants as they are written down, and what becomes of it when that changes while they are served.
//!
//! ```text
//! configuration file ─┐
//! tenants_from ───────┼─▶ List ─ checked ─▶ Directory ─▶ Service (accounts), Access (keys)
//! the API's folder ───┘    ▲                    ▲
//!        looked at every second, and at SIGHUP  Admin: one tenant changed, on the disk first
//! ```
//!
//! * [`TenantEntry`]: a tenant as TOML has it,
//! * [`Sources`]: where they are, [`Opened`]: as they were read at the start,
//! * [`Directory`]: those in force; files that change are taken up as a whole or not at all,
//! * [`Admin`]: the admin API's messages, answered, for every transport,
//! * [`UsageFile`]: what they used today, over a restart,
//! * [`units`]: quantities as people write them.
#![forbid(unsafe_code)]

mod admin;
mod changes;
mod directory;
mod entry;
mod files;
mod kept;
mod list;
mod settings;
mod sources;
pub mod units;
mod usage_file;
mod usage_message;

pub use admin::{Admin, Refused, log_call};
pub use directory::Directory;
pub use entry::{CapSettings, KeyEntry, LimitSettings, TenantEntry};
pub use list::{Checked, Rules};
pub use sources::{MainTenants, Opened, Sources, TokenTenants};
pub use usage_file::{UsageFile, keep_usage};
pub use usage_message::{usage_of_caller, usage_to_proto};
