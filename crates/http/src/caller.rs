//! Who calls.

use axum::http::HeaderMap;
use std::fmt;
use subtle::ConstantTimeEq;

/// The key that Dify sends as long as nobody chose another. Everybody knows it.
pub const DEFAULT_DIFY_KEY: &str = "dify-sandbox";

/// Where Dify puts its key.
const DIFY_KEY_HEADER: &str = "x-api-key";

/// The key that Dify must send. It is shown nowhere.
#[derive(Clone)]
pub struct DifyKey(String);

impl DifyKey {
    /// A key as the operator configured it.
    pub fn new(key: impl Into<String>) -> Self {
        DifyKey(key.into())
    }
}

impl fmt::Debug for DifyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DifyKey(..)")
    }
}

/// What a route asks of those who call it.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// Everybody who reaches the port; the port is one of this machine's own.
    Open,
    /// Who knows the key.
    Dify(DifyKey),
}

/// Somebody who may call.
#[derive(Clone, Debug)]
pub(crate) struct Caller;

/// Somebody who may not: HTTP 401.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unauthenticated;

impl Unauthenticated {
    /// Its name in the log.
    pub(crate) const NAME: &'static str = "unauthenticated";
}

/// Who sent these headers.
pub(crate) fn of(door: &Door, headers: &HeaderMap) -> Result<Caller, Unauthenticated> {
    match door {
        Door::Open => Ok(Caller),
        Door::Dify(DifyKey(key)) => {
            let given = headers.get(DIFY_KEY_HEADER).map_or(&b""[..], |value| value.as_bytes());
            // The time of the comparison tells the length at most.
            let known: bool = given.ct_eq(key.as_bytes()).into();
            if known && !key.is_empty() { Ok(Caller) } else { Err(Unauthenticated) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_itself_opens() {
        let door = Door::Dify(DifyKey::new("key-1"));
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(DIFY_KEY_HEADER, value.parse().unwrap());
            of(&door, &headers).is_ok()
        };
        assert!(with("key-1"));
        for wrong in ["", "key-", "key-11", "KEY-1", "key-2"] {
            assert!(!with(wrong), "{wrong}");
        }
        assert!(of(&door, &HeaderMap::new()).is_err());
        assert!(of(&Door::Dify(DifyKey::new("")), &HeaderMap::new()).is_err(), "no key is not the empty key");
        assert!(of(&Door::Open, &HeaderMap::new()).is_ok());
        assert!(!format!("{door:?}").contains("key-1"));
    }
}
