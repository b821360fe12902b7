//! Patterns of paths, by which requests ask for files that a program has written.
//!
//! A pattern is a relative path whose parts may hold `*`, any characters of one part, and `?`, one character.
//! A part that is `**` stands for any number of parts, also none; as the last one for at least one.
//! Everything else means itself.
//!
//! `runtimes/guest/pattern.c` chooses files by them in the guest; what comes back is looked at once more
//! here, in time that grows with the path alone: all places of the pattern that the path may have got to are
//! bits of one number.

use std::collections::HashMap;

/// Longest pattern, in characters: a bit of a number for each, and one for the end.
pub const LONGEST_PATTERN: usize = 120;

/// What is wrong with a pattern, and what to do.
pub fn check_pattern(pattern: &str) -> Result<(), String> {
    if pattern.is_empty() {
        return Err("is empty: write a pattern like '*.csv' or 'reports/**'".into());
    }
    let length = pattern.chars().count();
    if length > LONGEST_PATTERN {
        return Err(format!("has {length} characters, at most {LONGEST_PATTERN} are taken"));
    }
    if pattern.chars().any(char::is_control) {
        return Err("holds a control character: '?' stands for any character".into());
    }
    if pattern.starts_with('/') {
        return Err("is absolute: patterns are relative to /work, the working directory".into());
    }
    if pattern.contains(['[', ']', '{', '}', '\\']) {
        return Err("holds a bracket, brace or backslash: only '*', '?' and '**' mean something, and '?' stands for any character".into());
    }
    if let Some(folder) = pattern.strip_suffix('/') {
        return Err(format!("ends with '/': for all files of a folder write '{folder}/**'"));
    }
    for part in pattern.split('/') {
        if matches!(part, "" | "." | "..") {
            return Err("has an empty part, '.' or '..': write it plainly, like 'folder/*.csv'".into());
        }
        if part.contains("**") && part != "**" {
            return Err("has '**' within a part: write '*' there, or '**' as a part of its own".into());
        }
    }
    Ok(())
}

/// A pattern, ready to be held against paths.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Places at which this very character goes one further.
    literals: HashMap<char, u128>,
    /// Places at which any character but a slash goes one further.
    any: u128,
    /// Places that any character but a slash leaves as they are, and that can be passed by.
    stars: u128,
    /// Places that any character leaves as they are, that a slash passes, and that can be passed by.
    deeps: u128,
    /// The same as the last part: at least one character passes it.
    last_deep: u128,
    end: u128,
}

impl Pattern {
    /// Of a text that [`check_pattern`] has nothing against.
    pub fn new(pattern: &str) -> Pattern {
        let mut made = Pattern { literals: HashMap::new(), any: 0, stars: 0, deeps: 0, last_deep: 0, end: 0 };
        let mut place = 1_u128;
        let mut take = |of: &mut u128| {
            *of |= place;
            place <<= 1;
        };
        let mut parts = pattern.split('/').peekable();
        while let Some(part) = parts.next() {
            let is_last = parts.peek().is_none();
            if part == "**" {
                // With the slash that follows.
                take(if is_last { &mut made.last_deep } else { &mut made.deeps });
                continue;
            }
            for character in part.chars() {
                match character {
                    '*' => take(&mut made.stars),
                    '?' => take(&mut made.any),
                    other => take(made.literals.entry(other).or_default()),
                }
            }
            if !is_last {
                take(made.literals.entry('/').or_default());
            }
        }
        made.end = place;
        made
    }

    /// Whether it means this path.
    pub fn matches(&self, path: &str) -> bool {
        let mut places = self.with_those_behind(1, 0);
        for character in path.chars() {
            let mut entered = (places & self.literals.get(&character).copied().unwrap_or(0)) << 1;
            let mut stayed = places & (self.deeps | self.last_deep);
            if character == '/' {
                entered |= (places & self.deeps) << 1;
            } else {
                entered |= (places & (self.any | self.last_deep)) << 1;
                stayed |= places & self.stars;
            }
            places = self.with_those_behind(entered, stayed);
            if places == 0 {
                return false;
            }
        }
        places & self.end != 0
    }

