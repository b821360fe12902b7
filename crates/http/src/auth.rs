//! Who calls.

use ampoule_auth::{AuthError, Authenticator};
use ampoule_connection::{Accepted, Peer};
use ampoule_service::Tenant;
use axum::http::HeaderMap;
use std::fmt;
use subtle::ConstantTimeEq;

/// The key that Dify sends as long as nobody chose another. Everybody knows it.
pub const DEFAULT_DIFY_KEY: &str = "dify-sandbox";

/// Where Dify puts its key.
const DIFY_KEY_HEADER: &str = "x-api-key";

/// The key that Dify must send where no tenants are listed. It is shown nowhere.
#[derive(Clone)]
pub struct DifyKey(String);

impl DifyKey {
    /// A key as the operator configured it.
    pub fn new(key: impl Into<String>) -> Self {
        DifyKey(key.into())
    }

    /// The time of the comparison tells the length at most.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(DIFY_KEY_HEADER).map_or(&b""[..], |value| value.as_bytes());
        !self.0.is_empty() && given.ct_eq(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for DifyKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DifyKey(..)")
    }
}

/// What a route asks of those who call it.
#[derive(Clone)]
pub(crate) enum AuthPolicy {
    /// What every transport asks: a tenant's key, or nothing where there are no tenants.
    Api(Authenticator),
    /// The same, but a key in any case: that of the contract where there are no tenants.
    Dify(Authenticator, DifyKey),
}

/// Somebody who may not call: HTTP 401.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unauthenticated;

impl Unauthenticated {
    /// Its name in the log.
    pub(crate) const NAME: &'static str = "unauthenticated";
}

/// By which of its tenant's credentials somebody calls who was let in with these headers.
pub(crate) async fn identity(auth: &AuthPolicy, headers: &HeaderMap, peer: Peer) -> String {
    let (AuthPolicy::Api(access) | AuthPolicy::Dify(access, _)) = auth;
    access.identity(headers, peer).await
}

/// Who sent these headers over this connection, which has its turns among the tenant's own from here on.
pub(crate) async fn of(auth: &AuthPolicy, headers: &HeaderMap, from: &Accepted) -> Result<Tenant, AuthError> {
    let access = match auth {
        AuthPolicy::Dify(access, key) if access.is_open() && !key.is_in(headers) => {
            access.denied();
            return Err(AuthError::UnknownKey);
        }
        AuthPolicy::Api(access) | AuthPolicy::Dify(access, _) => access,
    };
    let tenant = access.tenant(headers, from.peer).await?;
    from.activity.let_in(tenant.name());
    Ok(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_itself_opens() {
        let key = DifyKey::new("key-1");
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(DIFY_KEY_HEADER, value.parse().unwrap());
            headers
        };
        assert!(key.is_in(&with("key-1")));
        for wrong in ["", "key-", "key-11", "KEY-1", "key-2"] {
            assert!(!key.is_in(&with(wrong)), "{wrong}");
        }
        assert!(!key.is_in(&HeaderMap::new()));
        assert!(!DifyKey::new("").is_in(&with("")), "no key is not the empty key");
        assert!(!format!("{key:?}").contains("key-1"));
    }
}
