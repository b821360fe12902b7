//! API keys and their hashes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Begins every key, so that people and secret scanners recognise one.
pub(crate) const PREFIX: &str = "amp_";

/// Nobody guesses 256 bits, so a plain, fast hash keeps them safe at rest; a slow one is for what people make
/// up.
const RANDOM_BYTES: usize = 32;

/// A key as its client has it. Shown once, when it is made.
pub struct ApiKey(String);

impl ApiKey {
    /// Makes a key of the system's random bytes.
    pub fn generate() -> Result<ApiKey, getrandom::Error> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(ApiKey(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// The text to give to the client.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the server keeps.
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }
}

/// The sha256 of a key: all that configuration files hold. Written `sha256:` and 64 hex digits.
///
/// Looked up in a table as it is: how long that takes says something of a hash, and nothing of a key that has
/// it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// Of a key's text.
    pub fn of(key: &str) -> KeyHash {
        KeyHash(Sha256::digest(key.as_bytes()).into())
    }

    /// The key's id: what it is called in logs and answers. The first 12 hex digits of the hash, which say
    /// nothing of the key: enough to tell it from the tenant's others, and to find it in the configuration.
    pub fn id(&self) -> String {
        hex::encode(&self.0[..6])
    }
}

/// A text that is no hash of a key.
#[derive(Debug, thiserror::Error)]
#[error("is no key hash: it must be 'sha256:' and 64 hex digits, as `ampoule key` prints it")]
pub struct BadHash;

impl FromStr for KeyHash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let mut hash = [0; 32];
        let digits = text.strip_prefix("sha256:").ok_or(BadHash)?;
        hex::decode_to_slice(digits, &mut hash).map_err(|_| BadHash)?;
        Ok(KeyHash(hash))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_random_and_hashed() {
        let (one, other) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
        assert_eq!(one.reveal().len(), PREFIX.len() + 43);
        assert_ne!(one.reveal(), other.reveal());
        let read: KeyHash = one.hash().to_string().parse().unwrap();
        assert!(read == KeyHash::of(one.reveal()));
        assert!(read != other.hash());
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        for text in
            ["", "sha256:", "sha256:12", "amp_secret", &"a".repeat(64), &format!("sha256:{}", "g".repeat(64))]
        {
            assert!(text.parse::<KeyHash>().is_err(), "{text}");
        }
    }
}
