//! The lists beside the runtimes: one entry a line, `#` begins a comment.

use std::path::Path;

/// Lines without comments and blanks.
pub(crate) fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let code = text.lines().map(|line| line.split_once('#').map_or(line, |(code, _)| code).trim().to_owned());
    code.filter(|line| !line.is_empty()).collect()
}

/// One line of a list of exclusions: `pattern — reason`.
pub(crate) struct Exclusion {
    pub(crate) pattern: String,
}

/// The exclusions of a list. Every one gives its reason, or the list is wrong.
pub(crate) fn exclusions(path: &Path) -> Vec<Exclusion> {
    let parse = |line: String| {
        let parts = line.split_once(" — ").filter(|(_, reason)| !reason.trim().is_empty());
        let (pattern, _) = parts.unwrap_or_else(|| panic!("{}: no reason is given: {line}", path.display()));
        Exclusion { pattern: pattern.trim().to_owned() }
    };
    lines(path).into_iter().map(parse).collect()
}

impl Exclusion {
    /// Whether it is about `name`: the same text, where a `*` stands for any.
    pub(crate) fn covers(&self, name: &str) -> bool {
        let Some((beginning, rest)) = self.pattern.split_once('*') else { return self.pattern == name };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(name) = name.strip_prefix(beginning).and_then(|name| name.strip_suffix(end)) else {
            return false;
        };
        let mut left = Some(name);
        for part in middle.split('*') {
            left = left.and_then(|left| left.split_once(part)).map(|(_, after)| after);
        }
        left.is_some()
    }
}
