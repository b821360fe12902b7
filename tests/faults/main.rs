//! Faults around a server: signals and kills under load, damaged images, full disks, clocks that jump. On a
//! tiny guest, see `crates/testing/src/guest.wat`.

use ampoule_testing::tiny;

mod clock;
mod disk;
mod ends;
mod images;
mod server;
