//! The fingerprint of a certificate.

use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// The sha256 of a certificate as it goes over the wire (DER). Written `sha256:` and 64 hex digits.
///
/// It names one certificate and no other. A name within a certificate names whatever any authority below the
/// trusted one writes into one, and has to be read out of a format that invites to be read in two ways.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate's DER.
    pub fn of(certificate: &[u8]) -> Fingerprint {
        Fingerprint(Sha256::digest(certificate).into())
    }
}

/// A text that is no fingerprint.
#[derive(Debug)]
pub struct BadFingerprint;

impl fmt::Display for BadFingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "is no fingerprint of a certificate: it must be 'sha256:' and 64 hex digits, with or without colons between \
             them, as `openssl x509 -noout -fingerprint -sha256 -in client.pem` prints them",
        )
    }
}

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, BadFingerprint> {
        let digits: String = text
            .strip_prefix("sha256:")
            .ok_or(BadFingerprint)?
            .chars()
            .filter(|character| *character != ':')
            .collect();
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| BadFingerprint)?;
        Ok(Fingerprint(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_openssl_prints_them() {
        let fingerprint = Fingerprint::of(b"certificate");
        assert_eq!(fingerprint.to_string().parse::<Fingerprint>().unwrap(), fingerprint);
        let upper = hex::encode_upper(fingerprint.0);
        let pairs: Vec<&str> = (0..32).map(|at| &upper[2 * at..2 * at + 2]).collect();
        assert_eq!(format!("sha256:{}", pairs.join(":")).parse::<Fingerprint>().unwrap(), fingerprint);
        for text in ["", "sha256:", &"ab".repeat(32), "sha256:ab", &format!("sha256:{}", "xy".repeat(32))] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
