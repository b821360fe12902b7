//! `POST /v1/execute:batch`: one program, many inputs, an event for each.

use crate::support::{Events, Server, until_set_aside};
use ampoule_http::Timeouts;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const PATH: &str = "/v1/execute:batch";
const LINES: &str = "application/x-ndjson";
const SENT: &str = "text/event-stream";

fn batch(code: &str, inputs: &[Value]) -> Value {
    json!({ "request": { "source": { "language": "python", "code": code } }, "inputs": inputs, "parallelism": 4 })
}

fn numbered(count: usize) -> Vec<Value> {
    (0..count).map(|number| json!({ "n": number })).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_input_has_its_answer_and_the_end_is_told() {
    let server = Server::start(|_| {}).await;
    let mut inputs = numbered(50);
    inputs[3] = json!([1]);
    let response = server.open(PATH, LINES, &batch("e", &inputs)).await;
    assert_eq!(response.headers()["content-type"], LINES);
    assert!(response.headers().contains_key("x-request-id"));
    let mut lines = Events::of(response);
    let mut answers = BTreeMap::new();
    let end = loop {
        let line = lines.line().await.unwrap();
        match line["index"].as_u64() {
            Some(index) => assert_eq!(answers.insert(index, line), None, "{index} is answered twice"),
            None => break line,
        }
    };
    assert_eq!(end, json!({ "end": { "executed": 49, "refused": 1 } }));
    assert_eq!(lines.line().await, None);
    assert_eq!(answers.len(), 50);
    for (index, answer) in answers {
        if index == 3 {
            let refusal = &answer["refusal"];
            assert_eq!(refusal["code"], "invalid_argument");
            assert_eq!(refusal["details"][0]["fieldViolations"][0]["field"], "input", "{refusal}");
        } else {
            assert_eq!(answer["outcome"]["result"], json!({ "n": index }));
        }
    }
    let texts = json!({ "request": batch("e", &[])["request"], "inputsJson": ["{\"n\":1}"] });
    let mut events = Events::of(server.open(PATH, SENT, &texts).await);
    let (name, data) = events.sent().await.unwrap();
    assert_eq!((name.as_str(), &data["index"]), ("outcome", &json!(0)));
    assert_eq!(data["outcome"]["resultJson"], "{\"n\":1}");
    let end = json!({ "end": { "executed": 1, "refused": 0 } });
    assert_eq!(events.sent().await, Some(("end".into(), end)));
    assert_eq!(events.sent().await, None);
    let metrics = server.service.metrics();
    let counted = "ampoule_refused_total{tenant=\"open\",reason=\"invalid_argument\"} 1";
    assert!(metrics.contains(counted), "items are counted as requests are: {metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_all_has_its_status() {
    let server = Server::start(|_| {}).await;
    let with_input =
        json!({ "request": { "source": { "language": "python", "code": "e" }, "inputJson": "{}" } });
    let cases = [
        (LINES, json!({}), 400, "request is missing: give a program"),
        (LINES, with_input, 400, "request.input_json is not empty"),
        (SENT, batch("e", &vec![json!({}); 10_001]), 400, "inputs has 10001 inputs"),
        (LINES, json!({ "inputs": 1 }), 400, "inputs is not as expected"),
        ("application/json", batch("e", &[]), 406, "the answer comes in events"),
    ];
    for (accept, body, status, says) in cases {
        let response = server.open(PATH, accept, &body).await;
        assert_eq!(response.status(), status);
        let refused: Value =
            serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert!(refused["message"].as_str().unwrap().starts_with(says), "{refused}");
    }
    let mut none = Events::of(server.open(PATH, LINES, &batch("e", &[])).await);
    assert_eq!(none.line().await, Some(json!({ "end": { "executed": 0, "refused": 0 } })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_stops_what_is_left() {
    let server = Server::start(|_| {}).await;
    let mut endless = batch("l", &numbered(100));
    endless["request"]["limits"] = json!({ "wallTime": "30s" });
    let left = server.open(PATH, LINES, &endless).await;
    server.until_running(4).await;
    drop(left);
    server.until_running(0).await;
    until_set_aside(&server, |bytes| bytes == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_given_up_with_what_is_left() {
    let timeout = Timeouts { answer: Duration::from_millis(300), ..Timeouts::default() };
    let server = Server::start_with(|_| {}, timeout).await;
    let large: Vec<Value> = (0..12).map(|_| json!({ "a": "x".repeat(1 << 20) })).collect();
    let unread = server.open(PATH, LINES, &batch("e", &large)).await;
    until_set_aside(&server, |bytes| bytes > 0).await;
    until_set_aside(&server, |bytes| bytes == 0).await;
    assert!(unread.into_body().collect().await.is_err(), "its end is missing");
    assert_eq!(server.service.running() + server.service.waiting(), 0);
}
