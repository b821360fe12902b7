//! What a caller asks for, before admission has looked at it.

use crate::{Deterministic, File, FunctionCall, Program, RequestedLimits};

/// The realtime clock's start in deterministic mode when the caller gives none: 2025-01-01T00:00:00Z in
/// nanoseconds since the Unix epoch. Not the epoch itself: formats such as zip know no time before 1980.
pub const DEFAULT_NOW_UNIX_NANOS: i64 = 1_735_689_600_000_000_000;

/// One execution as asked for: nothing in it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The program; an empty file name stands for the language's default.
    pub program: Program,
    /// Name of the image; without it the language's own.
    pub image: Option<String>,
    /// JSON text of one object; empty stands for `{}`.
    pub input_json: String,
    /// Files that appear below the working directory.
    pub files: Vec<File>,
    /// Environment variables.
    pub environment: Vec<(String, String)>,
    /// What the program reads from its standard input.
    pub stdin: Vec<u8>,
    /// Patterns of files that come back beside those below `out/`, see [`crate::Pattern`].
    pub output_files: Vec<String>,
    /// The limits asked for.
    pub limits: RequestedLimits,
    /// Fixed randomness and time, or fresh ones.
    pub deterministic: Option<Deterministic>,
    /// Chosen by the caller, so that sending the request again runs nothing again; empty: none.
    pub idempotency_key: String,
}

/// What can be asked for: a program that comes along, or a function that the server keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// A program on an input.
    Program(Request),
    /// A function on an input.
    Function(FunctionCall),
}

impl From<Request> for Invocation {
    fn from(request: Request) -> Self {
        Invocation::Program(request)
    }
}

impl From<FunctionCall> for Invocation {
    fn from(call: FunctionCall) -> Self {
        Invocation::Function(call)
    }
}

impl Invocation {
    /// JSON text of one object; empty stands for `{}`.
    pub fn input_json(&self) -> &str {
        match self {
            Invocation::Program(request) => &request.input_json,
            Invocation::Function(call) => &call.input_json,
        }
    }

    /// The same, for another input in its place.
    pub fn input_json_mut(&mut self) -> &mut String {
        match self {
            Invocation::Program(request) => &mut request.input_json,
            Invocation::Function(call) => &mut call.input_json,
        }
    }

    /// Files that appear below the working directory.
    pub fn files(&self) -> &[File] {
        match self {
            Invocation::Program(request) => &request.files,
            Invocation::Function(call) => &call.files,
        }
    }

    /// Environment variables.
    pub fn environment(&self) -> &[(String, String)] {
        match self {
            Invocation::Program(request) => &request.environment,
            Invocation::Function(call) => &call.environment,
        }
    }

    /// The limits asked for.
    pub fn limits(&self) -> &RequestedLimits {
        match self {
            Invocation::Program(request) => &request.limits,
            Invocation::Function(call) => &call.limits,
        }
    }

    /// Chosen by the caller; empty: none.
    pub fn idempotency_key(&self) -> &str {
        match self {
            Invocation::Program(request) => &request.idempotency_key,
            Invocation::Function(call) => &call.idempotency_key,
        }
    }

    /// The key, which is then gone from the request.
    pub fn take_idempotency_key(&mut self) -> String {
        match self {
            Invocation::Program(request) => std::mem::take(&mut request.idempotency_key),
            Invocation::Function(call) => std::mem::take(&mut call.idempotency_key),
        }
    }
}

impl Request {
    /// Asks for `program` with an empty input and nothing else.
    pub fn of(program: Program) -> Self {
        Request {
            program,
            image: None,
            input_json: String::new(),
            files: Vec::new(),
            environment: Vec::new(),
            stdin: Vec::new(),
            output_files: Vec::new(),
            limits: RequestedLimits::default(),
            deterministic: None,
            idempotency_key: String::new(),
        }
    }
}
