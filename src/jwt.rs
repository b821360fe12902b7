//! `[jwt]` of the configuration.

use ampoule_access::check_address;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Whose tokens are taken beside API keys, and what must be in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JwtConfig {
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
}

fn tenant() -> String {
    "tenant".into()
}

impl JwtConfig {
    /// With a value for every key.
    pub(crate) fn with_everything() -> JwtConfig {
        let x = || "x".to_owned();
        JwtConfig { jwks: x(), jwks_ca: Some("x".into()), issuer: x(), audience: x(), tenant_claim: x() }
    }

    /// As `access` has it, checked.
    pub(crate) fn access(&self) -> Result<ampoule_access::JwtConfig, String> {
        for (name, text) in
            [("issuer", &self.issuer), ("audience", &self.audience), ("tenant_claim", &self.tenant_claim)]
        {
            if text.is_empty() {
                return Err(format!("jwt.{name} is empty: say what tokens must have there"));
            }
        }
        let jwks = check_address(&self.jwks, self.jwks_ca.clone()).map_err(|error| format!("jwt.{error}"))?;
        Ok(ampoule_access::JwtConfig {
            jwks,
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            tenant_claim: self.tenant_claim.clone(),
        })
    }
}
