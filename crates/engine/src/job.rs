//! What the engine is asked to run, and what compiling gives.

use crate::schedule::Share;
use crate::tap::OutputTap;
use ampoule_world::{Deterministic, File, Limits, Outcome, Program};
use std::sync::Arc;
use std::time::Duration;

/// One execution to be. Everything is checked by the service before it gets here.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// The program.
    pub program: &'a Program,
    /// What [`crate::Engine::compile`] made of it; without it the guest compiles the source itself.
    pub compiled: Option<&'a Compiled>,
    /// JSON text of one object.
    pub input_json: &'a str,
    /// Files that appear below the working directory.
    pub files: &'a [File],
    /// Environment variables.
    pub environment: &'a [(String, String)],
    /// Its limits.
    pub limits: Limits,
    /// Fixed randomness and time, or fresh ones.
    pub deterministic: Option<Deterministic>,
    /// Whose processor time it takes.
    pub share: &'a Share,
    /// Takes what it prints while it runs; the outcome then holds none of it.
    pub tap: Option<&'a OutputTap>,
}

/// A program's compiled form, valid for the very image that made it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The interpreter's code bytes. Made by a guest that ran nothing of the program, so they can
    /// be given to every later execution of the same source.
    pub code: Arc<[u8]>,
    /// Fuel that compiling took; added to every execution's usage so that the first
    /// run and the thousandth report the same.
    pub fuel: u64,
    /// Processor time that compiling took, once.
    pub cpu_time: Duration,
    /// The image's digest.
    pub image_digest: Arc<str>,
}

/// What compiling gave.
#[derive(Clone, Debug)]
pub enum Compilation {
    /// Code for later executions.
    Ready(Compiled),
    /// The program does not compile, or compiling hit a limit.
    Failed(Box<Outcome>),
}
