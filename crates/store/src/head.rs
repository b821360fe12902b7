//! The head of a function: its versions and aliases, as one object that is replaced as a whole.
//!
//! Fields are never renamed, and new ones are left out where they are empty: older servers may read and write
//! the same heads, and lose no more than what they do not know.

use crate::envelope;
use crate::error::StoreError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name and version of the format.
const KIND: &str = "ampoule-function-head 1";

/// Aliases of a function: names for people, of which a head is to stay small.
const MOST_ALIASES: usize = 100;

/// Descriptions and labels of all versions of a function together, in bytes: the head is read for every call
/// that finds it older than a second.
const MOST_WORDS: usize = 64 << 10;

/// Candidates that a message names.
const MOST_CANDIDATES: usize = 5;

/// Digits of a version by which people tell it from others.
const SHORT: usize = 12;

/// What there is of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionIndex {
    /// Its versions, the oldest first.
    pub versions: Vec<Version>,
    /// Aliases and the versions they point to.
    pub aliases: BTreeMap<String, String>,
}

/// One version of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its name: the sha256 of what it was made of, in hex.
    pub version: String,
    /// The last part of its definition's path: another one each time it is put, so that what a deletion
    /// leaves is never mistaken for what was put after it.
    pub object: String,
    /// When it was put, in milliseconds since the Unix epoch.
    pub created_unix_millis: u64,
    /// Who put it; empty: not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// For finding it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl FunctionIndex {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        envelope::seal(KIND, &serde_json::to_vec(self).expect("texts and numbers have a JSON form"))
    }

    pub(crate) fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let json = envelope::open(KIND, path, bytes)?;
        serde_json::from_slice(json).map_err(|_| StoreError::Damaged(path.to_owned()))
    }

    /// The version of this name.
    pub fn version(&self, version: &str) -> Option<&Version> {
        self.versions.iter().find(|known| known.version == version)
    }

    /// The one version whose name begins so, if there is one; several are an error that names them.
    pub fn version_from(&self, prefix: &str) -> Result<Option<&Version>, StoreError> {
        let mut found = self.versions.iter().filter(|known| known.version.starts_with(prefix));
        let Some(first) = found.next() else { return Ok(None) };
        let others: Vec<&Version> = found.collect();
        if others.is_empty() {
            return Ok(Some(first));
        }
        // As many digits as tell them apart, as a rule.
        let shown = |version: &Version| version.version.chars().take(prefix.len().max(SHORT) + 4).collect();
        let candidates: Vec<String> =
            [first].into_iter().chain(others.iter().copied()).take(MOST_CANDIDATES).map(shown).collect();
        let more = others.len() + 1 - candidates.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Err(StoreError::Ambiguous(format!(
            "is '{prefix}', with which {} versions begin: give more digits of one of {}{more}",
            others.len() + 1,
            candidates.join(", ")
        )))
    }

    /// The aliases that point to a version, sorted.
    pub fn aliases_of<'a>(&'a self, version: &'a str) -> impl Iterator<Item = &'a str> {
        self.aliases.iter().filter(move |(_, to)| *to == version).map(|(alias, _)| alias.as_str())
    }

    /// Points aliases to a version, as far as there is room for more of them.
    pub(crate) fn point<'a>(
        &mut self,
        name: &str,
        aliases: impl Iterator<Item = &'a str>,
        version: &str,
    ) -> Result<(), StoreError> {
        let before = self.aliases.len();
        for alias in aliases {
            self.aliases.insert(alias.to_owned(), version.to_owned());
        }
        let count = self.aliases.len();
        if count > before && count > MOST_ALIASES {
            return Err(StoreError::Full(format!(
                "function '{name}' would have {count} aliases, at most {MOST_ALIASES} are kept: remove one"
            )));
        }
        Ok(())
    }

    /// Whether descriptions and labels have not grown beyond their room.
    pub(crate) fn check_words(&self, name: &str, before: usize) -> Result<(), StoreError> {
        let words = self.words();
        if words > before && words > MOST_WORDS {
            return Err(StoreError::Full(format!(
                "descriptions and labels of function '{name}' would take {words} bytes, at most {MOST_WORDS} are kept: \
                 shorten them, or delete versions"
            )));
        }
        Ok(())
    }

    /// Bytes of descriptions and labels.
    pub(crate) fn words(&self) -> usize {
        let words = |version: &Version| {
            let labels: usize = version.labels.iter().map(|(key, value)| key.len() + value.len()).sum();
            version.description.len() + labels
        };
        self.versions.iter().map(words).sum()
    }

    /// What it takes of memory, in bytes, about.
    pub(crate) fn size(&self) -> u64 {
        const OF_VERSION: usize = 400;
        const OF_ALIAS: usize = 200;
        (self.words() + self.versions.len() * OF_VERSION + self.aliases.len() * OF_ALIAS) as u64 + (1 << 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(versions: &[&str]) -> FunctionIndex {
        let version = |version: &&str| Version { version: (*version).to_owned(), ..Version::default() };
        FunctionIndex { versions: versions.iter().map(version).collect(), aliases: BTreeMap::new() }
    }

    #[test]
    fn a_prefix_names_one_version_or_is_told_which_it_could_be() {
        let head = head(&["abcd0000000000000000", "abce0000000000000000", "1234"]);
        assert_eq!(head.version_from("abcd").unwrap().unwrap().version, "abcd0000000000000000");
        assert_eq!(head.version_from("1234").unwrap().unwrap().version, "1234");
        assert_eq!(head.version_from("ffff").unwrap(), None);
        let several = head.version_from("abc").unwrap_err().to_string();
        assert_eq!(
            several,
            "is 'abc', with which 2 versions begin: give more digits of one of abcd000000000000, abce000000000000"
        );
        let many: Vec<String> = (0..9).map(|number| format!("aa{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let several = super::tests::head(&many).version_from("aa").unwrap_err().to_string();
        assert!(several.ends_with("one of aa0, aa1, aa2, aa3, aa4 and 4 more"), "{several}");
    }

    #[test]
    fn a_head_without_what_is_new_is_written_as_it_was() {
        let head = FunctionIndex {
            versions: vec![Version {
                version: "v".into(),
                object: "v-1".into(),
                created_unix_millis: 7,
                ..Version::default()
            }],
            aliases: [("latest".to_owned(), "v".to_owned())].into(),
        };
        let json = "{\"versions\":[{\"version\":\"v\",\"object\":\"v-1\",\"created_unix_millis\":7}],\"aliases\":{\"latest\":\"v\"}}";
        assert_eq!(serde_json::to_string(&head).unwrap(), json);
        assert_eq!(serde_json::from_str::<FunctionIndex>(json).unwrap(), head);
    }
}
