//! SIGTERM, whatever state clients have brought the server into: what was accepted is answered, what nobody
//! reads or finishes is given up, and the process ends by itself, with 0.

use crate::process::{Server, get, line_with};
use ampoule_api::v1::{ExecuteRequest, Language, Limits, Source};
use bytes::{BufMut, Bytes, BytesMut};
use h2::RecvStream;
use h2::client::SendRequest;
use http::Request;
use prost::Message;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Far more than the timeouts of the configuration here, and far less than what the server would wait for
/// executions.
const SOON: Duration = Duration::from_secs(20);

/// A connection of HTTP/2 whose windows are shut, or as wide as they usually are.
async fn connect(server: &Server, window: u32) -> SendRequest<Bytes> {
    let stream = tokio::net::TcpStream::connect(&server.address).await.unwrap();
    let (client, connection) =
        h2::client::Builder::new().initial_window_size(window).handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client.ready().await.unwrap()
}

/// Calls `method`; the answer's body, of which nothing is read.
async fn unread(client: &mut SendRequest<Bytes>, method: &str, code: &str, input_bytes: usize) -> RecvStream {
    let request = ExecuteRequest {
        source: Some(Source { language: Language::Python.into(), code: code.into(), ..Source::default() }),
        input_json: format!("{{\"a\":\"{}\"}}", "x".repeat(input_bytes)),
        limits: Some(Limits { output_bytes: 16 << 20, ..Limits::default() }),
        ..ExecuteRequest::default()
    };
    let mut body = BytesMut::new();
    body.put_u8(0);
    body.put_u32(request.encoded_len() as u32);
    request.encode(&mut body).unwrap();
    let head = Request::post(format!("http://localhost/ampoule.v1.ExecutionService/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (response, mut sender) = client.send_request(head, false).unwrap();
    sender.send_data(body.freeze(), true).unwrap();
    response.await.unwrap().into_body()
}

/// A connection that sends so much of a request and no more.
fn begun(address: &str, beginning: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(beginning.as_bytes()).unwrap();
    stream
}

fn start() -> (Server, String) {
    let mut server =
        Server::start("metrics = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"\nslots = 8\nunread = \"1s\"\n");
    let http = line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    (server, http)
}

/// Its exit code is 0, soon, and it says so.
fn drains(server: Server) {
    let signalled = Instant::now();
    server.signal("-TERM");
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("drained"), "{log}");
    assert!(signalled.elapsed() < SOON, "it took {:?}", signalled.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_streams_that_nobody_reads_do_not_keep_it() {
    let (server, http) = start();
    // A small answer that no window has room for, a large one, and a stream that prints for as long as it
    // may.
    let mut shut = connect(&server, 0).await;
    let mut open = connect(&server, 65_535).await;
    let _small = unread(&mut shut, "Execute", "e", 10).await;
    let _large = unread(&mut open, "Execute", "e", 8 << 20).await;
    let _stream = unread(&mut open, "ExecuteStream", "q", 1 << 16).await;
    let body = format!(
        "{{\"source\":{{\"language\":\"LANGUAGE_PYTHON\",\"code\":\"e\"}},\"inputJson\":\"{{\\\"a\\\":\\\"{}\\\"}}\"}}",
        "x".repeat(8 << 20)
    );
    let _web = begun(
        &http,
        &format!(
            "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    server.until_running(0);
    drains(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_do_not_arrive_do_not_keep_it() {
    let (server, http) = start();
    let _silent = (begun(&server.address, ""), begun(&http, ""));
    let _head = begun(&http, "POST /v1/execute HTTP/1.1\r\nhost: local");
    let _body = begun(
        &http,
        "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    let _preface = begun(&server.address, "PRI * HTTP/2.0");
    let mut client = connect(&server, 65_535).await;
    let head = Request::post("http://localhost/ampoule.v1.ExecutionService/Execute")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (_response, mut sender) = client.send_request(head, false).unwrap();
    sender.send_data(Bytes::from_static(b"\0\0\0\x01\0x"), false).unwrap();
    // The server has read as much as there is: it answers others on the same threads.
    assert!(get(server.monitoring.as_ref().unwrap(), "/readyz").starts_with("HTTP/1.1 200"));
    drains(server);
}

#[test]
fn what_runs_and_what_waits_is_answered() {
    let (server, _) = start();
    let calls: Vec<_> = (0..12)
        .map(|_| server.run(&["loop.py", "--timeout", "1s"]).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    // Four of them wait for a slot.
    server.until_running(8);
    let monitoring = server.monitoring.clone().unwrap();
    while !get(&monitoring, "/metrics").lines().any(|line| line == "ampoule_requests_waiting 4") {
        std::thread::sleep(Duration::from_millis(5));
    }
    server.signal("-TERM");
    for call in calls {
        let answer = call.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert!(answer.status.code() == Some(3) && said.contains("timed_out"), "{said}");
    }
    let (code, log) = server.end();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn monitoring_answers_to_the_end_and_says_that_it_is_not_ready() {
    let (server, _) = start();
    let call = server.run(&["loop.py", "--timeout", "2s"]).stderr(Stdio::piped()).spawn().unwrap();
    server.until_running(1);
    let monitoring = server.monitoring.clone().unwrap();
    server.signal("-TERM");
    while !get(&monitoring, "/readyz").starts_with("HTTP/1.1 503") {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut alive = TcpStream::connect(&monitoring).unwrap();
    alive.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    alive.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(call.wait_with_output().unwrap().status.code(), Some(3), "it was answered");
    assert_eq!(server.end().0, Some(0));
}
