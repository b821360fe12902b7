//! What people say of a version: a description, and labels, by which lists are narrowed.

use crate::error::{Error, quoted};
use std::collections::BTreeMap;

/// Bytes of a description.
const LONGEST_DESCRIPTION: usize = 1000;

/// Labels of a version.
const MOST_LABELS: usize = 16;

/// Bytes of a label's key and of its value.
const LONGEST_KEY: usize = 63;
const LONGEST_VALUE: usize = 100;

/// Bytes of what a transport says of who calls.
const LONGEST_CALLER: usize = 200;

pub(super) fn check_description(description: &str) -> Result<(), Error> {
    if description.len() <= LONGEST_DESCRIPTION {
        return Ok(());
    }
    let reason = format!("has {} bytes, at most {LONGEST_DESCRIPTION} are taken", description.len());
    Err(Error::invalid("description", reason))
}

pub(super) fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), Error> {
    let invalid = |reason: String| Err(Error::invalid("labels", reason));
    if labels.len() > MOST_LABELS {
        return invalid(format!("has {} entries, at most {MOST_LABELS} are taken", labels.len()));
    }
    for (key, value) in labels {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        if !(1..=LONGEST_KEY).contains(&key.len()) || !key.bytes().all(plain) {
            let shown = quoted(key);
            return invalid(format!(
                "has the key {shown}: use 1 to {LONGEST_KEY} letters, digits, '-', '_', '.' or '/'"
            ));
        }
        if value.len() > LONGEST_VALUE || value.chars().any(char::is_control) {
            return invalid(format!(
                "has a value of '{key}' with {} bytes: at most {LONGEST_VALUE} are taken, and no control characters",
                value.len()
            ));
        }
    }
    Ok(())
}

/// Whether a version has all of these labels.
pub(super) fn has(labels: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// Who calls, as it is kept: cut where it is long, without what a terminal or a log would stumble over.
pub(super) fn caller(by: &str) -> String {
    let mut kept: String =
        by.chars().map(|character| if character.is_control() { '?' } else { character }).collect();
    if let Some((end, _)) = kept.char_indices().find(|(start, next)| start + next.len_utf8() > LONGEST_CALLER)
    {
        kept.truncate(end);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn labels_are_few_and_short() {
        for good in [("team", "billing"), ("example.com/owner", "ada@example.com, grace"), ("a", "")] {
            assert!(check_labels(&labels(&[good])).is_ok(), "{good:?}");
        }
        let long = "x".repeat(101);
        for bad in [("", "a"), ("a b", "c"), ("ä", "a"), ("a", "b\n"), ("a", &long), (&long, "a")] {
            assert!(check_labels(&labels(&[bad])).is_err(), "{bad:?}");
        }
        let many: BTreeMap<String, String> =
            (0..17).map(|number| (format!("k{number}"), String::new())).collect();
        let error = check_labels(&many).unwrap_err().to_string();
        assert_eq!(error, "labels has 17 entries, at most 16 are taken");
        assert!(
            check_description(&"x".repeat(1000)).is_ok() && check_description(&"x".repeat(1001)).is_err()
        );
    }

    #[test]
    fn all_labels_must_be_there() {
        let own = labels(&[("team", "a"), ("stage", "b")]);
        for (wanted, expected) in [
            (labels(&[]), true),
            (labels(&[("team", "a")]), true),
            (labels(&[("team", "a"), ("stage", "b")]), true),
            (labels(&[("team", "b")]), false),
            (labels(&[("team", "a"), ("other", "")]), false),
        ] {
            assert_eq!(has(&own, &wanted), expected, "{wanted:?}");
        }
    }

    #[test]
    fn callers_are_cut_between_characters() {
        assert_eq!(caller("token:a\nb"), "token:a?b");
        assert_eq!(caller(&"é".repeat(101)), "é".repeat(100));
        assert_eq!(caller(&format!("a{}", "é".repeat(100))).len(), 199);
    }
}
