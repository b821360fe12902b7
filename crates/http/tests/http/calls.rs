//! `POST /v1/functions/NAME:call`: the bare input in, the bare result out, and a problem where there is none.

use crate::support::{Answer, Server};
use ampoule_auth::{ApiKey, AuthConfig};
use ampoule_http::Timeouts;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Puts a program of the tiny guest, see `crates/testing/src/guest.wat`; answers its version.
async fn put(server: &Server, name: &str, put: Value) -> String {
    let answer = server.send(Method::PUT, &format!("/v1/functions/{name}"), &[JSON], put.to_string()).await;
    answer.json()["function"]["version"].as_str().unwrap().to_owned()
}

fn source(code: &str) -> Value {
    json!({ "source": { "language": "LANGUAGE_PYTHON", "code": code } })
}

async fn call(server: &Server, path: &str, input: &str) -> Answer {
    server.send(Method::POST, &format!("/v1/functions/{path}"), &[JSON], input.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_comes_as_it_is_and_headers_say_the_rest() {
    let server = Server::start(|_| {}).await;
    let first = put(&server, "f", json!({ "source": source("n")["source"], "aliases": ["stable"] })).await;
    let second = put(&server, "f", source("e")).await;
    // Numbers keep their digits, and nothing is put around or into it.
    let input = "{\"n\": 12345678901234567890.50, \"s\": \"\u{e9}\"}";
    let answer = call(&server, "f:call", input).await;
    assert_eq!((answer.status, answer.bytes.as_ref()), (StatusCode::OK, input.as_bytes()));
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["ampoule-outcome"], "completed");
    assert_eq!(answer.headers["ampoule-function-version"], second);
    assert!(answer.headers["ampoule-fuel"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(answer.headers.contains_key("x-request-id"));
    for path in ["f:call?alias=stable", &format!("f:call?version={}", &first[..7]), "f%3Acall?alias=stable"] {
        let answer = call(&server, path, "{}").await;
        assert_eq!(answer.bytes, "1", "{path}");
        assert_eq!(answer.headers["ampoule-function-version"], first, "{path}");
    }
    // No body is no input.
    assert_eq!(call(&server, "f:call", "").await.bytes, "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_result_is_whole() {
    let server = Server::start(|_| {}).await;
    put(&server, "f", source("e")).await;
    let input = json!({ "text": "\"\n".repeat(300_000) }).to_string();
    let answer = call(&server, "f:call", &input).await;
    assert!(answer.status == StatusCode::OK && answer.bytes == input, "{} bytes", answer.bytes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_does_not_complete_is_a_problem_with_its_outcome() {
    let server = Server::start(|_| {}).await;
    let version = put(&server, "fails", source("f")).await;
    put(&server, "loops", json!({ "source": source("l")["source"], "limits": { "wallTime": "0.050s" } }))
        .await;
    let failed = call(&server, "fails:call", "{\"a\":\"\u{e9}\"}").await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(failed.headers["content-type"], "application/problem+json");
    assert_eq!(failed.headers["ampoule-outcome"], "raised");
    assert_eq!(failed.headers["ampoule-function-version"], version);
    let expected = json!({
        "title": "The function raised an exception",
        "status": 500,
        "detail": "Boom: {\"a\":\"\u{e9}\"}",
        "code": "raised",
        "functionVersion": version,
        "stdout": "",
        "stderr": "",
        "stdoutTruncated": false,
        "stderrTruncated": false,
        "failure": { "type": "Boom", "message": "{\"a\":\"\u{e9}\"}", "traceback": "", "line": 0, "column": 0 },
    });
    assert_eq!(failed.json(), expected);
    let stopped = call(&server, "loops:call", "{}").await;
    assert_eq!(stopped.status, StatusCode::INTERNAL_SERVER_ERROR);
    let stopped = stopped.json();
    assert_eq!((&stopped["code"], &stopped["failure"]["type"]), (&json!("timed_out"), &json!("TimedOut")));
    // A long message is cut where it is for reading, and whole where it is for programs.
    let long = json!({ "a": "x".repeat(100_000) }).to_string();
    let failed = call(&server, "fails:call", &long).await.json();
    assert!(failed["detail"].as_str().unwrap().chars().count() < 1100);
    assert_eq!(failed["failure"]["message"], long);
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_as_everywhere_and_have_no_outcome() {
    let server = Server::start(|_| {}).await;
    put(&server, "f", source("e")).await;
    let cases = [
        ("nobody:call", "{}", StatusCode::NOT_FOUND, "there is no function 'nobody'"),
        ("f:call?alias=beta", "{}", StatusCode::NOT_FOUND, "function 'f' has no alias 'beta'"),
        ("f:call?version=zzzz", "{}", StatusCode::BAD_REQUEST, "function.version is 'zzzz'"),
        ("f:call?colour=red", "{}", StatusCode::BAD_REQUEST, "Failed to deserialize query string"),
        ("f:call", "[1]", StatusCode::BAD_REQUEST, "input is not a JSON object: it begins with an array"),
        ("f:call", "{", StatusCode::BAD_REQUEST, "input is not a JSON object"),
        ("f", "{}", StatusCode::BAD_REQUEST, "a function is called by POST /v1/functions/NAME:call"),
    ];
    for (path, input, status, says) in cases {
        let answer = call(&server, path, input).await;
        let json = answer.json();
        assert_eq!(answer.status, status, "{path}: {json}");
        assert!(json["message"].as_str().unwrap().starts_with(says), "{path}: {json}");
        assert!(!answer.headers.contains_key("ampoule-outcome"), "{path}");
    }
    let invalid = server.send(Method::POST, "/v1/functions/f:call", &[JSON], &b"\xff"[..]).await;
    assert_eq!(invalid.status, StatusCode::BAD_REQUEST);
    for method in [Method::GET, Method::DELETE] {
        let nothing = server.send(method, "/v1/functions/f:call", &[], "").await;
        assert_eq!(nothing.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(nothing.json()["message"].as_str().unwrap().starts_with("a function is called by POST"));
    }
    // Pages in a browser can send anything but JSON.
    let page =
        server.send(Method::POST, "/v1/functions/f:call", &[("content-type", "text/plain")], "{}").await;
    assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_needs_a_key_where_there_are_some() {
    let key = ApiKey::generate().unwrap();
    let access = AuthConfig { keys: vec![("acme".into(), key.hash())], ..AuthConfig::default() };
    let tenants = |config: &mut ampoule_service::ServiceConfig| config.tenants = vec![config.tenant("acme")];
    let server = Server::start_for(tenants, Timeouts::default(), &access).await;
    let headers = [JSON, ("x-api-key", key.reveal())];
    let put = server.send(Method::PUT, "/v1/functions/f", &headers, source("e").to_string()).await.json();
    let who = format!("key:{}", &key.hash().to_string()["sha256:".len()..][..12]);
    assert_eq!(put["function"]["createdBy"], who);
    let called = server.send(Method::POST, "/v1/functions/f:call", &headers, "{}").await;
    assert_eq!(called.status, StatusCode::OK);
    assert_eq!(call(&server, "f:call", "{}").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_sent_again_with_its_key_runs_once() {
    let server = Server::start(|_| {}).await;
    put(&server, "f", source("k")).await;
    let send = async |key: &str, input: &str| {
        let headers = [JSON, ("idempotency-key", key)];
        server.send(Method::POST, "/v1/functions/f:call", &headers, input.to_owned()).await
    };
    assert_eq!(send("one", "{\"a\":1}").await.bytes, send("one", "{\"a\":1}").await.bytes);
    let other = send("one", "{\"a\":2}").await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
    assert!(
        other.json()["message"]
            .as_str()
            .unwrap()
            .starts_with("idempotency_key was sent with another request")
    );
}
