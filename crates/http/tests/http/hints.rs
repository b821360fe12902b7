//! Where there is nothing, what there is is told.

use crate::support::Server;
use hyper::{Method, StatusCode};

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_path_is_answered_by_the_nearest_ones() {
    let server = Server::start(|_| {}).await;
    for (method, path, says) in [
        (Method::GET, "/", "there are GET /health, GET /openapi.json, "),
        (Method::POST, "/v1/exec", "there is nothing at '/v1/exec': did you mean POST /v1/execute?"),
        (
            Method::POST,
            "/v1/executes?a=1",
            "there is nothing at '/v1/executes': did you mean POST /v1/execute, ",
        ),
        (
            Method::PUT,
            "/v1/function/f",
            "there is nothing at '/v1/function/f': did you mean PUT /v1/functions/{name}",
        ),
        (
            Method::POST,
            "/v1/sandbox/runs",
            "there is nothing at '/v1/sandbox/runs': did you mean POST /v1/sandbox/run",
        ),
        (Method::GET, "/favicon.ico", "there is nothing at '/favicon.ico': there are GET /health, "),
    ] {
        let answer = server.send(method, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers["content-type"], "application/json");
        let json = answer.json();
        let message = json["message"].as_str().unwrap();
        assert!(
            message.starts_with(says) && message.contains("GET /openapi.json describes all"),
            "{message}"
        );
        assert_eq!(json["code"], "not_found");
    }
    let long = format!("/{}", "x".repeat(10_000));
    let answer = server.send(Method::GET, &long, &[], "").await;
    assert!(answer.status == StatusCode::NOT_FOUND && answer.bytes.len() < 2000, "{}", answer.bytes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_told_which_are_right() {
    let server = Server::start(|_| {}).await;
    for (method, path, allow, says) in [
        (Method::GET, "/v1/execute", "POST", "GET is not taken by '/v1/execute': send POST /v1/execute ("),
        (
            Method::DELETE,
            "/v1/functions",
            "GET,HEAD",
            "DELETE is not taken by '/v1/functions': send GET /v1/functions (",
        ),
        (Method::DELETE, "/health", "GET,HEAD", "DELETE is not taken by '/health': send GET /health ("),
    ] {
        let answer = server.send(method, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.headers["allow"], allow, "{path}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(says), "{message}");
    }
}
