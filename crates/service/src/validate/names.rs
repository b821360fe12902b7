//! Names and paths that callers choose: of files, modules, variables.
//!
//! The guest has no host files to escape to; what is refused here would be ambiguous or surprising inside
//! the guest's own file system.

use crate::error::quoted;
use ampoule_model::{File, Language};

/// As in most file systems.
const LONGEST_PART: usize = 255;

/// As POSIX's PATH_MAX allows, with room for the working directory before it.
const LONGEST_PATH: usize = 1024;

/// Longer names of modules and variables are mistakes.
const LONGEST_NAME: usize = 255;

/// Where the files are that come back.
const OUT_FOLDER: &str = "out";

/// What is wrong with a file name shown in tracebacks.
pub(crate) fn check_file_name(name: &str) -> Result<(), String> {
    if name.len() > LONGEST_NAME {
        return Err(format!("has {} bytes, at most {LONGEST_NAME} are taken", name.len()));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("{} holds a control character: leave it out", quoted(name)));
    }
    Ok(())
}

/// What is wrong with one input file's path.
pub(crate) fn check_path(path: &str) -> Result<(), String> {
    let is = |what: &str| Err(format!("{} {what}", quoted(path)));
    if path.is_empty() {
        return Err("is empty: give a path below the working directory".into());
    }
    if path.len() > LONGEST_PATH {
        return Err(format!("has {} bytes, at most {LONGEST_PATH} are taken", path.len()));
    }
    if path.starts_with('/') {
        return is("is absolute: give a path below the working directory");
    }
    // A path can have 512 parts, and a request 256 paths: they are gone through once.
    let (mut leaves, mut is_plain, mut longest, mut nul) = (false, true, 0, false);
    for part in path.as_bytes().split(|byte| *byte == b'/') {
        nul |= part.contains(&0);
        leaves |= part == b"..";
        is_plain &= !matches!(part, b"" | b".");
        longest = longest.max(part.len());
    }
    if nul {
        return is("holds a NUL");
    }
    if leaves {
        return is("leaves the working directory: '..' is not taken");
    }
    if !is_plain {
        return is("has an empty part or '.': write it plainly, like 'folder/file'");
    }
    if longest > LONGEST_PART {
        return Err(format!("has a part of more than {LONGEST_PART} bytes"));
    }
    if path == OUT_FOLDER {
        return is("is the folder for files that come back: choose another name");
    }
    Ok(())
}

/// A file that has the path of an earlier one, or needs a folder where another file is: its place and what is
/// wrong.
pub(crate) fn find_clash(files: &[File]) -> Option<(usize, String)> {
    // With '/' before all other bytes, what is below a file comes right after it: neighbours are enough,
    // however many folders a path has.
    let key = |index: &usize| files[*index].path.bytes().map(|byte| if byte == b'/' { 0 } else { byte });
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by(|one, other| key(one).cmp(key(other)));
    let twice = order.windows(2).filter(|pair| files[pair[0]].path == files[pair[1]].path);
    if let Some(index) = twice.map(|pair| pair[1]).min() {
        let path = quoted(&files[index].path);
        return Some((index, format!("{path} occurs twice: give every file a path of its own")));
    }
    let is_below = |pair: &&[usize]| {
        let rest = files[pair[1]].path.strip_prefix(files[pair[0]].path.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let pair = order.windows(2).filter(is_below).min_by_key(|pair| pair[1])?;
    let [path, file] = [pair[1], pair[0]].map(|index| quoted(&files[index].path));
    Some((pair[1], format!("{path} needs a folder where the file {file} is")))
}

/// What is wrong with a module's name.
pub(crate) fn check_module_name(language: Language, name: &str) -> Result<(), String> {
    let is = |what: &str| Err(format!("{} {what}", quoted(name)));
    if name.is_empty() {
        return Err("is empty: give the name it is imported by".into());
    }
    if name.len() > LONGEST_NAME {
        return Err(format!("has {} bytes, at most {LONGEST_NAME} are taken", name.len()));
    }
    match language {
        Language::Python if !name.split('.').all(is_python_name) => {
            is("is no Python module name: use letters, digits and _, with dots between packages")
        }
        Language::Javascript if !is_javascript_module(name) => {
            is("is no module name: use letters, digits and any of _ - . @ /, without '..'")
        }
        _ => Ok(()),
    }
}

fn is_python_name(part: &str) -> bool {
    let mut characters = part.chars();
    let first = characters.next();
    first.is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|character| character == '_' || character.is_alphanumeric())
}

fn is_javascript_module(name: &str) -> bool {
    let name = name.strip_prefix("./").unwrap_or(name);
    let plain = |character: char| character.is_alphanumeric() || "_-.@/".contains(character);
    name.chars().all(plain) && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// What is wrong with an environment variable's key.
pub(crate) fn check_key(key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err("is empty: give every variable a name".into());
    }
    if key.len() > LONGEST_NAME {
        return Err(format!("has {} bytes, at most {LONGEST_NAME} are taken", key.len()));
    }
    if key.contains(['=', '\0']) {
        return Err(format!("{} holds '=' or a NUL: leave it out", quoted(key)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn module_names() {
        for good in ["helper", "pkg.sub.mod", "_x1", "größe"] {
            assert_eq!(check_module_name(Language::Python, good), Ok(()), "{good}");
        }
        for bad in ["", "1a", "a..b", "a.", "a b", "a/b", "a-b", "a\0"] {
            assert!(check_module_name(Language::Python, bad).is_err(), "{bad}");
        }
        for good in ["helper", "./helper.js", "@scope/pkg", "a-b/c.mjs"] {
            assert_eq!(check_module_name(Language::Javascript, good), Ok(()), "{good}");
        }
        for bad in ["", "../a", "/a", "a//b", "a b", "./", "a\0"] {
            assert!(check_module_name(Language::Javascript, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_cannot_be_a_folder() {
        let file = |path: &str| File { path: path.into(), content: Vec::new() };
        let clash = find_clash(&[file("a/b/c"), file("x"), file("a/b")]);
        assert_eq!(clash, Some((0, "'a/b/c' needs a folder where the file 'a/b' is".into())));
        let clash = find_clash(&[file("a/b/c"), file("a-b"), file("a!"), file("a")]);
        assert_eq!(clash, Some((0, "'a/b/c' needs a folder where the file 'a' is".into())));
        assert_eq!(find_clash(&[file("a/b"), file("a/c"), file("ab")]), None);
    }
}
