//! Keys: the sha256 of everything that goes into a step.

use crate::error::{IoContext, Result};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What goes into a step, by label (`source cpython`, `file guest/abi.h`, `step native`), each with
/// its digest. Kept beside the outputs so that a later build can say what changed.
pub(crate) type Inputs = BTreeMap<String, String>;

/// The key of these inputs.
pub(crate) fn key(inputs: &Inputs) -> String {
    let mut digest = Sha256::new();
    for (label, value) in inputs {
        for text in [label, value] {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
    }
    hex::encode(digest.finalize())
}

/// sha256 of a file's content, in hex.
pub(crate) fn of_file(path: &Path) -> Result<String> {
    let mut file = File::open(path).doing("read", path)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).doing("read", path)?;
        if count == 0 {
            return Ok(hex::encode(digest.finalize()));
        }
        digest.update(&buffer[..count]);
    }
}
