//! Objects that say what they are and whether they are whole: a line with a name, a version of the format and
//! the sha256 of what follows.

use crate::error::StoreError;
use sha2::{Digest, Sha256};

/// `content`, sealed as an object of `kind`.
pub(crate) fn seal(kind: &str, content: &[u8]) -> Vec<u8> {
    let mut sealed = format!("{kind} {}\n", hex::encode(Sha256::digest(content))).into_bytes();
    sealed.extend_from_slice(content);
    sealed
}

/// What was sealed as an object of `kind`; `name` is for the error.
pub(crate) fn open<'a>(kind: &str, name: &str, sealed: &'a [u8]) -> Result<&'a [u8], StoreError> {
    let damaged = || StoreError::Damaged(name.to_owned());
    let end = sealed.iter().take(256).position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let (line, content) = (&sealed[..end], &sealed[end + 1..]);
    let expected = format!("{kind} {}", hex::encode(Sha256::digest(content)));
    if line == expected.as_bytes() { Ok(content) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_noticed() {
        let sealed = seal("thing 1", b"content");
        assert_eq!(open("thing 1", "it", &sealed).unwrap(), b"content");
        assert!(open("thing 2", "it", &sealed).is_err());
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(open("thing 1", "it", &changed).is_err(), "byte {position}");
            assert!(open("thing 1", "it", &sealed[..position]).is_err(), "cut at {position}");
        }
    }
}
