//! Servers under load, killed or restarted, and long builds: one after another, as each needs the machine.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/process.rs"]
mod process;

use ampoule_testing::tiny;

mod functions_killed;
mod load;
mod memory_under_load;
mod no_compiler;
mod rolling;
mod small_memory;
mod soak;

use tokio::sync::Mutex;

/// Held by each test here: they measure, or take all of the machine.
static ALONE: Mutex<()> = Mutex::const_new(());
