//! Bodies on their way: what slow clients hold is counted, and bounded.

use crate::support::{KEY, Server, request, set_aside, until_set_aside as until};
use ampoule_http::Timeouts;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: u64 = 1 << 20;

/// Room for one guest, and a sixteenth of it for requests on their way.
const BUDGET: u64 = 1200 * MIB;

/// Sends the beginning of a request.
async fn begin(server: &Server, length: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).await.unwrap();
    let head = format!(
        "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n{length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = vec![0; 4096];
    let length = stream.read(&mut head).await.unwrap();
    String::from_utf8_lossy(&head[..length]).into_owned()
}

/// Sends a whole request and reads nothing.
async fn asked(server: &Server, body: &serde_json::Value) -> TcpStream {
    let body = body.to_string();
    begin(server, &format!("content-length: {}", body.len()), body.as_bytes()).await
}

/// The process's memory, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[tokio::test]
async fn slow_uploads_hold_no_more_than_their_part_of_the_budget() {
    let server = Server::start(|config| config.memory_bytes = BUDGET).await;
    let length = format!("content-length: {}", 16 * MIB);
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(begin(&server, &length, b"{").await);
    }
    // Twice the body: while it is read there are two of it.
    until(&server, |bytes| bytes == 64 * MIB).await;
    for _ in 0..20 {
        let head = head(&mut begin(&server, &length, b"{").await).await;
        assert!(head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 1"), "{head}");
        assert!(
            head.contains("resource_exhausted") && head.contains("requests that are being received"),
            "{head}"
        );
    }
    // One whose length is not said is counted as it comes.
    let piece = vec![b' '; 20 << 20];
    let mut chunked = begin(&server, "transfer-encoding: chunked", b"").await;
    chunked.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await.unwrap();
    let _ = chunked.write_all(&piece).await;
    let answer = head(&mut chunked).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert_eq!(server.execute(&request("e", "{}")).await.status, 200, "others are served");
    drop(held);
    until(&server, |bytes| bytes == 0).await;
}

#[tokio::test]
async fn an_answer_is_counted_until_its_reader_has_it() {
    let server = Server::start(|config| config.memory_bytes = BUDGET).await;
    // More than the system's buffers for a connection take.
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(15 << 20));
    let body = request("e", &text).to_string();
    let length = format!("content-length: {}", body.len());
    let mut stream = begin(&server, &length, body.as_bytes()).await;
    server.until_running(0).await;
    until(&server, |bytes| (15 * MIB..16 * MIB).contains(&bytes)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(set_aside(&server) > 15 * MIB, "it was forgotten");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.len() > 15 << 20);
    until(&server, |bytes| bytes == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_repeats_of_an_answer_share_its_memory() {
    let server = Server::start(|config| config.memory_bytes = BUDGET).await;
    // The first is sent by the largest request there is, the others by the same: an answer of 15 MiB, a
    // hundred times.
    let mut keyed = request("e", &format!("{{\"a\":\"{}\"}}", "x".repeat(15 << 20)));
    keyed["idempotencyKey"] = json!("k");
    assert_eq!(server.execute(&keyed).await.status, 200);
    until(&server, |bytes| bytes < 16 * MIB).await;
    let before = resident();
    let mut unread = Vec::new();
    for _ in 0..100 {
        let mut stream = asked(&server, &keyed).await;
        let mut start = [0; 15];
        stream.read_exact(&mut start).await.unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
        unread.push(stream);
    }
    until(&server, |bytes| (16 * MIB..60 * MIB).contains(&bytes)).await;
    let grown = resident().saturating_sub(before);
    assert!(grown < 400 * MIB, "{} MiB for 1500 MiB of answers", grown / MIB);
    assert_eq!(server.execute(&request("e", "{}")).await.status, 200, "others are served");
    let mut answer = Vec::new();
    unread.pop().unwrap().read_to_end(&mut answer).await.unwrap();
    assert!(answer.len() > 15 << 20);
    drop(unread);
    until(&server, |bytes| bytes < 16 * MIB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_is_given_up_with_its_memory() {
    let timeout = Timeouts { answer: Duration::from_millis(500), ..Timeouts::default() };
    let server = Server::start_with(|config| config.memory_bytes = BUDGET, timeout).await;
    let mut stream = asked(&server, &request("e", &format!("{{\"a\":\"{}\"}}", "x".repeat(15 << 20)))).await;
    // It has come and run, and its answer is what is left of it.
    until(&server, |bytes| bytes > 30 * MIB).await;
    server.until_running(0).await;
    until(&server, |bytes| (15 * MIB..17 * MIB).contains(&bytes)).await;
    until(&server, |bytes| bytes == 0).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.len() < 15 << 20, "its end is missing, and the connection is closed: {}", answer.len());
    assert!(!answer.ends_with(b"0\r\n\r\n"));
}

/// What takes six bytes in JSON for one is written as it is read, and the answer counts with its own size.
#[tokio::test(flavor = "multi_thread")]
async fn large_answers_are_whole_in_json() {
    let server = Server::start(|config| config.memory_bytes = BUDGET).await;
    let texts =
        ["\u{1}\"\\\n", "\u{e9}\u{1f600}"].map(|text| json!({ "a": text.repeat(500_000) }).to_string());
    for text in &texts {
        let mut printing = request("p", text);
        printing["limits"] = json!({ "outputBytes": "16777216" });
        let answer = server.execute(&printing).await.json();
        assert!(answer["stdout"] == *text && answer["stderr"] == *text, "{}", answer["status"]);
        let answer = server.execute(&request("e", text)).await.json();
        assert!(answer["resultJson"] == *text, "{}", answer["status"]);
        let failed = server.execute(&request("f", text)).await.json();
        assert!(failed["failure"]["message"].as_str().unwrap().len() > 100_000, "{}", failed["status"]);
    }
    let key = [("x-api-key", KEY), ("content-type", "application/json")];
    let sent = json!({ "language": "python3", "code": format!("c{}", "\"".repeat(100_000)) });
    let answer = server.send(hyper::Method::POST, "/v1/sandbox/run", &key, sent.to_string()).await.json();
    assert_eq!((&answer["code"], &answer["message"]), (&json!(0), &json!("success")));
    until(&server, |bytes| bytes == 0).await;
}
