//! What a caller hands over: a program and the files beside it.

use serde::{Deserialize, Serialize};

/// The language of a program, which selects the runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// CPython.
    Python,
    /// QuickJS-ng. TypeScript, too: the guest tells it by the program's file name.
    Javascript,
}

/// The file name of a TypeScript program when the caller gives none.
pub const TYPESCRIPT_FILE_NAME: &str = "main.ts";

/// Whether a file of this name is TypeScript.
pub fn is_typescript(file_name: &str) -> bool {
    file_name.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "ts" | "mts" | "cts"))
}

impl Language {
    /// All languages, in the order in which they are listed.
    pub const ALL: [Language; 2] = [Language::Python, Language::Javascript];

    /// The lower-case name, which is also the name of the language's default image.
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::Javascript => "javascript",
        }
    }

    /// The file name shown in tracebacks when the caller gives none.
    pub fn default_file_name(self) -> &'static str {
        match self {
            Language::Python => "main.py",
            Language::Javascript => "main.js",
        }
    }

    /// The language of a file name, by its ending.
    pub fn of_file_name(name: &str) -> Option<Language> {
        match name.rsplit_once('.')?.1 {
            "py" => Some(Language::Python),
            "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => Some(Language::Javascript),
            _ => None,
        }
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "python" | "python3" | "py" => Ok(Language::Python),
            "javascript" | "js" => Ok(Language::Javascript),
            _ => Err(format!("unknown language '{text}': use python, javascript or typescript")),
        }
    }
}

/// How a program is entered. The numbers are those of `enum ampoule_entry` in the ABI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// The function `main` is called with the input: keyword arguments in Python, one object in JavaScript.
    #[default]
    Main,
    /// The source is a function body with top-level `return`; the input's keys are its variables.
    Body,
    /// The source runs as a script; the result is null and stdout is what counts.
    Script,
}

impl Entry {
    /// The entry's number in the guest ABI.
    pub fn abi_number(self) -> u32 {
        match self {
            Entry::Main => 1,
            Entry::Body => 2,
            Entry::Script => 3,
        }
    }

    /// The lower-case name.
    pub fn name(self) -> &'static str {
        match self {
            Entry::Main => "main",
            Entry::Body => "body",
            Entry::Script => "script",
        }
    }
}

impl std::str::FromStr for Entry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "main" => Ok(Entry::Main),
            "body" => Ok(Entry::Body),
            "script" => Ok(Entry::Script),
            _ => Err(format!("unknown entry '{text}': use main, body or script")),
        }
    }
}

/// Source in one language, its entry, and modules it can import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The language of `source` and of every module.
    pub language: Language,
    /// How it is entered.
    pub entry: Entry,
    /// The source text.
    pub source: String,
    /// The name shown in tracebacks.
    pub file_name: String,
    /// Modules importable by name.
    pub modules: Vec<Module>,
    /// JavaScript: integers of the input that a double cannot hold are BigInts.
    pub bigint: bool,
}

/// An extra module of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The name it is imported by; dots make packages in Python.
    pub name: String,
    /// Its source text.
    pub source: String,
}

/// A file beside a program: an input below the working directory, or an output below `out/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative path with `/` between its parts.
    pub path: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Fixed randomness and time: the same program and input then behave the same on every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deterministic {
    /// Seeds the execution's random stream.
    pub seed: u64,
    /// The realtime clock's start, in nanoseconds since the Unix epoch.
    pub now_unix_nanos: i64,
}
