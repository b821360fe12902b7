//! Who calls, and what they are granted.

use crate::support::{Server, request};
use ampoule_api::v1::{ExecuteRequest, Limits, Status};
use ampoule_auth::{ApiKey, AuthConfig};
use ampoule_service::{QuotaConfig, ServiceConfig, TenantConfig};
use std::time::Duration;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

/// A server with the tenants `acme` and `other`, and the key of each.
async fn server(change: impl FnOnce(&mut ServiceConfig)) -> (Server, [String; 2]) {
    let keys = [ApiKey::generate().unwrap(), ApiKey::generate().unwrap()];
    let access = AuthConfig {
        keys: vec![("acme".into(), keys[0].hash()), ("other".into(), keys[1].hash())],
        ..AuthConfig::default()
    };
    let listed = |config: &mut ServiceConfig| {
        config.tenants = vec![config.tenant("acme"), config.tenant("other")];
        change(config);
    };
    (Server::start_with(listed, &access).await, keys.map(|key| key.reveal().to_owned()))
}

fn acme(config: &mut ServiceConfig) -> &mut TenantConfig {
    &mut config.tenants[0]
}

fn with(header: &'static str, value: &str, message: ExecuteRequest) -> Request<ExecuteRequest> {
    let mut request = Request::new(message);
    request.metadata_mut().insert(header, value.parse().unwrap());
    request
}

fn by(key: &str, code: &str) -> Request<ExecuteRequest> {
    with("x-api-key", key, request(code, "{}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_a_known_key_is_refused_and_one_with_it_is_served() {
    let (server, [key, _]) = server(|_| {}).await;
    let mut client = server.client().await;
    let refusal = client.execute(request("e", "{}")).await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unauthenticated);
    assert_eq!(refusal.message(), "the call has no API key: send one in the header 'x-api-key'");
    let nearly = format!("{}x", &key[..key.len() - 1]);
    for wrong in ["", "amp_", "sha256:", &nearly] {
        let refusal = client.execute(by(wrong, "e")).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Unauthenticated, "{wrong}");
        assert!(!refusal.message().contains("amp_"), "the key is not repeated");
    }
    client.execute(by(&key, "e")).await.unwrap();
    client.execute(with("authorization", &format!("Bearer {key}"), request("e", "{}"))).await.unwrap();
    let mut health = HealthClient::new(server.channel().await);
    health.check(HealthCheckRequest::default()).await.expect("a load balancer has no key");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_and_caps_are_the_tenants_own() {
    let (server, [key, other]) = server(|config| {
        acme(config).caps.wall_time = Duration::from_secs(2);
        acme(config).defaults.wall_time = Duration::from_millis(100);
    })
    .await;
    let mut client = server.client().await;
    let ended = client.execute(by(&key, "l")).await.unwrap().into_inner();
    assert_eq!(ended.status(), Status::TimedOut);
    assert!(ended.failure.unwrap().message.contains("0.1 s"));
    let three_seconds = Some(ampoule_api::Duration { seconds: 3, nanos: 0 });
    let asking = || ExecuteRequest {
        limits: Some(Limits { wall_time: three_seconds, ..Limits::default() }),
        ..request("e", "{}")
    };
    let refusal = client.execute(with("x-api-key", &key, asking())).await.unwrap_err();
    assert_eq!(refusal.message(), "limits.wall_time is 3 s, the server's cap is 2 s: ask for less");
    client.execute(with("x-api-key", &other, asking())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_with_a_full_queue_keeps_no_other_waiting() {
    let (server, [key, other]) = server(|config| {
        acme(config).slots = 1;
        acme(config).queue = 0;
    })
    .await;
    let client = server.client().await;
    let running = tokio::spawn({
        let (mut client, key) = (client.clone(), key.clone());
        async move { client.execute(by(&key, "s")).await }
    });
    server.until_running(1).await;
    let mut client = client.clone();
    let refusal = client.execute(by(&key, "e")).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    let retry = refusal.get_details_retry_info().unwrap().retry_delay.unwrap();
    assert!(retry >= Duration::from_millis(100) && retry <= Duration::from_secs(30), "{retry:?}");
    client.execute(by(&other, "e")).await.unwrap();
    running.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_has_used_up_its_fuel_is_told_when_to_come_back() {
    let (server, [key, other]) = server(|config| {
        acme(config).quota = QuotaConfig { fuel_per_second: Some(1000), ..QuotaConfig::default() };
        acme(config).defaults.fuel = 10_000_000;
    })
    .await;
    let mut client = server.client().await;
    assert_eq!(client.execute(by(&key, "l")).await.unwrap().into_inner().status(), Status::FuelExhausted);
    let refusal = client.execute(by(&key, "e")).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    let said = refusal.message();
    assert!(said.starts_with("the tenant's fuel per second of 1000 is used up: try again in "), "{said}");
    let retry = refusal.get_details_retry_info().unwrap().retry_delay.unwrap();
    // Ten seconds' fuel could be used at once; the rest of ten million comes by thousands.
    assert!(retry > Duration::from_secs(9900) && retry < Duration::from_secs(10_000), "{retry:?}");
    client.execute(by(&other, "e")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn fuel_of_executions_that_were_given_up_counts_too() {
    let (server, [key, _]) = server(|config| {
        acme(config).quota = QuotaConfig { fuel_per_second: Some(1_000_000), ..QuotaConfig::default() };
    })
    .await;
    let mut client = server.client().await;
    let running = tokio::spawn({
        let (mut client, key) = (client.clone(), key.clone());
        async move { client.execute(by(&key, "l")).await }
    });
    server.until_running(1).await;
    // What it may use at once is used in some 20 ms.
    while server.service.tenant("acme").unwrap().cpu_time() < Duration::from_millis(100) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.abort();
    server.until_running(0).await;
    let refusal = client.execute(by(&key, "e")).await.unwrap_err();
    assert!(refusal.message().contains("fuel per second"), "{refusal:?}");
}
