//! `[jwt]` of the configuration.

use ampoule_auth::check_address;
use ampoule_tenants::units::Span;
use ampoule_tenants::{TenantEntry, TokenTenants};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Whose tokens are taken beside API keys, and what must be in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtConfig {
    /// The issuer's keys: a file, or an `https://` address.
    jwks: String,
    /// Who signs the certificate of that address, PEM; without it whom the system trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jwks_ca: Option<PathBuf>,
    /// What a token's `iss` must be.
    issuer: String,
    /// What its `aud` must be, or hold.
    audience: String,
    /// The claim that holds the tenant's name.
    #[serde(default = "tenant")]
    tenant_claim: String,
    /// How many tenants there may be at a time that tokens name and that are not listed.
    #[serde(default = "most_tenants")]
    most_tenants: usize,
    /// One of them that has been idle for so long is forgotten.
    #[serde(default = "forget_after")]
    forget_after: Span,
    /// What each of them is granted; without it tokens are for listed tenants only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_tenant: Option<TenantEntry>,
}

/// A quota of a minute is back by then, so that nobody gains by being forgotten.
const SOONEST_FORGOTTEN: Duration = Duration::from_secs(60);

fn tenant() -> String {
    "tenant".into()
}

fn most_tenants() -> usize {
    1000
}

fn forget_after() -> Span {
    Span(Duration::from_secs(60 * 60))
}

impl JwtConfig {
    /// With a value for every key.
    pub fn with_everything() -> JwtConfig {
        let x = || "x".to_owned();
        JwtConfig {
            jwks: x(),
            jwks_ca: Some("x".into()),
            issuer: x(),
            audience: x(),
            tenant_claim: x(),
            most_tenants: most_tenants(),
            forget_after: forget_after(),
            default_tenant: Some(TenantEntry::with_everything()),
        }
    }

    /// Without what tenants are granted, which can change while the rest stays.
    pub fn without_tenants(&self) -> JwtConfig {
        let (most_tenants, forget_after) = (most_tenants(), forget_after());
        JwtConfig { most_tenants, forget_after, default_tenant: None, ..self.clone() }
    }

    /// Whether tokens name tenants that are not listed.
    pub fn takes_unlisted(&self) -> bool {
        self.default_tenant.is_some()
    }

    /// Tenants that are not listed, checked.
    pub fn token_tenants(&self) -> Result<Option<TokenTenants>, String> {
        let Some(entry) = self.default_tenant.clone() else { return Ok(None) };
        for (key, is_there) in [
            ("name", !entry.name.is_empty()),
            ("keys", !entry.keys.is_empty()),
            ("certificates", !entry.certificates.is_empty()),
        ] {
            if is_there {
                return Err(format!(
                    "jwt.default_tenant.{key} is set, but it is for all tenants that tokens name: leave it out"
                ));
            }
        }
        if self.forget_after.0 < SOONEST_FORGOTTEN {
            return Err(format!("jwt.forget_after is {}, a minute is the least", self.forget_after));
        }
        if self.most_tenants == 0 {
            return Err("jwt.most_tenants is 0: leave out jwt.default_tenant for none".into());
        }
        Ok(Some(TokenTenants { entry, most: self.most_tenants, idle: self.forget_after.0 }))
    }

    /// As `access` has it, checked.
    pub fn access(&self) -> Result<ampoule_auth::JwtConfig, String> {
        for (name, text) in
            [("issuer", &self.issuer), ("audience", &self.audience), ("tenant_claim", &self.tenant_claim)]
        {
            if text.is_empty() {
                return Err(format!("jwt.{name} is empty: say what tokens must have there"));
            }
        }
        let jwks = check_address(&self.jwks, self.jwks_ca.clone()).map_err(|error| format!("jwt.{error}"))?;
        Ok(ampoule_auth::JwtConfig {
            jwks,
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            tenant_claim: self.tenant_claim.clone(),
        })
    }
}
