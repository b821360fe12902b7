//! gRPC by TLS: who is let in, by which certificate, and that nobody who dawdles keeps others out.

use crate::pki;
use crate::pki::{Authority, Issued};
use crate::support::{Server, request};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_auth::{ApiKey, AuthConfig};
use ampoule_connection::{Handshakes, Tls};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Error, Identity};
use tonic::{Code, Request};

async fn connect(server: &Server, trusted: &Authority, identity: Option<&Issued>) -> Result<Channel, Error> {
    let mut tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&trusted.pem)).domain_name("localhost");
    if let Some(Issued { certificate, key }) = identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let url = server.url.replace("http:", "https:");
    let channel = Endpoint::from_shared(url).unwrap().tls_config(tls).unwrap().connect().await?;
    Ok(channel)
}

async fn executes(channel: &Channel) -> Result<(), Code> {
    let mut client = ExecutionServiceClient::new(channel.clone());
    client.execute(request("e", "{}")).await.map(|_| ()).map_err(|status| status.code())
}

async fn executes_with_key(channel: &Channel, key: &str) -> Result<(), Code> {
    let mut request = Request::new(request("e", "{}"));
    request.metadata_mut().insert("x-api-key", key.parse().unwrap());
    let mut client = ExecutionServiceClient::new(channel.clone());
    client.execute(request).await.map(|_| ()).map_err(|status| status.code())
}

async fn serve(tls: &Tls, tenants: &[&str], access: &AuthConfig) -> Server {
    let tenants: Vec<String> = tenants.iter().map(|name| (*name).to_owned()).collect();
    let change = |config: &mut ampoule_service::ServiceConfig| {
        config.tenants = tenants.iter().map(|name| config.tenant(name)).collect();
    };
    Server::start_tls(change, access, tls, Handshakes::default()).await
}

#[tokio::test]
async fn clients_that_trust_the_servers_authority_are_served_and_others_see_through_it() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let tls = pki::tls(folder.path(), &authority, None);
    let server = serve(&tls, &[], &AuthConfig::default()).await;
    executes(&connect(&server, &authority, None).await.unwrap()).await.unwrap();
    assert!(connect(&server, &Authority::new(), None).await.is_err(), "another authority");
    // A channel is there as soon as TCP is.
    let plain = Channel::from_shared(server.url.clone()).unwrap().connect_lazy();
    assert!(executes(&plain).await.is_err(), "in plain");
}

#[tokio::test]
async fn a_clients_certificate_is_asked_for_verified_and_names_its_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, clients) = (Authority::new(), Authority::new());
    let tls = pki::tls(folder.path(), &authority, Some(&clients));
    let (acme, other, unlisted) = (clients.issue("acme"), clients.issue("other"), clients.issue("acme"));
    let key = ApiKey::generate().unwrap();
    let access = AuthConfig {
        keys: vec![("acme".into(), key.hash())],
        certificates: vec![("acme".into(), acme.fingerprint()), ("other".into(), other.fingerprint())],
        ..AuthConfig::default()
    };
    let server = serve(&tls, &["acme", "other"], &access).await;
    // With TLS 1.3 a client learns that its certificate is not taken when it first reads.
    for (identity, what) in
        [(None, "no certificate"), (Some(Authority::new().issue("acme")), "another authority's")]
    {
        let refused = match connect(&server, &authority, identity.as_ref()).await {
            Ok(channel) => executes(&channel).await.is_err(),
            Err(_) => true,
        };
        assert!(refused, "{what}");
    }
    let channel = connect(&server, &authority, Some(&acme)).await.unwrap();
    executes(&channel).await.unwrap();
    executes_with_key(&channel, key.reveal()).await.unwrap();
    assert_eq!(executes_with_key(&channel, "amp_wrong").await, Err(Code::Unauthenticated));
    let channel = connect(&server, &authority, Some(&other)).await.unwrap();
    executes(&channel).await.unwrap();
    assert_eq!(executes_with_key(&channel, key.reveal()).await, Err(Code::Unauthenticated), "acme's key");
    // The same name, but not the certificate that is listed.
    let channel = connect(&server, &authority, Some(&unlisted)).await.unwrap();
    assert_eq!(executes(&channel).await, Err(Code::Unauthenticated));
    executes_with_key(&channel, key.reveal()).await.unwrap();
    let metrics = server.service.metrics();
    for tenant in ["acme", "other"] {
        assert!(metrics.contains(&format!("ampoule_executions_total{{tenant=\"{tenant}\",")), "{metrics}");
    }
}

#[tokio::test]
async fn new_files_are_for_new_connections_and_bad_ones_for_nobody() {
    let (folder, old, new) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    let tls = pki::tls(folder.path(), &old, None);
    tokio::spawn(tls.clone().watch(Duration::from_millis(20)));
    let server = serve(&tls, &[], &AuthConfig::default()).await;
    let early = connect(&server, &old, None).await.unwrap();
    executes(&early).await.unwrap();
    let first = tls.certificate();
    // A certificate whose key it is not.
    std::fs::write(folder.path().join("server.key"), &new.issue("localhost").key).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(tls.certificate(), first);
    executes(&connect(&server, &old, None).await.unwrap()).await.unwrap();
    pki::write(folder.path(), &new.issue("localhost"), None);
    let started = Instant::now();
    while tls.certificate() == first {
        assert!(started.elapsed() < Duration::from_secs(10), "it did not look");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    executes(&connect(&server, &new, None).await.unwrap()).await.unwrap();
    assert!(connect(&server, &old, None).await.is_err());
    executes(&early).await.unwrap();
}

#[tokio::test]
async fn who_says_nothing_is_sent_away_and_keeps_nobody_out() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let tls = pki::tls(folder.path(), &authority, None);
    let handshakes = Handshakes { timeout: Duration::from_secs(5), most: 8 };
    let server = Server::start_tls(|_| {}, &AuthConfig::default(), &tls, handshakes).await;
    let address = server.url.trim_start_matches("http://").to_owned();
    let started = Instant::now();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    executes(&connect(&server, &authority, None).await.unwrap()).await.unwrap();
    assert!(started.elapsed() < Duration::from_millis(4500), "it waited for the silent ones");
    for mut stream in silent {
        // The end of the stream, or a reset.
        let read = tokio::time::timeout(Duration::from_secs(30), stream.read(&mut [0])).await;
        assert!(matches!(read.expect("it is still open"), Ok(0) | Err(_)));
    }
}
