//! A version's definition: what it is made of, and what was found out about it.

use crate::envelope;
use crate::error::StoreError;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

/// Name and version of the format.
const KIND: &str = "ampoule-function 1";

/// The same of a version that has files: a server that does not know of them must not run it without.
const KIND_WITH_FILES: &str = "ampoule-function 2";

/// Name and version of the format of its files.
const FILES: &str = "ampoule-function-files 1";

/// What a version is made of, and what was found when it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    version: String,
    content: String,
    signature: Option<String>,
    files: Option<Bytes>,
}

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    definition: &'a RawValue,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
}

impl Definition {
    /// Made of `content` and told of by `signature`, both JSON texts.
    pub fn new(content: String, signature: Option<String>) -> Self {
        Definition { version: hex::encode(Sha256::digest(&content)), content, signature, files: None }
    }

    /// The same with files, in a form of the caller's; the content must tell them apart from others. Servers
    /// that know of no files refuse such a version.
    pub fn with_files(self, files: Bytes) -> Self {
        Definition { files: Some(files), ..self }
    }

    /// The name of the version: the sha256 of the content, in hex.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is made of, as it was given.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// What was found out about it when it was put.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// What is written of it: itself, and its files.
    pub(crate) fn to_objects(&self) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
        let no_json = |error: serde_json::Error| StoreError::Failed(error.to_string());
        let definition = serde_json::from_str(&self.content).map_err(no_json)?;
        let signature = self.signature.as_deref().map(serde_json::from_str).transpose().map_err(no_json)?;
        let written = serde_json::to_vec(&Written { definition, signature }).map_err(no_json)?;
        let kind = if self.files.is_some() { KIND_WITH_FILES } else { KIND };
        let files = self.files.as_ref().map(|files| envelope::seal(FILES, files));
        Ok((envelope::seal(kind, &written), files))
    }

    /// Without its files.
    pub(crate) fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let content =
            envelope::open(KIND, path, bytes).or_else(|_| envelope::open(KIND_WITH_FILES, path, bytes))?;
        let written: Written<'_> =
            serde_json::from_slice(content).map_err(|_| StoreError::Damaged(path.to_owned()))?;
        let signature = written.signature.map(|signature| signature.get().to_owned());
        Ok(Definition::new(written.definition.get().to_owned(), signature))
    }

    /// What [`Definition::with_files`] was given.
    pub(crate) fn files_from_bytes(path: &str, bytes: &Bytes) -> Result<Bytes, StoreError> {
        let files = envelope::open(FILES, path, bytes)?;
        Ok(bytes.slice_ref(files))
    }
}
