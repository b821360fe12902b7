//! Authorities and certificates for tests.

use ampoule_connection::{Fingerprint, Tls, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::Path;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// Signs certificates.
pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    /// For a server of this name, or a client.
    pub fn issue(&self, name: &str) -> Issued {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.into()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Issued { certificate, key: key.serialize_pem() }
    }
}

impl Issued {
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap())
    }
}

/// Writes a server's files, over those that are there.
pub fn write(folder: &Path, server: &Issued, clients: Option<&Authority>) -> TlsFiles {
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    TlsFiles {
        certificate: write("server.pem", &server.certificate),
        key: write("server.key", &server.key),
        client_ca: clients.map(|authority| write("clients.pem", &authority.pem)),
    }
}

/// TLS of a server for `localhost`.
pub fn tls(folder: &Path, authority: &Authority, clients: Option<&Authority>) -> Tls {
    Tls::load(write(folder, &authority.issue("localhost"), clients)).unwrap()
}
