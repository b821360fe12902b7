//! The configuration of the contract of Dify's sandbox.

use ampoule_http::DEFAULT_DIFY_KEY;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// `[dify]` of the configuration: off until it has an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DifyConfig {
    /// Address and port; may be that of `http`, which then answers both.
    pub listen: Option<SocketAddr>,
    /// What Dify sends as `X-Api-Key`, its `CODE_EXECUTION_API_KEY`.
    pub key: String,
    /// Takes Dify's default key also from other machines.
    pub allow_default_key: bool,
}

impl Default for DifyConfig {
    fn default() -> Self {
        DifyConfig { listen: None, key: DEFAULT_DIFY_KEY.into(), allow_default_key: false }
    }
}

impl DifyConfig {
    /// What is wrong with it, in words for the operator.
    pub fn check(&self) -> Result<(), String> {
        let Some(listen) = self.listen else {
            return Ok(());
        };
        if self.key.is_empty() {
            return Err("dify.key is empty: choose one, and give it to Dify as CODE_EXECUTION_API_KEY".into());
        }
        if self.key == DEFAULT_DIFY_KEY && !self.allow_default_key && !listen.ip().is_loopback() {
            return Err(format!(
                "dify.listen is {listen}, which others can reach, and dify.key is '{DEFAULT_DIFY_KEY}', which everybody knows: \
                 choose a key of your own, or set dify.allow_default_key = true"
            ));
        }
        Ok(())
    }

    /// As it may be shown: without the key.
    pub fn without_key(&self) -> Self {
        let key = if self.key == DEFAULT_DIFY_KEY { self.key.clone() } else { "(not shown)".into() };
        DifyConfig { key, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_everybody_knows_is_for_this_machine_only() {
        let config = |listen: &str, key: &str, allow_default_key| DifyConfig {
            listen: Some(listen.parse().unwrap()),
            key: key.into(),
            allow_default_key,
        };
        assert_eq!(DifyConfig::default().check(), Ok(()));
        assert_eq!(config("127.0.0.1:8194", DEFAULT_DIFY_KEY, false).check(), Ok(()));
        assert_eq!(config("[::1]:8194", DEFAULT_DIFY_KEY, false).check(), Ok(()));
        assert_eq!(config("0.0.0.0:8194", "another", false).check(), Ok(()));
        assert_eq!(config("0.0.0.0:8194", DEFAULT_DIFY_KEY, true).check(), Ok(()));
        let refused = config("0.0.0.0:8194", DEFAULT_DIFY_KEY, false).check().unwrap_err();
        assert!(refused.contains("choose a key of your own"), "{refused}");
        assert!(config("127.0.0.1:8194", "", true).check().unwrap_err().contains("dify.key is empty"));
    }

    #[test]
    fn a_key_of_ones_own_is_not_shown() {
        let config = DifyConfig { key: "secret".into(), ..DifyConfig::default() };
        assert_eq!(config.without_key().key, "(not shown)");
    }
}
