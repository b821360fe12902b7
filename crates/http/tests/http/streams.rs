//! `POST /v1/execute:stream`: what is printed comes while the program runs, then how it ended.

use crate::support::{Events, Server, request, set_aside, until_set_aside};
use ampoule_http::Timeouts;
use ampoule_testing::tiny;
use http_body_util::BodyExt;
use hyper::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;

const PATH: &str = "/v1/execute:stream";
const LINES: &str = "application/x-ndjson";
const SENT: &str = "text/event-stream";

fn asked(code: &str, input: Value) -> Value {
    json!({ "source": { "language": "python", "code": code }, "input": input })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_comes_first_and_the_outcome_last() {
    let server = Server::start(|_| {}).await;
    let response = server.open(PATH, LINES, &asked("o", json!({ "n": 1 }))).await;
    assert_eq!(response.headers()["content-type"], LINES);
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert!(response.headers().contains_key("x-request-id"));
    let mut lines = Events::of(response);
    assert_eq!(lines.line().await, Some(json!({ "stdout": "{\"n\":1}" })));
    assert_eq!(lines.line().await, Some(json!({ "stderr": "{\"n\":1}" })));
    let last = lines.line().await.unwrap();
    let outcome = &last["outcome"];
    assert_eq!((&outcome["status"], &outcome["result"]), (&json!("STATUS_COMPLETED"), &json!({ "n": 1 })));
    assert_eq!((&outcome["stdout"], &outcome["stderr"]), (&json!(""), &json!("")), "it is not sent twice");
    assert_eq!(outcome["usage"]["outputBytes"], "14");
    assert_eq!(lines.line().await, None);

    let response = server.open(PATH, SENT, &request("o", "{\"n\":1}")).await;
    assert_eq!(response.headers()["content-type"], SENT);
    let mut events = Events::of(response);
    assert_eq!(events.sent().await, Some(("stdout".into(), json!({ "stdout": "{\"n\":1}" }))));
    assert_eq!(events.sent().await, Some(("stderr".into(), json!({ "stderr": "{\"n\":1}" }))));
    let (name, data) = events.sent().await.unwrap();
    assert_eq!((name.as_str(), &data["outcome"]["resultJson"]), ("outcome", &json!("{\"n\":1}")));
    assert_eq!(events.sent().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_still_runs_is_read_and_a_client_that_leaves_stops_it() {
    let server = Server::start(|_| {}).await;
    for accept in [LINES, SENT] {
        let mut printing = asked("q", json!({ "a": "\n\u{e9}" }));
        printing["limits"] = json!({ "outputBytes": "16777216" });
        let mut events = Events::of(server.open(PATH, accept, &printing).await);
        let first = events.next("}").await.unwrap();
        assert!(first.contains("stdout"), "{first}");
        assert_eq!(server.service.running(), 1, "it prints for ever");
        drop(events);
        server.until_running(0).await;
    }
    // One that says nothing is left before there is an answer.
    let server = &server;
    for code in ["l", "s"] {
        let silent = asked(code, json!({}));
        let opening = server.open(PATH, LINES, &silent);
        tokio::select! {
            response = opening => panic!("it has said something: {response:?}"),
            _ = server.until_running(1) => {}
        }
        server.until_running(0).await;
    }
    let metrics = server.service.metrics();
    let cancelled = "ampoule_refused_total{tenant=\"open\",reason=\"cancelled\"} 4";
    assert!(metrics.contains(cancelled), "each has its line: {metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_the_first_event_has_its_status() {
    let server = Server::start(|config| {
        config.engine.slots = 1;
        config.queue = 0;
    })
    .await;
    let mut keyed = asked("e", json!({}));
    keyed["idempotencyKey"] = json!("k");
    let cases = [
        (LINES, json!({}), 400, "source is missing"),
        (SENT, asked("e", json!([])), 400, "input is not a JSON object"),
        (LINES, keyed, 400, "idempotency_key"),
        (
            "application/json",
            asked("e", json!({})),
            406,
            "the answer comes in events: send the header Accept",
        ),
        (LINES, json!({ "function": { "name": "f" } }), 404, "there is no function 'f'"),
    ];
    for (accept, body, status, says) in cases {
        let response = server.open(PATH, accept, &body).await;
        assert_eq!(response.status(), status, "{body}");
        assert_eq!(response.headers()["content-type"], "application/json");
        let refused: Value =
            serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert!(refused["message"].as_str().unwrap().starts_with(says), "{refused}");
    }
    let running = server.open(PATH, LINES, &asked("q", json!({ "a": 1 }))).await;
    let full = server.open(PATH, LINES, &asked("e", json!({}))).await;
    assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(full.headers()["retry-after"], "1");
    drop(running);
}

/// On a processor that others never leave it waits for longer than it may, when it has printed already.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_after_the_first_event_is_the_last_event() {
    let server = Server::start(|config| {
        config.engine.seats = 1;
        config.engine.processor_timeout = Duration::from_millis(500);
    })
    .await;
    let others: Vec<_> = (0..4)
        .map(|_| {
            let service = server.service.clone();
            tokio::spawn(async move {
                loop {
                    let _ = service.execute(tiny::request("l", "{}")).await;
                }
            })
        })
        .collect();
    let mut printing = asked("h", json!({ "a": 1 }));
    printing["limits"] = json!({ "wallTime": "60s" });
    let mut events = Events::of(server.open(PATH, SENT, &printing).await);
    let mut printed = 0;
    let refusal = loop {
        match events.sent().await.expect("it has an end") {
            (name, _) if name == "stdout" => printed += 1,
            (name, data) => {
                assert_eq!(name, "error", "{data}");
                break data["error"].clone();
            }
        }
    };
    assert!(printed > 0);
    assert_eq!(refusal["code"], "resource_exhausted", "{refusal}");
    assert_eq!(refusal["details"][0]["@type"], "type.googleapis.com/google.rpc.RetryInfo");
    assert_eq!(events.sent().await, None);
    others.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn output_beyond_the_limit_ends_the_stream_with_that_outcome() {
    let server = Server::start(|_| {}).await;
    let mut printing = asked("p", json!({ "n": 1 }));
    printing["limits"] = json!({ "outputBytes": "4" });
    let mut lines = Events::of(server.open(PATH, "*/*", &printing).await);
    assert_eq!(lines.line().await, Some(json!({ "stdout": "{\"n\"" })));
    let outcome = lines.line().await.unwrap()["outcome"].clone();
    assert_eq!(outcome["status"], "STATUS_OUTPUT_LIMIT");
    assert_eq!((&outcome["stdoutTruncated"], &outcome["result"]), (&json!(true), &Value::Null));
    assert_eq!(lines.line().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_events_are_whole() {
    let server = Server::start(|_| {}).await;
    let input = json!({ "a": "\u{1}\"\\\n\u{e9}\u{1f600}".repeat(200_000) });
    let mut printing = asked("p", input.clone());
    printing["limits"] = json!({ "outputBytes": "16777216" });
    let mut lines = Events::of(server.open(PATH, LINES, &printing).await);
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let outcome = loop {
        let line = lines.line().await.unwrap();
        stdout += line["stdout"].as_str().unwrap_or_default();
        stderr += line["stderr"].as_str().unwrap_or_default();
        if let Some(outcome) = line.get("outcome") {
            break outcome.clone();
        }
    };
    let expected = printing["input"].to_string();
    for (stream, text) in [("stdout", &stdout), ("stderr", &stderr)] {
        let differs = text.bytes().zip(expected.bytes()).position(|(one, other)| one != other);
        assert!(
            *text == expected,
            "{stream}: {} of {} bytes, the first other one {differs:?}",
            text.len(),
            expected.len()
        );
    }
    assert_eq!((&outcome["status"], lines.line().await), (&json!("STATUS_COMPLETED"), None));
    let mut echo = Events::of(server.open(PATH, LINES, &asked("e", input.clone())).await);
    assert!(echo.line().await.unwrap()["outcome"]["result"] == input);
    until_set_aside(&server, |bytes| bytes == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_nobody_reads_are_given_up_and_silent_ones_are_not() {
    let timeout = Timeouts { answer: Duration::from_millis(300), ..Timeouts::default() };
    let server = Server::start_with(|_| {}, timeout).await;
    let mut printing = asked("p", json!({ "a": "x".repeat(4 << 20) }));
    printing["limits"] = json!({ "outputBytes": "16777216" });
    // Its head is read, and no more: what its connection does not take lies there.
    let unread = server.open(PATH, LINES, &printing).await;
    until_set_aside(&server, |bytes| bytes > 8 << 20).await;
    until_set_aside(&server, |bytes| bytes == 0).await;
    let read = unread.into_body().collect().await;
    assert!(read.is_err(), "its end is missing, and the connection is closed");
    // It has nothing to say for longer than that.
    let server = &server;
    let silent = asked("s", json!({}));
    tokio::select! {
        response = server.open(PATH, LINES, &silent) => panic!("{response:?}"),
        () = async {
            server.until_running(1).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        } => assert_eq!(server.service.running(), 1),
    }
    server.until_running(0).await;
    assert_eq!(set_aside(server), 0);
}
