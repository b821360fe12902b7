//! Requests that end before their executions do, servers that end before their requests, clients that do not
//! get on.

use crate::support::{KEY, Server, request};
use ampoule_http::Timeouts;
use hyper::StatusCode;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Soon: far less than what the executions here would take, so they were stopped and did not end by
/// themselves.
const SOON: Duration = Duration::from_secs(3);

/// A request as it is on the wire, and the connection it was sent on.
async fn sent(server: &Server, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_frees_its_slot() {
    let server = Server::start(|_| {}).await;
    for code in ["l", "s", "w"] {
        let dify = json!({ "language": "python3", "code": code });
        for (path, body) in [("/v1/execute", request(code, "")), ("/v1/sandbox/run", dify)] {
            let stream = sent(&server, path, &body.to_string()).await;
            server.until_running(1).await;
            drop(stream);
            let freed = server.until_running(0).await;
            assert!(freed < SOON, "{path} {code}: {freed:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told() {
    let server = Server::start(|config| {
        config.engine.slots = 1;
        config.queue = 0;
    })
    .await;
    let running = sent(&server, "/v1/execute", &request("l", "").to_string()).await;
    server.until_running(1).await;
    let message = "the queue is full: 1 executions run and 0 requests wait already: try again in 100 ms";
    let refused = server.execute(&request("e", "")).await;
    assert_eq!(
        (refused.status, &refused.headers["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
    let retry = json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.100s" });
    let expected = json!({ "code": "resource_exhausted", "message": message, "details": [retry] });
    assert_eq!(refused.json(), expected);
    let refused = server.run("e").await;
    assert_eq!(
        (refused.status, &refused.headers["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"1".parse().unwrap())
    );
    assert_eq!(refused.json(), json!({ "code": -503, "message": message, "data": null }));
    drop(running);
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_answers_what_is_in_flight_and_takes_nothing_new() {
    let mut server = Server::start(|_| {}).await;
    // Connections that are kept, one that was used and one that never was, must not keep the server.
    assert_eq!(server.execute(&request("e", "")).await.status, StatusCode::OK);
    let unused = TcpStream::connect(&server.address).await.unwrap();
    let mut endless = request("l", "");
    endless["limits"] = json!({ "wallTime": "0.5s" });
    let mut in_flight = sent(&server, "/v1/execute", &endless.to_string()).await;
    server.until_running(1).await;
    server.drain();
    let mut text = String::new();
    in_flight.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.contains("STATUS_TIMED_OUT"), "{text}");
    assert!(text.to_lowercase().contains("connection: close\r\n"), "{text}");
    let address = server.address.clone();
    tokio::time::timeout(Duration::from_secs(2), server.ended()).await.expect("it ends when all is answered");
    assert!(TcpStream::connect(address).await.is_err(), "the port is closed");
    drop(unused);
}

/// Half a request holds a connection, and nothing else: neither a slot nor another client's time.
#[tokio::test(flavor = "multi_thread")]
async fn clients_that_dawdle_hold_no_slot() {
    let server = Server::start(|config| config.engine.slots = 1).await;
    let mut stuck = Vec::new();
    for _ in 0..120 {
        let mut head = TcpStream::connect(&server.address).await.unwrap();
        head.write_all(b"POST /v1/execute HTTP/1.1\r\nhost: local").await.unwrap();
        let mut body = TcpStream::connect(&server.address).await.unwrap();
        let half = b"POST /v1/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
        body.write_all(half).await.unwrap();
        stuck.extend([head, body]);
    }
    assert_eq!(server.execute(&request("e", "")).await.status, StatusCode::OK);
    assert_eq!(server.service.running() + server.service.waiting(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_dawdle_are_sent_away() {
    let moment = Duration::from_millis(200);
    let timeout = Timeouts { head: moment, body: moment, answer: moment };
    let server = Server::start_with(|_| {}, timeout).await;
    let silent = TcpStream::connect(&server.address).await.unwrap();
    let mut head = TcpStream::connect(&server.address).await.unwrap();
    head.write_all(b"POST /v1/execute HTTP/1.1\r\nhost: local").await.unwrap();
    let mut body = sent(&server, "/v1/execute", "").await;
    let mut text = String::new();
    body.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("is not as expected"), "an empty body is there at once: {text}");
    let mut half = TcpStream::connect(&server.address).await.unwrap();
    let sent = b"POST /v1/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    half.write_all(sent).await.unwrap();
    let mut text = String::new();
    half.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 408 ") && text.contains("did not arrive within 0.2 s"), "{text}");
    for mut stream in [silent, head] {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "the connection is closed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_is_not_kept() {
    let server = Server::start(|_| {}).await;
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    stream.write_all(b"POST /v1/execute HTTP/1.1\r\nhost: localhost\r\nx: ").await.unwrap();
    // Four times what is read ahead; the server may have closed before all of it is sent.
    let _ = stream.write_all(&vec![b'y'; 256 << 10]).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    let closed = read.expect("it waits for more");
    // What was sent and not read resets the connection, perhaps before its answer is read.
    assert!(closed.is_err() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
}
