//! The tenants' credentials, and the look at those of a call.

use crate::key::KeyHash;
use ampoule_service::{Service, Tenant};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Carries an API key.
const KEY_HEADER: &str = "x-api-key";

/// Carries an API key, too, for clients that only know tokens.
const BEARER: &str = "Bearer ";

/// Which keys belong to which tenant.
#[derive(Clone, Debug, Default)]
pub struct AccessConfig {
    /// Tenants' names and the hashes of their keys. A tenant can have several keys, so that one can follow another.
    pub keys: Vec<(String, KeyHash)>,
}

/// Knows who calls. A service without listed tenants knows everybody, as its open tenant.
#[derive(Clone)]
pub struct Access {
    service: Service,
    open: Option<Tenant>,
    keys: Vec<(KeyHash, Tenant)>,
}

/// Why a call is not served, without a word of what it presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// There is no key in the call.
    #[error("the call has no API key: send one in the header 'x-api-key'")]
    NoKey,
    /// The key is nobody's.
    #[error("the API key is not known here: check it, or ask the operator for a new one")]
    UnknownKey,
}

impl Access {
    /// The keys of `service`'s tenants. A key of a tenant that the service does not have is an error, in words.
    pub fn new(config: &AccessConfig, service: &Service) -> Result<Access, String> {
        let mut keys = Vec::with_capacity(config.keys.len());
        for (name, hash) in &config.keys {
            let tenant =
                service.tenant(name).ok_or_else(|| format!("there is no tenant '{name}' for a key"))?;
            keys.push((*hash, tenant));
        }
        Ok(Access { service: service.clone(), open: service.open_tenant(), keys })
    }

    /// Whether everybody is let in, as the open tenant.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whose call it is that has these headers.
    pub fn tenant(&self, headers: &HeaderMap) -> Result<Tenant, Denied> {
        if let Some(open) = &self.open {
            return Ok(open.clone());
        }
        let tenant = key(headers).ok_or(Denied::NoKey).and_then(|key| self.of_key(key));
        tenant.inspect_err(|_| self.denied())
    }

    /// Counts somebody who was sent away, by us or by a door that asks for more.
    pub fn denied(&self) {
        self.service.count_denied();
    }

    /// Looks at every key, found or not, so that the time it takes says nothing.
    fn of_key(&self, key: &str) -> Result<Tenant, Denied> {
        let hash = KeyHash::of(key);
        let mut found = None;
        for (known, tenant) in &self.keys {
            if known.matches(&hash).into() {
                found = Some(tenant);
            }
        }
        found.cloned().ok_or(Denied::UnknownKey)
    }
}

fn key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    text(KEY_HEADER).or_else(|| text(AUTHORIZATION.as_str())?.strip_prefix(BEARER)).map(str::trim)
}
