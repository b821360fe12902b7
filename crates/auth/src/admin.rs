//! Who may administer tenants: keys of their own, which open nothing else.

use crate::authenticator::{AuthError, Presented, presented};
use crate::key::KeyHash;
use http::HeaderMap;
use std::collections::HashMap;
use std::sync::Arc;

/// The keys of those who administer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AdminKeys(Arc<HashMap<KeyHash, Arc<str>>>);

impl AdminKeys {
    /// Those with these hashes.
    pub fn new(keys: Vec<KeyHash>) -> AdminKeys {
        AdminKeys(Arc::new(keys.into_iter().map(|hash| (hash, hash.id().into())).collect()))
    }

    /// The id of the key that a call has, for the log, if it is one of these.
    pub fn of_call(&self, headers: &HeaderMap) -> Result<Arc<str>, AuthError> {
        let (Presented::Key(key) | Presented::Bearer(key)) = presented(headers).ok_or(AuthError::NoKey)?;
        self.0.get(&KeyHash::of(key)).cloned().ok_or(AuthError::UnknownKey)
    }
}
