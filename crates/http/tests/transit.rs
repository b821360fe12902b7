//! Bodies on their way: what slow clients hold is counted, and bounded.

mod support;

use std::time::{Duration, Instant};
use support::{Server, request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: u64 = 1 << 20;

/// Room for one guest, and a sixteenth of it for requests on their way.
const BUDGET: u64 = 1200 * MIB;

fn set_aside(server: &Server) -> u64 {
    let metrics = server.service.metrics();
    let line = metrics.lines().find(|line| line.starts_with("ampoule_memory_set_aside_bytes ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

async fn until(server: &Server, expected: impl Fn(u64) -> bool) {
    let started = Instant::now();
    while !expected(set_aside(server)) {
        assert!(started.elapsed() < Duration::from_secs(10), "{} bytes are set aside", set_aside(server));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

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
