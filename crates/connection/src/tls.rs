//! Certificate, key, and the clients' authority.

use crate::fingerprint::Fingerprint;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// The files of a server's TLS, all PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities of clients. With them a client must show a certificate that one of them has signed.
    pub client_ca: Option<PathBuf>,
}

/// What is spoken inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC.
    Http2,
    /// HTTP/1.1.
    Http1,
}

/// TLS of a server. Cheap to clone; clones are the same.
#[derive(Clone, Debug)]
pub struct Tls(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    files: TlsFiles,
    loaded: RwLock<Loaded>,
    look: Notify,
}

#[derive(Debug)]
struct Loaded {
    http2: Arc<ServerConfig>,
    http1: Arc<ServerConfig>,
    /// Of the server's certificate, for the log.
    certificate: Fingerprint,
}

/// The files' contents.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Tls {
    /// Reads the files; an error says what is wrong with which.
    pub fn load(files: TlsFiles) -> Result<Tls, String> {
        let loaded = Contents::read(&files)?.load(&files)?;
        Ok(Tls(Arc::new(Inner { files, loaded: RwLock::new(loaded), look: Notify::new() })))
    }

    /// Of the certificate that new connections are shown.
    pub fn certificate(&self) -> Fingerprint {
        self.0.loaded.read().unwrap_or_else(PoisonError::into_inner).certificate
    }

    pub(crate) fn acceptor(&self, protocol: Protocol) -> TlsAcceptor {
        let loaded = self.0.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let config = match protocol {
            Protocol::Http2 => &loaded.http2,
            Protocol::Http1 => &loaded.http1,
        };
        TlsAcceptor::from(Arc::clone(config))
    }

    /// Has [`Tls::watch`] look at the files now.
    pub fn look(&self) {
        self.0.look.notify_one();
    }

    /// Looks at the files every `interval`, for ever. Changed ones are for new connections; those that are of
    /// no use leave everything as it was, and are told of in the log, once.
    pub async fn watch(self, interval: Duration) {
        let mut seen = Contents::read(&self.0.files).map_err(|_| String::new());
        loop {
            let _ = tokio::time::timeout(interval, self.0.look.notified()).await;
            let now = Contents::read(&self.0.files);
            if now == seen {
                continue;
            }
            let loaded = now.clone().and_then(|contents| contents.load(&self.0.files));
            seen = now;
            match loaded {
                Ok(loaded) => {
                    let certificate = loaded.certificate;
                    *self.0.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
                    tracing::info!(%certificate, "TLS: new connections get the new certificate");
                }
                // A certificate and its key are two files, written one after the other: the next look may
                // find both.
                Err(error) => tracing::warn!(error, "TLS: the new files are of no use, the old ones stay"),
            }
        }
    }
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Contents, String> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        Ok(Contents {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn load(self, files: &TlsFiles) -> Result<Loaded, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(&self.certificate, &files.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| format!("{}: no private key in it: {error}", files.key.display()))?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match (&self.client_ca, &files.client_ca) {
            (Some(authorities), Some(path)) => {
                let mut roots = RootCertStore::empty();
                for authority in certificates(authorities, path)? {
                    roots.add(authority).map_err(|error| format!("{}: {error}", path.display()))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                    .build()
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let certificate = Fingerprint::of(&chain[0]);
        let config = builder.with_single_cert(chain, key).map_err(|error| {
            format!("{} and {}: {error}", files.certificate.display(), files.key.display())
        })?;
        let speaking = |protocol: &[u8]| {
            let mut config = config.clone();
            config.alpn_protocols = vec![protocol.to_vec()];
            Arc::new(config)
        };
        Ok(Loaded { http2: speaking(b"h2"), http1: speaking(b"http/1.1"), certificate })
    }
}

/// At least one.
fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| format!("{}: {error}", path.display()))?;
    if read.is_empty() {
        return Err(format!("{}: no certificate in it", path.display()));
    }
    Ok(read)
}
