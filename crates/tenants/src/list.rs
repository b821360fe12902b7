//! All tenants together, and what of them fits.

use crate::entry::{TenantEntry, Time};
use crate::sources::TokenTenants;
use ampoule_auth::{AuthConfig, KeyHash};
use ampoule_connection::{BadFingerprint, Fingerprint};
use ampoule_service::{ServiceConfig, TenantConfig, UnlistedConfig};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// Where a tenant is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the configuration file.
    Config,
    /// In a file beside it.
    File(Arc<Path>),
    /// In a file that the server itself has written.
    Kept(Arc<Path>),
}

/// A tenant and where it is written down.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) entry: Arc<TenantEntry>,
    pub(crate) origin: Origin,
}

/// All tenants, by their names. Cheap enough to clone: the entries are shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    pub(crate) tenants: BTreeMap<String, Listed>,
    pub(crate) tokens: Option<TokenTenants>,
}

/// What tenants have to fit.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What the service has; its tenants are of no matter.
    pub service: ServiceConfig,
    /// Whether clients are asked for certificates.
    pub asks_clients: bool,
}

/// Tenants that fit.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What each is granted.
    pub tenants: Vec<TenantConfig>,
    /// What those are granted that only tokens name.
    pub unlisted: Option<UnlistedConfig>,
    /// Keys and certificates; the rest is left open.
    pub access: AuthConfig,
}

impl List {
    /// Adds a tenant, unless there is one of its name.
    pub(crate) fn add(&mut self, entry: Arc<TenantEntry>, origin: Origin) -> Result<(), String> {
        if let Some(other) = self.tenants.get(&entry.name) {
            let (name, what) = (entry.name.escape_debug(), "is there twice");
            let also = match &other.origin {
                _ if other.origin == origin => String::new(),
                Origin::Config => ", also in the configuration file".into(),
                Origin::File(path) | Origin::Kept(path) => format!(", also in {}", path.display()),
            };
            return Err(origin.says(format!("tenant '{name}': {what}{also}")));
        }
        self.tenants.insert(entry.name.clone(), Listed { entry, origin });
        Ok(())
    }

    /// What is granted by it, if all of it fits.
    pub(crate) fn check(&self, rules: &Rules) -> Result<Checked, String> {
        let mut checked = Checked { tenants: Vec::new(), unlisted: None, access: AuthConfig::default() };
        let mut owners = Owners::default();
        for Listed { entry, origin } in self.tenants.values() {
            let granted = entry.granted(&rules.service);
            let fits = rules.service.check_tenants(std::slice::from_ref(&granted));
            fits.map_err(|reason| origin.says(reason))?;
            checked.tenants.push(granted);
            owners
                .take(entry, rules, &mut checked.access)
                .map_err(|reason| origin.says(format!("tenant '{}': {reason}", entry.name.escape_debug())))?;
        }
        if let Some(tokens) = &self.tokens {
            let unlisted = tokens.granted(&rules.service);
            let fits = rules.service.check_tenant(&unlisted.granted);
            fits.map_err(|reason| format!("jwt.default_tenant: {reason}"))?;
            checked.unlisted = Some(unlisted);
        }
        Ok(checked)
    }
}

impl Origin {
    /// What is wrong, with the file that it is in.
    fn says(&self, reason: String) -> String {
        match self {
            // Whoever reads that file says its name.
            Origin::Config => reason,
            Origin::File(path) | Origin::Kept(path) => format!("{}: {reason}", path.display()),
        }
    }
}

/// Whose keys and certificates are known already.
#[derive(Default)]
struct Owners<'a> {
    keys: HashMap<KeyHash, &'a str>,
    certificates: HashMap<Fingerprint, &'a str>,
}

impl<'a> Owners<'a> {
    fn take(&mut self, entry: &'a TenantEntry, rules: &Rules, access: &mut AuthConfig) -> Result<(), String> {
        for (index, key) in entry.keys.iter().enumerate() {
            let hash: KeyHash = key.hash.parse().map_err(|error| format!("keys[{index}] {error}"))?;
            if let Some(other) = self.keys.insert(hash, &entry.name) {
                return Err(format!("keys[{index}] is a key of '{other}' too"));
            }
            if let Some(Time(end)) = key.expires {
                access.expiries.insert(hash, end);
            }
            access.keys.push((entry.name.clone(), hash));
        }
        for (index, text) in entry.certificates.iter().enumerate() {
            let is = |reason: String| format!("certificates[{index}] {reason}");
            let certificate: Fingerprint =
                text.parse().map_err(|error: BadFingerprint| is(error.to_string()))?;
            if let Some(other) = self.certificates.insert(certificate, &entry.name) {
                return Err(is(format!("is a certificate of '{other}' too")));
            }
            if !rules.asks_clients {
                return Err(is("is never looked at: set tls.client_ca".into()));
            }
            access.certificates.push((entry.name.clone(), certificate));
        }
        Ok(())
    }
}
