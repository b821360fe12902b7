//! Faults around a server: signals and kills under load, damaged images, full disks, clocks that jump. On a tiny guest, see
//! `crates/service/tests/support/guest.wat`.

#[path = "../../crates/service/tests/support/mod.rs"]
mod tiny;

mod clock;
mod disk;
mod ends;
mod images;
mod server;
