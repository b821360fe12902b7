//! Which of a tenant's credentials a call came with, in a form that can be kept and shown.

use crate::authenticator::{Authenticator, Presented, presented};
use crate::key::{KeyHash, PREFIX};
use ampoule_connection::Peer;
use http::HeaderMap;

/// Digits of a certificate's hash that are shown, as many as of a key's.
const DIGITS: usize = 12;

impl Authenticator {
    /// Who calls with these headers, beside whose tenant it is: `key:` and the first digits of the API key's
    /// sha256, `certificate:` and those of the certificate's, `token:` and the token's subject. For calls
    /// that were let in; empty where everybody is.
    pub async fn identity(&self, headers: &HeaderMap, peer: Peer) -> String {
        if self.is_open() {
            return String::new();
        }
        match (presented(headers), self.tokens()) {
            (None, _) => peer
                .certificate
                .map(|certificate| short("certificate", &certificate.to_string()))
                .unwrap_or_default(),
            (Some(Presented::Bearer(token)), Some(tokens)) if !token.starts_with(PREFIX) => {
                format!("token:{}", tokens.subject(token).await.unwrap_or_default())
            }
            (Some(Presented::Key(key) | Presented::Bearer(key)), _) => {
                format!("key:{}", KeyHash::of(key).id())
            }
        }
    }
}

/// Of a hash as it is written, `sha256:…`.
fn short(kind: &str, hash: &str) -> String {
    let digits = hash.strip_prefix("sha256:").unwrap_or(hash);
    format!("{kind}:{}", digits.chars().filter(|digit| *digit != ':').take(DIGITS).collect::<String>())
}
