//! Requests that come compressed: taken, counted by what they unpack to, and refused by it.

use crate::support::{Server, request};
use ampoule_api::v1::ExecuteRequest;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use h2::RecvStream;
use h2::client::SendRequest;
use http::{Request, Response};
use prost::Message;
use std::io::Write;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const MIB: u64 = 1 << 20;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

async fn connect(server: &Server) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Calls a method with a message that is said to be compressed in this way.
async fn call(server: &Server, method: &str, encoding: &str, packed: &[u8]) -> Response<RecvStream> {
    let head = Request::post(format!("http://localhost/{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("grpc-encoding", encoding)
        .body(())
        .unwrap();
    let mut client = connect(server).await.ready().await.unwrap();
    let (response, mut sender) = client.send_request(head, false).unwrap();
    let length = (packed.len() as u32).to_be_bytes();
    // The head may have been enough for an answer.
    let _ = sender.send_data([&[1], &length[..], packed].concat().into(), true);
    response.await.unwrap()
}

async fn execute(server: &Server, packed: &[u8]) -> Response<RecvStream> {
    call(server, "ampoule.v1.ExecutionService/Execute", "gzip", packed).await
}

fn text<'a>(response: &'a Response<RecvStream>, header: &str) -> &'a str {
    response.headers().get(header).map_or("", |value| value.to_str().unwrap())
}

/// The process's memory at its highest, in bytes.
fn highest() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

fn set_aside(server: &Server) -> u64 {
    let metrics = server.service.metrics();
    let line = metrics.lines().find(|line| line.starts_with("ampoule_memory_set_aside_bytes ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// A request whose file takes so many bytes, and hardly any compressed.
fn hollow(size: usize) -> ExecuteRequest {
    let mut request = request("e", "{}");
    request.files = vec![ampoule_api::v1::File { path: "a".into(), content: vec![0; size] }];
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_requests_are_taken() {
    let server = Server::start(|_| {}).await;
    for asked in [request("e", "{\"n\":1}"), hollow(1 << 20)] {
        let response = execute(&server, &gzip(&asked.encode_to_vec())).await;
        assert_eq!(text(&response, "grpc-status"), "", "{:?}", response.headers());
        let mut body = response.into_body();
        let answer = body.data().await.unwrap().unwrap();
        assert_eq!(answer[0], 0, "answers are not compressed");
        let answer = ampoule_api::v1::ExecuteResponse::decode(&answer[5..]).unwrap();
        assert_eq!(answer.result_json, asked.input_json);
    }
    let health = call(&server, "grpc.health.v1.Health/Check", "gzip", &gzip(b"")).await;
    assert_eq!(text(&health, "grpc-status"), "", "those that everybody may call take it, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
    let server = Server::start(|_| {}).await;
    let largest = server.service.sizes().largest_request();
    // Half a gigabyte of nothing, in half a megabyte.
    let bomb = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        (0..512).for_each(|_| encoder.write_all(&[0; 1 << 20]).unwrap());
        encoder.finish().unwrap()
    };
    let before = highest();
    for _ in 0..8 {
        let refused = execute(&server, &bomb).await;
        assert_eq!(text(&refused, "grpc-status"), "3", "INVALID_ARGUMENT: {:?}", refused.headers());
        let expected = format!(
            "it%20unpacks%20to%20536870912%20bytes,%20and%20the%20server%20takes%20at%20most%20{largest}"
        );
        assert!(text(&refused, "grpc-message").contains(&expected), "{:?}", refused.headers());
    }
    // One that says that it is small ends where that is reached.
    let mut lying = bomb.clone();
    let end = lying.len() - 4;
    lying[end..].copy_from_slice(&1000_u32.to_le_bytes());
    let refused = execute(&server, &lying).await;
    assert_eq!(text(&refused, "grpc-status"), "3");
    assert!(
        text(&refused, "grpc-message").contains("is%20not%20compressed%20by%20gzip"),
        "{:?}",
        refused.headers()
    );
    let grown = highest() - before;
    assert!(grown < 64 * MIB, "{} MiB were taken", grown / MIB);
    let refused = call(&server, "grpc.health.v1.Health/Check", "gzip", &gzip(&[0; 5000])).await;
    assert_eq!(text(&refused, "grpc-status"), "3", "{:?}", refused.headers());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_request_unpacks_to_is_counted() {
    // A sixteenth of it is for requests on their way: less than twice what this one unpacks to.
    let server = Server::start(|config| config.memory_bytes = 480 * MIB).await;
    let refused = execute(&server, &gzip(&hollow(16_000_000).encode_to_vec())).await;
    assert_eq!(text(&refused, "grpc-status"), "8", "RESOURCE_EXHAUSTED: {:?}", refused.headers());
    assert!(text(&refused, "grpc-message").contains("requests%20that%20are%20being%20received"));
    let metrics = server.service.metrics();
    let counted = "ampoule_refused_total{tenant=\"open\",reason=\"resource_exhausted\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    let started = Instant::now();
    while set_aside(&server) > 0 {
        assert!(started.elapsed() < Duration::from_secs(10), "{} bytes are set aside", set_aside(&server));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let taken = execute(&server, &gzip(&hollow(8_000_000).encode_to_vec())).await;
    assert_eq!(text(&taken, "grpc-status"), "", "{:?}", taken.headers());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_compressions_are_told_which_there_are() {
    let server = Server::start(|_| {}).await;
    let refused = call(&server, "ampoule.v1.ExecutionService/Execute", "zstd", b"abc").await;
    assert_eq!(text(&refused, "grpc-status"), "12", "UNIMPLEMENTED: {:?}", refused.headers());
    assert_eq!(text(&refused, "grpc-accept-encoding"), "gzip,identity");
}
