//! An issuer's keys (JWK Set, RFC 7517).

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

/// The keys that can verify tokens; others of the set are left out.
#[derive(Default)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

pub(crate) struct Key {
    jwk: Jwk,
    pub(crate) key: DecodingKey,
    /// What it may be used with.
    pub(crate) algorithms: Vec<Algorithm>,
}

#[derive(Deserialize)]
struct Document {
    /// Each read by itself: one of a kind that nobody here knows must not spoil the others.
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set; one without a usable key is an error.
    pub(crate) fn parse(json: &[u8]) -> Result<KeySet, String> {
        let document: Document =
            serde_json::from_slice(json).map_err(|error| format!("no JWK set in it: {error}"))?;
        let keys: Vec<Key> = document.keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() {
            return Err("no key in it that verifies RS, PS, ES or EdDSA signatures".into());
        }
        Ok(KeySet { keys })
    }

    /// The key that a token names; one that names none means the only one there is.
    pub(crate) fn find(&self, kid: Option<&str>) -> Option<&Key> {
        match (kid, self.keys.as_slice()) {
            (None, [key]) => Some(key),
            (None, _) => None,
            (Some(kid), keys) => keys.iter().find(|key| key.jwk.common.key_id.as_deref() == Some(kid)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }
}

impl PartialEq for KeySet {
    fn eq(&self, other: &KeySet) -> bool {
        self.keys.iter().map(|key| &key.jwk).eq(other.keys.iter().map(|key| &key.jwk))
    }
}

fn usable(json: Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(json).ok()?;
    if jwk.common.public_key_use.as_ref().is_some_and(|usage| *usage != PublicKeyUse::Signature) {
        return None;
    }
    let of_kind: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ],
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => return None,
        },
        AlgorithmParameters::OctetKeyPair(_) => &[Algorithm::EdDSA],
        // Secrets: who can verify with one can sign, too.
        _ => return None,
    };
    let said = jwk.common.key_algorithm;
    let algorithms: Vec<Algorithm> = of_kind
        .iter()
        .copied()
        .filter(|algorithm| {
            said.is_none_or(|said| said.to_string().parse().is_ok_and(|said: Algorithm| said == *algorithm))
        })
        .collect();
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    (!algorithms.is_empty()).then_some(Key { jwk, key, algorithms })
}
