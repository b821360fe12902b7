//! Messages on their way: what slow clients hold is counted, and bounded.

mod support;

use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use bytes::{BufMut, Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use prost::Message;
use std::time::{Duration, Instant};
use support::{Server, request};
use tokio::net::TcpStream;

const MIB: u64 = 1 << 20;

/// Room for one guest, and a sixteenth of it for requests on their way.
const BUDGET: u64 = 1200 * MIB;

async fn server() -> Server {
    Server::start(|config| config.memory_bytes = BUDGET).await
}

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

/// A connection that reads nothing before it is asked to.
async fn connect(server: &Server) -> SendRequest<Bytes> {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Begins a call whose message is said to have `length` bytes, and sends what is there of it.
async fn begin(
    client: &mut SendRequest<Bytes>,
    length: usize,
    message: &[u8],
) -> (ResponseFuture, SendStream<Bytes>) {
    let head = Request::post("http://localhost/ampoule.v1.ExecutionService/Execute")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    *client = client.clone().ready().await.unwrap();
    let (response, mut sender) = client.send_request(head, false).unwrap();
    let mut body = BytesMut::new();
    body.put_u8(0);
    body.put_u32(length as u32);
    body.put_slice(message);
    sender.send_data(body.freeze(), message.len() == length).unwrap();
    (response, sender)
}

fn status(response: &Response<RecvStream>) -> &str {
    response.headers().get("grpc-status").map_or("", |status| status.to_str().unwrap())
}

#[tokio::test]
async fn slow_uploads_hold_no_more_than_their_part_of_the_budget() {
    let server = server().await;
    let mut client = connect(&server).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(begin(&mut client, 16 << 20, b"x").await);
    }
    // Twice the message: while it is decoded there are two of it.
    until(&server, |bytes| bytes == 64 * MIB).await;
    for _ in 0..20 {
        let (response, _sender) = begin(&mut client, 16 << 20, b"x").await;
        let response = response.await.unwrap();
        assert_eq!(status(&response), "8", "RESOURCE_EXHAUSTED: {:?}", response.headers());
        let message = response.headers()["grpc-message"].to_str().unwrap();
        assert!(message.contains("requests%20that%20are%20being%20received%20is%20taken"), "{message}");
        assert!(set_aside(&server) <= 64 * MIB);
    }
    // Others are served meanwhile.
    let mut other = ExecutionServiceClient::new(server.channel().await);
    other.execute(request("e", "{}")).await.unwrap();
    let metrics = server.service.metrics();
    let refused = "ampoule_refused_total{tenant=\"open\",reason=\"resource_exhausted\"} 20";
    assert!(metrics.contains(refused), "{metrics}");
    // Whoever gives up gives it back.
    drop(held);
    until(&server, |bytes| bytes == 0).await;
    let _late = begin(&mut client, 16 << 20, b"x").await;
    until(&server, |bytes| bytes == 32 * MIB).await;
}

#[tokio::test]
async fn an_answer_is_counted_until_its_reader_has_it() {
    let server = server().await;
    let mut client = connect(&server).await;
    let text = format!("{{\"a\":\"{}\"}}", "x".repeat(12 << 20));
    let message = request("e", &text).encode_to_vec();
    let (response, _sender) = begin(&mut client, message.len(), &message).await;
    let response = response.await.unwrap();
    server.until_running(0).await;
    until(&server, |bytes| (12 * MIB..13 * MIB).contains(&bytes)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(set_aside(&server) > 12 * MIB, "it was forgotten");
    let mut body = response.into_body();
    let mut read = 0;
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        read += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert!(read > 12 << 20);
    until(&server, |bytes| bytes == 0).await;
}
