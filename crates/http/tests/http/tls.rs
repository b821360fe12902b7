//! HTTPS.

use crate::pki;
use crate::pki::Authority;
use crate::support::{Server, request};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Posts a program, and reads what comes back.
async fn execute(server: &Server, trusted: &Authority) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(&server.address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let body = request("e", "{\"a\": 1}").to_string();
    let head = format!(
        "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_program_is_executed_over_https() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let tls = pki::tls(folder.path(), &authority, None);
    let server = Server::start_tls(&tls).await;
    let answer = execute(&server, &authority).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("STATUS_COMPLETED"), "{answer}");
    assert!(execute(&server, &Authority::new()).await.is_err(), "another authority");
    // In plain on the same port: no answer in plain.
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}
