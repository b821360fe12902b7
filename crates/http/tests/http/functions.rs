//! FunctionService as JSON over HTTP, on the tiny guest.

use crate::support::Server;
use hyper::{Method, StatusCode};
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_put_called_told_of_listed_and_deleted() {
    let server = Server::start(|_| {}).await;
    let put = json!({ "source": { "language": "LANGUAGE_PYTHON", "code": "n" }, "aliases": ["stable"] });
    let answer = server.send(Method::PUT, "/v1/functions/f", &[JSON], put.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.bytes);
    let version = answer.json()["function"]["version"].as_str().unwrap().to_owned();
    let preparation = &answer.json()["preparation"];
    assert_eq!((&preparation["status"], &preparation["result"]), (&json!("STATUS_COMPLETED"), &json!(null)));
    let again = server.send(Method::PUT, "/v1/functions/f", &[JSON], put.to_string()).await;
    assert_eq!(again.json()["preparation"], json!(null), "what is kept already is not run again");
    let called = server.execute(&json!({ "function": { "name": "f", "alias": "stable" } })).await.json();
    assert_eq!((&called["result"], &called["functionVersion"]), (&json!(1), &json!(version)));
    let got = server.send(Method::GET, &format!("/v1/functions/f?version={version}"), &[], "").await.json();
    assert_eq!(got["function"]["source"]["code"], "n");
    let listed = server.send(Method::GET, "/v1/functions?pageSize=10", &[], "").await.json();
    assert_eq!(listed["functions"][0]["aliases"]["stable"], version);
    let pointed = server.send(Method::DELETE, &format!("/v1/functions/f?version={version}"), &[], "").await;
    assert_eq!(pointed.status, StatusCode::BAD_REQUEST);
    let alias = server.send(Method::DELETE, "/v1/functions/f?alias=stable", &[], "").await;
    assert_eq!(alias.status, StatusCode::OK);
    assert_eq!(server.send(Method::DELETE, "/v1/functions/f", &[], "").await.status, StatusCode::OK);
    let gone = server.execute(&json!({ "function": { "name": "f" } })).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    let expected = json!({ "code": "not_found", "message": "there is no function 'f'", "details": [] });
    assert_eq!(gone.json(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named() {
    let server = Server::start(|_| {}).await;
    let put = json!({ "source": { "language": "LANGUAGE_PYTHON", "code": "e" }, "name": "g" }).to_string();
    let cases = [
        (Method::PUT, "/v1/functions/f", put.as_str(), "name is not the one in the path: leave it out"),
        (Method::PUT, "/v1/functions/f", "{}", "source is missing: give a program"),
        (Method::GET, "/v1/functions/f?verison=1", "", "Failed to deserialize query string"),
        (Method::GET, "/v1/functions/f?version=1", "", "function.version is '1': versions have 64"),
        (Method::GET, "/v1/functions/..%2Ff", "", "function.name '../f' is no name"),
    ];
    for (method, path, body, expected) in cases {
        let answer = server.send(method, path, &[JSON], body.to_owned()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {:?}", answer.bytes);
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(expected), "{path}: {message}");
    }
}
