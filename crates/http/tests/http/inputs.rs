//! Inputs and results are the JSON that they are, byte by byte; names can be short.

use crate::support::{Answer, Server, request};
use hyper::{Method, StatusCode};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn execute(server: &Server, body: String) -> Answer {
    server.send(Method::POST, "/v1/execute", &[("content-type", "application/json")], body).await
}

/// A field of an answer as it stands there.
fn raw(answer: &Answer, field: &str) -> String {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&answer.bytes).unwrap();
    members.get(field).map(|value| value.get().to_owned()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_and_results_are_json_byte_by_byte() {
    let server = Server::start(|_| {}).await;
    for input in [
        "{}",
        "{\"z\":1,\"a\":2}",
        "{\"n\":1234567890123456789012345678901234567890, \"f\" : 1.10, \"e\":1E+2,\"g\":-0.0, \"h\":0.30000000000000004}",
        "{\"t\":\"\\u00e9\\/\u{e9}\\ud83d\\ude00\"}",
    ] {
        let body = format!("{{\"source\":{{\"language\":\"python\",\"code\":\"e\"}}, \"input\": {input} }}");
        let answer = execute(&server, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{input}: {:?}", answer.bytes);
        assert_eq!(raw(&answer, "result"), input);
        assert_eq!(answer.json().get("resultJson"), None, "the result is sent once");
    }
    // Breaks between values are spaces, so that every answer is one line.
    let body = "{\"source\":{\"language\":\"python\",\"code\":\"e\"},\"input\":{\n\"a\":\r\n1}}";
    assert_eq!(raw(&execute(&server, body.into()).await, "result"), "{ \"a\":  1}");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_told_as_inputs_are_given() {
    let server = Server::start(|_| {}).await;
    let text = server.execute(&request("e", "{\"a\":1}")).await.json();
    assert_eq!((&text["resultJson"], text.get("result")), (&json!("{\"a\":1}"), None));
    let neither = json!({ "source": { "language": "python", "code": "e" } });
    let answer = server.execute(&neither).await.json();
    assert_eq!((&answer["result"], answer.get("resultJson")), (&json!({}), None));
    let failed = json!({ "source": { "language": "python", "code": "f" }, "input": {} });
    let answer = server.execute(&failed).await.json();
    assert_eq!((&answer["result"], &answer["failure"]["type"]), (&Value::Null, &json!("Boom")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_of_a_million_parts_is_taken() {
    let server = Server::start(|_| {}).await;
    let input = format!("{{\"a\":[{}]}}", vec!["[1]"; 500_000].join(","));
    let body = format!("{{\"source\":{{\"language\":\"python\",\"code\":\"e\"}},\"input\":{input}}}");
    let answer = execute(&server, body).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(raw(&answer, "result") == input);
    let files = vec!["{}"; 30_000].join(",");
    let body = format!("{{\"source\":{{\"language\":\"python\",\"code\":\"e\"}},\"files\":[{files}]}}");
    let refused = execute(&server, body).await.json();
    assert!(refused["message"].as_str().unwrap().contains("more than 20000 parts"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn enums_have_short_names_in_requests_and_one_in_answers() {
    let server = Server::start(|_| {}).await;
    for (language, entry) in [
        (json!("python"), json!("main")),
        (json!("PYTHON"), json!("Main")),
        (json!("LANGUAGE_PYTHON"), json!("ENTRY_MAIN")),
        (json!(1), json!(1)),
    ] {
        let body =
            json!({ "source": { "language": language, "code": "e", "entry": entry, "file_name": "a.py" } });
        let answer = server.execute(&body).await;
        assert_eq!(answer.json()["status"], "STATUS_COMPLETED", "{body}");
    }
    let images = server.send(Method::GET, "/v1/images", &[], "").await.json();
    assert_eq!(images["images"][1]["language"], "LANGUAGE_PYTHON");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_named_as_they_were_written() {
    let server = Server::start(|_| {}).await;
    let source = "\"source\":{\"language\":\"python\",\"code\":\"e\"}";
    for (body, field, says) in [
        (format!("{{{source},\"input\":[1]}}"), "input", "is not a JSON object: it begins with an array"),
        (format!("{{{source},\"input\":null}}"), "input", "is not a JSON object: it begins with a literal"),
        (
            format!("{{{source},\"input\":\"{{}}\"}}"),
            "input",
            "is not a JSON object: it begins with a string",
        ),
        (format!("{{{source},\"inputJson\":\"[1]\"}}"), "input_json", "is not a JSON object: it begins"),
        (format!("{{{source},\"input\":{{\"a\":01}}}}"), "input", "is not as expected: invalid number"),
    ] {
        let refused = execute(&server, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        let violation = &refused.json()["details"][0]["fieldViolations"][0];
        assert_eq!(violation["field"], field, "{body}: {violation}");
        assert!(violation["description"].as_str().unwrap().starts_with(says), "{body}: {violation}");
    }
    let both = format!("{{{source},\"input\":{{}},\"inputJson\":\"{{}}\"}}");
    let refused = execute(&server, both).await.json();
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("input is given together with inputJson: give one of them"), "{message}");
}
