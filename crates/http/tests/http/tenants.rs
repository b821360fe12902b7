//! Keys over HTTP: those of tenants open both parts, and each tenant gets its own.

use crate::support::{KEY, Server};
use ampoule_access::{AccessConfig, ApiKey};
use ampoule_http::Patience;
use hyper::Method;
use serde_json::json;
use std::time::Duration;

async fn server() -> (Server, String) {
    let key = ApiKey::generate().unwrap();
    let access = AccessConfig { keys: vec![("acme".into(), key.hash())], ..AccessConfig::default() };
    let tenants = |config: &mut ampoule_service::ServiceConfig| {
        config.tenants = vec![config.tenant("acme")];
        config.tenants[0].defaults.wall_time = Duration::from_millis(100);
    };
    (Server::start_for(tenants, Patience::default(), &access).await, key.reveal().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_tenants_are_listed_only_their_keys_open() {
    let (server, key) = server().await;
    let endless = json!({ "source": { "language": "LANGUAGE_PYTHON", "code": "l" } }).to_string();
    let script = json!({ "language": "python3", "code": "e" }).to_string();
    for (path, body) in [("/v1/execute", &endless), ("/v1/sandbox/run", &script)] {
        for wrong in ["", KEY, "amp_wrong"] {
            let headers = [("content-type", "application/json"), ("x-api-key", wrong)];
            let answer = server.send(Method::POST, path, &headers, body.clone()).await;
            assert_eq!(answer.status, 401, "{path} with '{wrong}'");
            if path == "/v1/execute" {
                assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"ampoule\"");
                let body = answer.json();
                let says = "the API key is not known here: check it, or ask the operator for a new one";
                assert_eq!(body["message"], says);
            }
        }
        let headers = [("content-type", "application/json"), ("x-api-key", &key)];
        assert_eq!(server.send(Method::POST, path, &headers, body.clone()).await.status, 200, "{path}");
    }
    for path in ["/v1/images", "/v1/sandbox/dependencies?language=python3"] {
        assert_eq!(server.send(Method::GET, path, &[], "").await.status, 401, "{path}");
        assert_eq!(server.send(Method::GET, path, &[("x-api-key", &key)], "").await.status, 200, "{path}");
    }
    assert_eq!(server.send(Method::GET, "/health", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_the_tenants_own() {
    let (server, key) = server().await;
    let endless = json!({ "source": { "language": "LANGUAGE_PYTHON", "code": "l" } }).to_string();
    let headers = [("content-type", "application/json"), ("x-api-key", key.as_str())];
    let answer = server.send(Method::POST, "/v1/execute", &headers, endless).await.json();
    assert_eq!(answer["status"], "STATUS_TIMED_OUT");
    assert!(answer["failure"]["message"].as_str().unwrap().contains("0.1 s"), "{answer}");
}
