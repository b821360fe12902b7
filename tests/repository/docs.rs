//! Paths that the documentation names exist.

use crate::{files, root};
use std::collections::BTreeSet;

/// What comes from elsewhere, or is made: folders of a system, a cache, or an archive.
const ELSEWHERE: [&str; 8] = ["/", "~", "target/", "out/", "http:", "https:", "images/", "bin/"];

const ENDINGS: [&str; 12] =
    [".rs", ".md", ".toml", ".py", ".sh", ".c", ".h", ".cpp", ".proto", ".js", ".patch", ".wat"];

/// What is between back-ticks, outside of blocks of code.
fn quoted(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if !is_code {
            found.extend(line.split('`').skip(1).step_by(2).map(|quoted| (number + 1, quoted.to_owned())));
        }
    }
    found
}

#[test]
fn paths_in_the_documentation_exist() {
    let root = root();
    let all = files(&root, &[""]);
    let names: BTreeSet<String> =
        all.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let (mut missing, mut seen) = (Vec::new(), 0);
    for document in files(&root, &[".md"]) {
        let text = std::fs::read_to_string(&document).unwrap();
        for (line, path) in quoted(&text) {
            // A package may be called `big.js`.
            let is_package = !path.contains('/') && path.ends_with(".js");
            let is_path = !is_package
                && ENDINGS.iter().any(|ending| path.ends_with(ending))
                && path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
                && !ELSEWHERE.iter().any(|elsewhere| path.starts_with(elsewhere));
            if !is_path {
                continue;
            }
            seen += 1;
            let here = document.parent().unwrap().join(&path);
            let below = all.iter().any(|file| file.ends_with(&path));
            let exists = if path.contains('/') {
                root.join(&path).exists() || here.exists() || below
            } else {
                names.contains(&path)
            };
            if !exists {
                missing.push(format!("{}:{line}: {path}", document.strip_prefix(&root).unwrap().display()));
            }
        }
    }
    assert!(seen > 100, "only {seen} paths were found: the search is broken");
    assert!(missing.is_empty(), "named and not there: {missing:#?}");
}
