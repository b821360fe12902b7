//! The guests' own WASI (`runtimes/guest/wasi*.c`, `memfs*.c`, `posix.c`) against `wasmtime-wasi`, and
//! against Linux where those two differ.
//!
//! The C programs below `programs/` print a line for each operation: its result, its errno, what there is
//! after it. They are compiled three times: as a command of WASI preview 1 that runs on `wasmtime-wasi` with
//! a temporary folder as its root, linked with the guests' own WASI and five host functions, and for Linux.
//! Lines that are to differ are listed with reasons in `differences.txt`; unknown ones fail.
//! `AMPOULE_WASI_LINES=FOLDER` keeps all lines there, to be looked at with diff.

mod compile;
mod differences;
mod programs;
mod random;
mod worlds;
