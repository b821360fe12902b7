//! What the engine is asked to run, and what compiling and preparing give.

use crate::checkpoint::Checkpoint;
use crate::execute::output_stream::OutputStream;
use crate::reset::history::History;
use crate::schedule::FairShare;
use ampoule_model::{Deterministic, File, Limits, Outcome, Program};
use std::sync::Arc;
use std::time::Duration;

/// One execution to be. Everything is checked by the service before it gets here.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Where it starts.
    pub start: Start<'a>,
    /// JSON text of one object.
    pub input_json: &'a str,
    /// Files that appear below the working directory.
    pub files: &'a [File],
    /// Environment variables.
    pub environment: &'a [(String, String)],
    /// What it reads from its standard input; not looked at by compiling and preparing.
    pub stdin: &'a [u8],
    /// Patterns of files that come back beside those below `out/`; likewise.
    pub output_files: &'a [String],
    /// Its limits.
    pub limits: Limits,
    /// Fixed randomness and time, or fresh ones.
    pub deterministic: Option<Deterministic>,
    /// Whose processor time it takes.
    pub share: &'a FairShare,
    /// Takes what it prints while it runs; the outcome then holds none of it.
    pub output_stream: Option<&'a OutputStream>,
    /// Held until its guest's memory is given back, also where the execution was given up.
    pub permit: Option<&'a Permit>,
    /// What it may take of the host's memory. None: all that its limits allow.
    pub memory: Option<&'a Arc<dyn MemoryGrant>>,
}

/// The host's memory for one execution: what it may take, and who to ask for more.
pub trait MemoryGrant: Send + Sync + std::fmt::Debug {
    /// Bytes that it may take.
    fn granted(&self) -> u64;

    /// So many more, if they are there now.
    fn try_grow(&self, bytes: u64) -> bool;

    /// Why it gets no more, if it cannot wait.
    fn refusal(&self, bytes: u64) -> NoMemory;

    /// So many more, when they are there.
    fn grow(&self, bytes: u64) -> Growing<'_>;
}

/// Waits for memory.
pub type Growing<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(), NoMemory>> + Send + 'a>>;

/// Why there is no more memory for an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMemory {
    /// For its caller.
    pub reason: String,
    /// When there may be.
    pub retry_after: Duration,
}

/// Whatever must outlive a guest.
#[derive(Clone)]
pub struct Permit(Arc<dyn std::any::Any + Send + Sync>);

impl Permit {
    /// Holds `what` for as long as there are clones of it.
    pub fn new(what: impl Send + Sync + 'static) -> Self {
        Permit(Arc::new(what))
    }

    /// What it holds, if it is of this type and nobody else holds it.
    pub fn take<T: Send + Sync + 'static>(self) -> Option<T> {
        self.0.downcast::<T>().ok().and_then(Arc::into_inner)
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Permit").field(&Arc::strong_count(&self.0)).finish()
    }
}

/// Where an execution starts.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// From the image, at the first line of a program.
    Program {
        /// The program.
        program: &'a Program,
        /// What [`crate::Engine::compile`] made of it; without it the guest compiles the source itself.
        compiled: Option<&'a Compiled>,
    },
    /// From what the top level of a program has left: its `main` is called.
    Checkpoint(&'a Checkpoint),
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
    /// Time that compiling took, for the execution that waited for it; others have zero here.
    pub wall_time: Duration,
    /// The same of a processor.
    pub cpu_time: Duration,
    /// The image's digest.
    pub image_digest: Arc<str>,
    /// What its executions were like.
    pub history: Arc<History>,
}

/// What compiling gave.
#[derive(Clone, Debug)]
pub enum Compilation {
    /// Code for later executions.
    Ready(Compiled),
    /// The program does not compile, or compiling hit a limit.
    Failed(Box<Outcome>),
}

/// What preparing gave.
#[derive(Clone, Debug)]
pub enum Preparation {
    /// The top level has run.
    Ready(Box<Prepared>),
    /// It did not end well, as a run of the program would not have.
    Failed(Box<Outcome>),
}

/// A program whose top level has run.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Where calls start.
    pub checkpoint: Checkpoint,
    /// What the top level printed and consumed; it has no result and no files.
    pub outcome: Outcome,
    /// What `main` takes, as JSON text (`runtimes/*/README.md`), if that can be known.
    pub signature_json: Option<String>,
}
