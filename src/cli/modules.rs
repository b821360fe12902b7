//! `--module NAME=PATH`: a file as a module, or a folder as a package with all that is in it.

use super::run::read_text;
use super::{CommandError, CommandResult};
use ampoule_model::{Language, Module, is_typescript};
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
            modules.push(Module { name: file_module(name, path), source: read_text(path, "--module")? });
        }
    }
    Ok(modules)
}

/// What a file is called as a module: as it is told. TypeScript keeps its ending, by which it is known.
fn file_module(name: &str, path: &Path) -> String {
    let file = path.to_string_lossy();
    match file.rsplit_once('.') {
        Some((_, ending)) if is_typescript(&file) && !is_typescript(name) => format!("{name}.{ending}"),
        _ => name.to_owned(),
    }
}

fn ending(language: Language) -> &'static str {
    match language {
        Language::Python => ".py",
        Language::Javascript => ".js, .mjs, .cjs, .json, .ts, .mts or .cts",
    }
}

/// Files and folders in the order of their names.
fn package(name: &str, folder: &Path, language: Language, modules: &mut Vec<Module>) -> CommandResult<()> {
    let cannot = |error| CommandError::usage(format!("--module: cannot read {}: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(cannot)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(cannot)?;
    paths.sort();
    for path in paths {
        let Some(file) = path.file_name().and_then(|file| file.to_str()) else { continue };
        if file.starts_with('.') || file == "__pycache__" || file == "node_modules" {
            continue;
        }
        let separator = match language {
            Language::Python => '.',
            Language::Javascript => '/',
        };
        // It may name what is no part of the package, and would be sent to a server.
        if path.is_symlink() {
            return Err(CommandError::usage(format!(
                "--module: {} is a link, and links are not followed: put the file itself there",
                path.display()
            )));
        }
        if path.is_dir() {
            package(&format!("{name}{separator}{file}"), &path, language, modules)?;
        } else if let Some(module) = module_of(file, language) {
            modules.push(Module {
                name: format!("{name}{separator}{module}"),
                source: read_text(&path, "--module")?,
            });
        }
    }
    Ok(())
}

/// What a file of a package is called there: of Python without its ending, `__init__` included, which makes
/// its folder a package whatever else is in it; of JavaScript as it is, as `require` looks for it.
fn module_of(file: &str, language: Language) -> Option<&str> {
    match language {
        Language::Python => file.strip_suffix(".py"),
        Language::Javascript => {
            let endings = [".js", ".mjs", ".cjs", ".json", ".ts", ".mts", ".cts"];
            endings
                .iter()
                .any(|ending| file.ends_with(ending))
                .then_some(file)
                .filter(|file| !file.ends_with(".d.ts"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of the modules of a folder with these files.
    fn names(files: &[&str], language: Language) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let flag = format!("pk={}", folder.path().display());
        modules(&[flag], language).unwrap().into_iter().map(|module| module.name).collect()
    }

    #[test]
    fn a_folder_of_python_is_a_package_and_so_is_one_with_nothing_but_its_own() {
        let files =
            ["__init__.py", "a.py", "sub/__init__.py", "deep/er/b.py", "notes.txt", "__pycache__/a.pyc"];
        let expected = ["pk.__init__", "pk.a", "pk.deep.er.b", "pk.sub.__init__"];
        assert_eq!(names(&files, Language::Python), expected);
    }

    #[test]
    fn files_of_javascript_keep_their_endings_by_which_require_finds_them() {
        let files = [
            "index.js",
            "helper.js",
            "deep/index.cjs",
            "es.mjs",
            "data.json",
            "types.d.ts",
            "typed.ts",
            "README.md",
            "node_modules/x.js",
        ];
        let expected =
            ["pk/data.json", "pk/deep/index.cjs", "pk/es.mjs", "pk/helper.js", "pk/index.js", "pk/typed.ts"];
        assert_eq!(names(&files, Language::Javascript), expected);
    }
}
