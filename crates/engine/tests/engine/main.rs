//! The engine against tiny guests written as WAT: one file per behaviour.

mod checkpoint_bytes;
mod checkpoint_turns;
mod checkpoints;
mod common;
mod debug;
mod hostile_guests;
mod images;
mod isolation;
mod limits;
mod pace;
mod reuse;
mod shutdown;
mod spawned;
mod watch;
