//! `--module NAME=PATH`: a file as a module, or a folder as a package with all that is in it.

use super::run::read_text;
use super::{CommandError, CommandResult};
use ampoule_world::{Language, Module};
use std::path::Path;

/// The modules of all flags.
pub(crate) fn modules(flags: &[String], language: Language) -> CommandResult<Vec<Module>> {
    let mut modules = Vec::new();
    for text in flags {
        let (name, path) = text.split_once('=').ok_or_else(|| {
            CommandError::usage(format!("--module '{text}' lacks its path: write NAME=PATH"))
        })?;
        let path = Path::new(path);
        if path.is_dir() {
            let before = modules.len();
            package(name, path, language, &mut modules)?;
            if modules.len() == before {
                let ending = ending(language);
                return Err(CommandError::usage(format!(
                    "--module '{text}' is a folder without files that end in {ending}"
                )));
            }
        } else {
            modules.push(Module { name: name.into(), source: read_text(path)? });
        }
    }
    Ok(modules)
}

fn ending(language: Language) -> &'static str {
    match language {
        Language::Python => ".py",
        Language::Javascript => ".js",
    }
}

/// Files and folders in the order of their names. A package of Python is its `__init__.py`, or empty; a folder of JavaScript its `index.js`.
fn package(name: &str, folder: &Path, language: Language, modules: &mut Vec<Module>) -> CommandResult<()> {
    let cannot = |error| CommandError::usage(format!("--module: cannot read {}: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(cannot)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(cannot)?;
    paths.sort();
    let (separator, own) = match language {
        Language::Python => (".", "__init__.py"),
        Language::Javascript => ("/", "index.js"),
    };
    let start = modules.len();
    let mut has_own = false;
    for path in paths {
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
        if file.starts_with('.') || file == "__pycache__" || file == "node_modules" {
            continue;
        }
        if path.is_dir() {
            package(&format!("{name}{separator}{file}"), &path, language, modules)?;
        } else if file == own {
            has_own = true;
            modules.push(Module { name: name.into(), source: read_text(&path)? });
        } else if let Some(stem) = file.strip_suffix(ending(language)) {
            modules.push(Module { name: format!("{name}{separator}{stem}"), source: read_text(&path)? });
        }
    }
    if language == Language::Python && !has_own && modules.len() > start {
        modules.push(Module { name: name.into(), source: String::new() });
    }
    Ok(())
}
