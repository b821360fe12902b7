//! Where an issuer's keys are, and how they are read.

use super::keys::KeySet;
use http::Uri;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A set is a few kilobytes.
const LARGEST_SET: usize = 1 << 20;

/// For the whole of a request.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// Files are cheap to read, and issuers ask not to be asked too often.
const FILE_INTERVAL: Duration = Duration::from_secs(5);
const URL_INTERVAL: Duration = Duration::from_secs(300);

/// Where keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksAddress {
    /// In a file.
    File(PathBuf),
    /// At an `https://` address.
    Url {
        /// The address.
        url: Uri,
        /// Who signs the certificate there, PEM; without it whom the system trusts.
        ca: Option<PathBuf>,
    },
}

type Https = Client<HttpsConnector<HttpConnector>, Empty<bytes::Bytes>>;

pub(crate) enum Source {
    File(PathBuf),
    Url(Uri, Box<Https>),
}

/// Reads an address as operators write it: a path, or `https://…`.
pub fn check_address(text: &str, ca: Option<PathBuf>) -> Result<JwksAddress, String> {
    if text.starts_with("https://") {
        let url = text.parse().map_err(|error| format!("jwks '{text}' is no address: {error}"))?;
        return Ok(JwksAddress::Url { url, ca });
    }
    if text.contains("://") {
        return Err(format!("jwks is '{text}': keys are read from a file or from https:// only"));
    }
    Ok(JwksAddress::File(text.into()))
}

impl Source {
    pub(crate) fn new(address: &JwksAddress) -> Result<Source, String> {
        Ok(match address {
            JwksAddress::File(path) => Source::File(path.clone()),
            JwksAddress::Url { url, ca } => Source::Url(url.clone(), Box::new(client(ca.as_deref())?)),
        })
    }

    pub(crate) fn interval(&self) -> Duration {
        match self {
            Source::File(_) => FILE_INTERVAL,
            Source::Url(..) => URL_INTERVAL,
        }
    }

    pub(crate) fn read_file(&self) -> Result<KeySet, String> {
        let Source::File(path) = self else { return Ok(KeySet::default()) };
        let json = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        KeySet::parse(&json).map_err(|error| format!("{}: {error}", path.display()))
    }

    pub(crate) async fn read(&self) -> Result<KeySet, String> {
        let Source::Url(url, client) = self else { return self.read_file() };
        let fetched = tokio::time::timeout(FETCH_TIMEOUT, fetch(client, url));
        let json = fetched.await.unwrap_or_else(|_| Err("no answer in time".into()));
        json.and_then(|json| KeySet::parse(&json)).map_err(|error| format!("{url}: {error}"))
    }
}

async fn fetch(client: &Https, url: &Uri) -> Result<bytes::Bytes, String> {
    let response = client.get(url.clone()).await.map_err(|error| {
        use std::error::Error as _;
        error.source().map_or_else(|| error.to_string(), ToString::to_string)
    })?;
    if !response.status().is_success() {
        return Err(format!("answered with {}", response.status()));
    }
    let body = Limited::new(response.into_body(), LARGEST_SET).collect().await;
    Ok(body.map_err(|error| error.to_string())?.to_bytes())
}

fn client(ca: Option<&Path>) -> Result<Https, String> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let named = |error: String| format!("{}: {error}", path.display());
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| named(error.to_string()))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| named(error.to_string()))?;
                roots.add(certificate).map_err(|error| named(error.to_string()))?;
            }
        }
        None => {
            // Of a system's many, some may be of no use; without any the fetch says so.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(config).https_only();
    Ok(Client::builder(TokioExecutor::new()).build(connector.enable_http1().build()))
}