    /// These places, and those behind what can be passed by: `**` only where it begins.
    fn with_those_behind(&self, mut entered: u128, stayed: u128) -> u128 {
        entered |= (stayed & self.stars) << 1;
        loop {
            let more = entered | (entered & (self.stars | self.deeps)) << 1;
            if more == entered {
                return entered | stayed;
            }
            entered = more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_a_shell_takes_them_for() {
        let cases: [(&str, &[&str], &[&str]); 14] = [
            ("a.csv", &["a.csv"], &["b.csv", "a.csv/x", "x/a.csv", "a.cs", "a.csvv"]),
            ("*.csv", &["a.csv", ".csv", ".hidden.csv", "a b.csv"], &["x/a.csv", "a.csv.gz", "csv"]),
            ("*", &["a", ".a", "a.b"], &["a/b"]),
            ("**", &["a", "a/b", "a/b/c", ".a/.b"], &[]),
            ("reports/**", &["reports/a", "reports/a/b"], &["reports", "report/a", "x/reports/a"]),
            ("**/*.csv", &["a.csv", "x/a.csv", "x/y/a.csv"], &["a.txt", "x/a.csv/b", "xa.csvx"]),
            ("**/b", &["b", "a/b", "a/c/b"], &["ab", "a/ab", "b/a"]),
            ("a/**/b", &["a/b", "a/x/b", "a/x/y/b", "a/b/b"], &["ab", "a/xb", "a/b/c", "x/a/b"]),
            ("**/a/**/b/**", &["a/b/c", "x/a/y/b/c/d", "a/a/b/b/c"], &["a/b", "b/a/c", "a/c"]),
            ("**/**/x", &["x", "a/x", "a/b/x"], &["xx"]),
            ("a?c", &["abc", "aéc", "a茶c", "a.c"], &["ac", "abbc", "a/c"]),
            ("*?", &["a", "é", "ab"], &[]),
            ("*ab*ab", &["abab", "ababab", "xabyab", "aababab"], &["ab", "aba", "abba"]),
            ("x*/*y", &["x/y", "xa/by"], &["xy", "x/y/z", "x/a/y"]),
        ];
        for (pattern, matching, others) in cases {
            assert_eq!(check_pattern(pattern), Ok(()), "{pattern}");
            let made = Pattern::new(pattern);
            for path in matching {
                assert!(made.matches(path), "{pattern} does not mean {path}");
            }
            for path in others {
                assert!(!made.matches(path), "{pattern} means {path}");
            }
        }
    }

    /// As the guest does it (`runtimes/guest/pattern.c`), by trying.
    fn tried(pattern: &[char], path: &[char]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            (['*', '*'], _) => !path.is_empty(),
            (['*', '*', '/', rest @ ..], _) => {
                let behind = path.iter().enumerate().filter(|(_, character)| **character == '/');
                tried(rest, path) || behind.into_iter().any(|(at, _)| tried(rest, &path[at + 1..]))
            }
            (['*', rest @ ..], _) => {
                let part = path.iter().take_while(|character| **character != '/').count();
                (0..=part).any(|length| tried(rest, &path[length..]))
            }
            (['?', rest @ ..], [character, path @ ..]) => *character != '/' && tried(rest, path),
            ([wanted, rest @ ..], [character, path @ ..]) => wanted == character && tried(rest, path),
            _ => false,
        }
    }

    #[test]
    fn all_small_patterns_and_paths_are_as_trying_finds_them() {
        let words = |letters: &[&str], most: usize| {
            let mut words = vec![String::new()];
            let mut from = 0;
            for _ in 0..most {
                let to = words.len();
                for index in from..to {
                    words.extend(
                        letters.iter().map(|letter| format!("{}{letter}", words[index])).collect::<Vec<_>>(),
                    );
                }
                from = to;
            }
            words
        };
        let paths = words(&["a", "b", "/"], 6);
        let is_path = |path: &&String| path.split('/').all(|part| !part.is_empty());
        let paths: Vec<_> = paths.iter().filter(is_path).collect();
        let mut held = 0;
        for pattern in words(&["a", "*", "?", "**", "/"], 5).iter().filter(|text| check_pattern(text).is_ok())
        {
            let made = Pattern::new(pattern);
            let letters: Vec<char> = pattern.chars().collect();
            for path in &paths {
                let expected = tried(&letters, &path.chars().collect::<Vec<_>>());
                assert_eq!(made.matches(path), expected, "{pattern} and {path}");
                held += usize::from(expected);
            }
        }
        assert!(held > 1000, "{held}");
    }

    #[test]
    fn what_would_be_a_surprise_is_refused() {
        let cases = [
            ("", "is empty"),
            ("/work/a.csv", "is absolute"),
            ("reports/", "ends with '/': for all files of a folder write 'reports/**'"),
            ("a//b", "has an empty part"),
            ("./*.csv", "has an empty part"),
            ("../a", "has an empty part"),
            ("a**", "has '**' within a part"),
            ("***", "has '**' within a part"),
            ("data[0-9].csv", "holds a bracket"),
            ("*.{csv,txt}", "holds a bracket"),
            ("a\\b", "holds a bracket"),
            ("a\0", "holds a control character"),
        ];
        for (pattern, expected) in cases {
            let found = check_pattern(pattern).unwrap_err();
            assert!(found.starts_with(expected), "{pattern}: {found}");
        }
        assert_eq!(check_pattern(&"é".repeat(120)), Ok(()));
        assert_eq!(check_pattern(&"a".repeat(121)).unwrap_err(), "has 121 characters, at most 120 are taken");
        // The longest there is, with nothing but stars: its places are bits of one number.
        let long = "*/".repeat(59) + "**";
        assert!(Pattern::new(&long).matches(&("a/".repeat(59) + "b")));
        assert!(Pattern::new(&"é".repeat(120)).matches(&"é".repeat(120)));
    }
}
