//! `[tls]` of the configuration.

use ampoule_connection::{Tls, TlsFiles};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Certificate and key of the gRPC and HTTP listeners, PEM. Changed files are for new connections, without a
/// restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's certificate, and those between it and the authority.
    certificate: PathBuf,
    /// Its private key.
    key: PathBuf,
    /// Authorities of clients: with them, every client must show a certificate that one of them has signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_ca: Option<PathBuf>,
}

impl TlsConfig {
    /// Reads the files.
    pub fn load(&self) -> Result<Tls, String> {
        let TlsConfig { certificate, key, client_ca } = self.clone();
        Tls::load(TlsFiles { certificate, key, client_ca }).map_err(|error| format!("tls: {error}"))
    }

    /// With a value for every key.
    pub fn with_everything() -> TlsConfig {
        TlsConfig { certificate: "x".into(), key: "x".into(), client_ca: Some("x".into()) }
    }

    /// Whether clients must show certificates.
    pub fn asks_clients(&self) -> bool {
        self.client_ca.is_some()
    }
}
