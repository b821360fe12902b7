//! `[admin]` of the configuration.

use ampoule_auth::{AdminKeys, KeyHash};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The admin API: where it listens, who may call, and where it keeps tenants. Off until it has an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// Address and port of `TenantService` over gRPC; without it there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// The same as JSON over HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<SocketAddr>,
    /// Hashes of the keys of those who administer, as `ampoule key` prints them.
    keys: Vec<String>,
    /// The folder that tenants are kept in.
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<PathBuf>,
    /// How many tenants it may hold.
    pub tenants: usize,
}

impl Default for AdminConfig {
    fn default() -> Self {
        AdminConfig { listen: None, http: None, keys: Vec::new(), folder: None, tenants: 20_000 }
    }
}

impl AdminConfig {
    /// With a value for every key.
    pub fn with_everything() -> AdminConfig {
        let address = Some(SocketAddr::from(([127, 0, 0, 1], 1)));
        AdminConfig { listen: address, http: address, folder: Some("x".into()), ..AdminConfig::default() }
    }

    /// Whether it listens anywhere.
    pub fn is_on(&self) -> bool {
        self.listen.or(self.http).is_some()
    }

    /// Where tenants are kept. They are served as long as the folder is known, also while the API is off.
    pub fn folder(&self) -> Option<PathBuf> {
        let default = || self.is_on().then(|| crate::data::folder("tenants")).flatten();
        self.folder.clone().or_else(default)
    }

    /// Who may call, checked.
    pub fn keys(&self) -> Result<AdminKeys, String> {
        let key = |(index, text): (usize, &String)| {
            text.parse::<KeyHash>().map_err(|error| format!("admin.keys[{index}] {error}"))
        };
        let keys = self.keys.iter().enumerate().map(key).collect::<Result<Vec<_>, _>>()?;
        if self.is_on() && keys.is_empty() {
            return Err("admin.listen or admin.http is set, but nobody could call: put a hash into admin.keys (`ampoule key` makes one)".into());
        }
        if self.is_on() && self.folder().is_none() {
            return Err(
                "admin.folder is not set, and there is no folder of this user's for data: set it".into()
            );
        }
        Ok(AdminKeys::new(keys))
    }
}
