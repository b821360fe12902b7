//! `--language`: what a program is written in. TypeScript runs in the image of JavaScript, which tells it by
//! the file's name.

use ampoule_model::{Language, is_typescript};
use std::str::FromStr;

/// What a program is written in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dialect {
    Of(Language),
    TypeScript,
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "typescript" | "ts" => Ok(Dialect::TypeScript),
            _ => text.parse().map(Dialect::Of),
        }
    }
}

impl Dialect {
    /// As told, or else by the file's ending.
    pub(crate) fn of(told: Option<Dialect>, file_name: &str) -> Option<Dialect> {
        told.or_else(|| Language::of_file_name(file_name).map(Dialect::Of))
    }

    pub(crate) fn language(self) -> Language {
        match self {
            Dialect::Of(language) => language,
            Dialect::TypeScript => Language::Javascript,
        }
    }

    /// The name to run a file under.
    pub(crate) fn file_name(self, name: String) -> String {
        match self {
            Dialect::TypeScript if !is_typescript(&name) => name + ".ts",
            _ => name,
        }
    }
}
