//! Connections of gRPC where there is room for few: handshakes and strangers make room, calls that everybody
//! may make keep nobody's place and are bounded, calls of those who may call do keep it.

use crate::pki;
use crate::pki::Authority;
use crate::support::{Server, request};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_auth::{ApiKey, AuthConfig};
use ampoule_connection::{ConnectionLimits, Connections, Handshakes, Listener, Protocol};
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// How soon a good client is served; the machine may be busy.
const SOON: Duration = Duration::from_secs(5);

fn room(all: usize) -> Connections {
    Connections::new(ConnectionLimits { all, per_peer: all, ..ConnectionLimits::default() })
}

async fn few(all: usize, access: &AuthConfig) -> Server {
    let tenants: Vec<String> = access.keys.iter().map(|(name, _)| name.clone()).collect();
    Server::start_listening(
        access,
        |config| config.tenants = tenants.iter().map(|name| config.tenant(name)).collect(),
        |listener| Listener::plain(listener, Protocol::Http2).within(&room(all), "grpc"),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_handshakes_make_room() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let tls = pki::tls(folder.path(), &authority, None);
    // Longer than the test: it is the room that ends them.
    let handshakes = Handshakes { timeout: Duration::from_secs(60), most: 1024 };
    let listen = |listener| {
        let listener = Listener::new(listener, Some(&tls), Protocol::Http2);
        listener.with_handshakes(handshakes).within(&room(8), "grpc")
    };
    let server = Server::start_listening(&AuthConfig::default(), |_| {}, listen).await;
    let address = server.url.trim_start_matches("http://").to_owned();
    let mut silent = Vec::new();
    for index in 0..60 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        if index % 2 == 0 {
            // The beginning of a greeting.
            let _ = stream.write_all(b"\x16\x03\x01\x02\0\x01").await;
        }
        silent.push(stream);
    }
    let started = Instant::now();
    let trusting =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&authority.pem)).domain_name("localhost");
    let endpoint = Endpoint::from_shared(server.url.replace("http:", "https:")).unwrap();
    let channel = endpoint.tls_config(trusting).unwrap().connect().await.unwrap();
    ExecutionServiceClient::new(channel).execute(request("e", "{}")).await.unwrap();
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_keeps_its_connection_and_watching_health_does_not() {
    let server = few(3, &AuthConfig::default()).await;
    let watching = server.channel().await;
    let mut watch =
        HealthClient::new(watching).watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();
    let mut caller = server.client().await;
    let call = tokio::spawn(async move { caller.execute(request("l", "{}")).await });
    server.until_running(1).await;
    for _ in 0..8 {
        server.client().await.execute(request("e", "{}")).await.unwrap();
    }
    let ended = tokio::time::timeout(SOON, watch.message()).await.expect("it is still open");
    assert!(!matches!(ended, Ok(Some(_))), "{ended:?}");
    assert!(!call.is_finished());
    call.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_make_room_for_those_with_a_key_and_not_the_other_way_round() {
    let key = ApiKey::generate().unwrap();
    let access = AuthConfig { keys: vec![("acme".into(), key.hash())], ..AuthConfig::default() };
    let server = few(8, &access).await;
    // By hand: a client of tonic's would make a new connection unseen.
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let (known, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let call = http::Request::post(format!("{}/ampoule.v1.RuntimeService/ListImages", server.url))
        .header("content-type", "application/grpc")
        .header("x-api-key", key.reveal())
        .body(())
        .unwrap();
    let calls = async || {
        let mut known = known.clone().ready().await?;
        let (answer, mut body) = known.send_request(call.clone(), false)?;
        // An empty message.
        body.send_data(vec![0; 5].into(), true)?;
        let answer = answer.await?;
        assert!(answer.headers().get("grpc-status").is_none(), "{answer:?}");
        Ok::<_, h2::Error>(())
    };
    calls().await.unwrap();
    // Each is younger than the one with the key, and none may call.
    let mut strangers = Vec::new();
    for _ in 0..30 {
        let mut stranger = server.client().await;
        let refused = stranger.execute(request("e", "{}")).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
        strangers.push(stranger);
    }
    calls().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_everybody_may_make_are_bounded_in_number_and_size() {
    let server = few(4, &AuthConfig::default()).await;
    let channel = server.channel().await;
    let watch = async |channel: &Channel| {
        HealthClient::new(channel.clone()).watch(HealthCheckRequest::default()).await
    };
    let mut watches = Vec::new();
    for _ in 0..16 {
        watches.push(watch(&channel).await.unwrap());
    }
    let refused = watch(&channel).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("16 calls to health and reflection"), "{refused}");
    ExecutionServiceClient::new(channel.clone()).execute(request("e", "{}")).await.unwrap();
    drop(watches);
    let started = Instant::now();
    while watch(&channel).await.is_err() {
        assert!(started.elapsed() < SOON, "those that ended count");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let long = HealthCheckRequest { service: "x".repeat(1 << 20) };
    let refused = HealthClient::new(channel).check(long).await.unwrap_err();
    assert_ne!(refused.code(), Code::NotFound, "it was read");
}
