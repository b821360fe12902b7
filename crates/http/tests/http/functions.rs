//! FunctionService as JSON over HTTP, on the tiny guest.

use crate::support::Server;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

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

#[tokio::test(flavor = "multi_thread")]
async fn aliases_are_updated_and_lists_narrowed() {
    let server = Server::start(|_| {}).await;
    let put = async |code: &str, more: Value| {
        let mut put = json!({ "source": { "language": "LANGUAGE_PYTHON", "code": code } });
        put.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = server.send(Method::PUT, "/v1/functions/f", &[JSON], put.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.bytes);
        answer.json()["function"].clone()
    };
    let files = json!([{ "path": "a", "content": "YWJj" }]);
    let words =
        json!({ "labels": { "team": "a=b" }, "description": "One", "env": { "K": "v" }, "files": files });
    let one = put("e 1", words).await;
    assert_eq!(
        (&one["description"], &one["labels"]["team"], &one["env"]["K"]),
        (&json!("One"), &json!("a=b"), &json!("v"))
    );
    assert_eq!((&one["files"][0]["path"], &one["files"][0]["sizeBytes"]), (&json!("a"), &json!("3")));
    let two = put("e 2", json!({ "keepLatest": true, "aliases": ["canary"] })).await;
    let version = |function: &Value| function["version"].as_str().unwrap().to_owned();
    let update = json!({
        "set": [{ "alias": "stable", "fromAlias": "canary" }, { "alias": "old", "version": version(&one)[..6] }],
        "remove": ["canary"],
    });
    let patch = async |body: &Value| {
        server.send(Method::PATCH, "/v1/functions/f/aliases", &[JSON], body.to_string()).await
    };
    let updated = patch(&update).await;
    let expected = json!({ "latest": version(&one), "old": version(&one), "stable": version(&two) });
    assert_eq!((updated.status, &updated.json()["aliases"]), (StatusCode::OK, &expected));
    let again = patch(&update).await;
    assert_eq!((again.status, &again.json()["code"]), (StatusCode::NOT_FOUND, &json!("not_found")));
    let listed =
        server.send(Method::GET, "/v1/functions?label=team%3Da%3Db&pageSize=5", &[], "").await.json();
    assert_eq!(listed["functions"][0]["versions"], json!([version(&one)]));
    assert_eq!(listed["functions"][0]["details"][0]["description"], "One");
    let as_in_proto = server.send(Method::GET, "/v1/functions?page_size=5", &[], "").await.json();
    assert_eq!(as_in_proto["functions"][0]["name"], "f");
    let none = server.send(Method::GET, "/v1/functions?label=team%3Da", &[], "").await.json();
    assert_eq!(none["functions"].as_array().map_or(0, Vec::len), 0);
    for query in ["label=team", "pageSize=x", "colour=red"] {
        let answer = server.send(Method::GET, &format!("/v1/functions?{query}"), &[], "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
    }
}
