//! The head of a function: its versions and aliases, as one object that is replaced as a whole.

use crate::error::StoreError;
use crate::sealed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name and version of the format.
const KIND: &str = "ampoule-function-head 1";

/// What there is of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its versions, the oldest first.
    pub versions: Vec<Version>,
    /// Aliases and the versions they point to.
    pub aliases: BTreeMap<String, String>,
}

/// One version of a function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its name: the sha256 of what it was made of, in hex.
    pub version: String,
    /// The last part of its definition's path: another one each time it is put, so that what a deletion leaves is never
    /// mistaken for what was put after it.
    pub object: String,
    /// When it was put, in milliseconds since the Unix epoch.
    pub created_unix_millis: u64,
}

impl Head {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        sealed::seal(KIND, &serde_json::to_vec(self).expect("texts and numbers have a JSON form"))
    }

    pub(crate) fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let json = sealed::open(KIND, path, bytes)?;
        serde_json::from_slice(json).map_err(|_| StoreError::Damaged(path.to_owned()))
    }

    /// The version of this name.
    pub fn version(&self, version: &str) -> Option<&Version> {
        self.versions.iter().find(|known| known.version == version)
    }

    /// The aliases that point to a version, sorted.
    pub fn aliases_of<'a>(&'a self, version: &'a str) -> impl Iterator<Item = &'a str> {
        self.aliases.iter().filter(move |(_, to)| *to == version).map(|(alias, _)| alias.as_str())
    }
}
