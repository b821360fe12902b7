//! Messages on their way: what slow clients hold is counted, and bounded.

use crate::support::{Server, request};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{
    ExecuteRequest, FunctionReference, GetFunctionRequest, Language, PutFunctionRequest, Source,
};
use ampoule_auth::{ApiKey, AuthConfig};
use bytes::{BufMut, Bytes, BytesMut};
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use prost::Message;
use std::time::{Duration, Instant};
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

/// Calls with a whole message.
async fn call(
    client: &mut SendRequest<Bytes>,
    method: &str,
    request: &ExecuteRequest,
    key: Option<&str>,
) -> ResponseFuture {
    let message = request.encode_to_vec();
    begin_at(client, &format!("ExecutionService/{method}"), key, message.len(), &message).await.0
}

/// Begins a call whose message is said to have `length` bytes, and sends what is there of it.
async fn begin(
    client: &mut SendRequest<Bytes>,
    length: usize,
    message: &[u8],
) -> (ResponseFuture, SendStream<Bytes>) {
    begin_at(client, "ExecutionService/Execute", None, length, message).await
}

async fn begin_at(
    client: &mut SendRequest<Bytes>,
    method: &str,
    key: Option<&str>,
    length: usize,
    message: &[u8],
) -> (ResponseFuture, SendStream<Bytes>) {
    let mut head = Request::post(format!("http://localhost/ampoule.v1.{method}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(key) = key {
        head = head.header("x-api-key", key);
    }
    let head = head.body(()).unwrap();
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
async fn calls_that_have_sent_next_to_nothing_hold_no_more_than_their_part_either() {
    let server = Server::start(|config| config.memory_bytes = 64 << 20).await;
    let mut client = connect(&server).await;
    // One that is there as a whole is not counted, however small the part is.
    let (mut held, mut refused) = (Vec::new(), None);
    for count in 0..1000 {
        if count % 100 == 99 {
            // A connection has 128 calls at most.
            client = connect(&server).await;
        }
        let (mut response, sender) = begin(&mut client, 4000, b"x").await;
        let answered = tokio::time::timeout(Duration::from_millis(5), &mut response).await;
        if let Ok(response) = answered {
            refused = Some(response.unwrap());
            break;
        }
        held.push((response, sender));
    }
    let refused = refused.expect("a thousand calls were taken in part");
    assert_eq!(status(&refused), "8", "RESOURCE_EXHAUSTED: {:?}", refused.headers());
    assert_eq!(set_aside(&server), (held.len() as u64) * (16 << 10));
    assert!(set_aside(&server) <= 8 * MIB, "an eighth of the budget");
    drop(held);
    until(&server, |bytes| bytes == 0).await;
}

#[tokio::test]
async fn a_call_takes_one_message_and_reads_no_further() {
    let server = server().await;
    let mut client = connect(&server).await;
    let message = request("e", "{}").encode_to_vec();
    for more in [&b"\0\0\0\0\0"[..], &b"\0\0\0\0\x01x"[..], &[0; 5 * 100_000]] {
        let body = [&[0][..], &(message.len() as u32).to_be_bytes(), &message, more].concat();
        let head = Request::post("http://localhost/ampoule.v1.ExecutionService/Execute")
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        client = client.ready().await.unwrap();
        let (response, mut sender) = client.send_request(head.body(()).unwrap(), false).unwrap();
        sender.send_data(Bytes::from(body), true).unwrap();
        let refused = response.await.unwrap();
        assert_eq!(status(&refused), "3", "INVALID_ARGUMENT: {:?}", refused.headers());
        let reason = refused.headers()["grpc-message"].to_str().unwrap();
        assert!(reason.starts_with("the%20call%20sends%20several%20messages"), "{reason}");
    }
    until(&server, |bytes| bytes == 0).await;
}

#[tokio::test]
async fn strangers_ask_health_and_reflection_in_few_messages() {
    let server = server().await;
    let mut client = connect(&server).await;
    let mut ask = async |messages: usize| {
        let head = Request::post("http://localhost/grpc.health.v1.Health/Check")
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        client = client.clone().ready().await.unwrap();
        let (response, mut sender) = client.send_request(head.body(()).unwrap(), false).unwrap();
        sender.send_data(Bytes::from(vec![0; 5 * messages]), true).unwrap();
        status(&response.await.unwrap()).to_owned()
    };
    assert_eq!(ask(1).await, "");
    assert_eq!(ask(1000).await, "8", "RESOURCE_EXHAUSTED");
}

#[tokio::test]
async fn a_function_is_not_read_while_too_many_answers_lie_unread() {
    let server = server().await;
    let source = format!("e{}", " ".repeat(3 << 20));
    let put = PutFunctionRequest {
        name: "f".into(),
        source: Some(Source { language: Language::Python.into(), code: source, ..Source::default() }),
        ..PutFunctionRequest::default()
    };
    let mut functions = FunctionServiceClient::new(server.channel().await);
    functions.put_function(put).await.unwrap();
    let reference = FunctionReference { name: "f".into(), ..FunctionReference::default() };
    let message = GetFunctionRequest { function: Some(reference) }.encode_to_vec();
    let mut client = connect(&server).await;
    let mut unread = Vec::new();
    let refused = loop {
        let path = "FunctionService/GetFunction";
        let (response, _sender) = begin_at(&mut client, path, None, message.len(), &message).await;
        let response = response.await.unwrap();
        if !status(&response).is_empty() {
            break response;
        }
        unread.push(response);
        assert!(unread.len() < 100, "{} answers of 3 MiB lie unread", unread.len());
    };
    assert_eq!(status(&refused), "8", "RESOURCE_EXHAUSTED: {:?}", refused.headers());
    let reason = refused.headers()["grpc-message"].to_str().unwrap();
    assert!(reason.contains("answers%20that%20are%20being%20sent%20is%20taken"), "{reason}");
    assert!(set_aside(&server) <= BUDGET / 8);
    // Once they are read there is room again.
    futures_util::future::join_all(unread.into_iter().map(read)).await;
    functions.get_function(GetFunctionRequest::decode(&message[..]).unwrap()).await.unwrap();
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

/// Reads to the end: how much there was, and the status.
async fn read(response: Response<RecvStream>) -> (usize, String) {
    let mut body = response.into_body();
    let mut length = 0;
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        length += piece.len();
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    let trailers = body.trailers().await.unwrap().unwrap();
    let text = |name| trailers.get(name).map_or("", |value| value.to_str().unwrap());
    (length, format!("{} {}", text("grpc-status"), text("grpc-message")))
}

fn large(source: &str, size: usize) -> ExecuteRequest {
    request(source, &format!("{{\"a\":\"{}\"}}", "x".repeat(size)))
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads_are_given_up_with_their_memory() {
    let server = Server::start(|config| {
        config.memory_bytes = BUDGET;
        config.unread = Duration::from_millis(500);
    })
    .await;
    let mut client = connect(&server).await;
    let unread = call(&mut client, "Execute", &large("e", 12 << 20), None).await.await.unwrap();
    until(&server, |bytes| bytes > 12 * MIB).await;
    // Its reader has taken what its window allows and takes no more.
    until(&server, |bytes| bytes == 0).await;
    let (length, status) = read(unread).await;
    assert!(length < 1 << 20, "{length}");
    assert!(status.starts_with("4 the%20answer%20was%20given%20up"), "{status}");
    // One that is read, however large, is whole.
    let whole = call(&mut client, "Execute", &large("e", 12 << 20), None).await.await.unwrap();
    let (length, status) = read(whole).await;
    assert!(length > 12 << 20 && status == "0 ", "{length} {status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_nobody_reads_are_given_up_and_silent_ones_are_not() {
    let server = Server::start(|config| config.unread = Duration::from_millis(300)).await;
    let mut client = connect(&server).await;
    let mut printing = large("p", 4 << 20);
    printing.limits = Some(ampoule_api::v1::Limits { output_bytes: 16 << 20, ..Default::default() });
    let unread = call(&mut client, "ExecuteStream", &printing, None).await.await.unwrap();
    until(&server, |bytes| bytes > 0).await;
    until(&server, |bytes| bytes == 0).await;
    // However it is that its execution has ended, what it printed lies unread.
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.until_running(0).await;
    let (length, status) = read(unread).await;
    assert!(length < 4 << 20, "{length}");
    assert!(status.starts_with('4'), "{status}");
    let _silent = call(&mut client, "ExecuteStream", &request("s", "{}"), None).await;
    server.until_running(1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(server.service.running(), 1, "it has nothing to say");
}

/// One more than there are processors, each in the middle of printing when its window is full.
#[tokio::test(flavor = "multi_thread")]
async fn streams_that_nobody_reads_hold_no_processor() {
    let server = Server::start(|config| config.engine.seats = 2).await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut client = connect(&server).await;
        let mut printing = large("q", 1 << 16);
        printing.limits = Some(ampoule_api::v1::Limits {
            output_bytes: 8 << 20,
            wall_time: Some(Duration::from_secs(30).into()),
            ..Default::default()
        });
        streams.push((call(&mut client, "ExecuteStream", &printing, None).await.await.unwrap(), client));
    }
    let mut other = ExecutionServiceClient::new(server.channel().await);
    for _ in 0..20 {
        let answered = other.execute(request("e", "{}"));
        let answered = tokio::time::timeout(Duration::from_secs(5), answered).await;
        answered.expect("others are served meanwhile").unwrap();
    }
    // They end at their own limits, read or not.
    server.until_running(0).await;
    for (stream, _client) in streams {
        let (length, status) = read(stream).await;
        assert!(length > 8 << 20 && status == "0 ", "{length} {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_repeats_of_an_answer_share_its_memory() {
    let server = server().await;
    let mut client = connect(&server).await;
    let mut keyed = large("e", 12 << 20);
    keyed.idempotency_key = "k".into();
    let mut unread = Vec::new();
    for _ in 0..60 {
        unread.push(call(&mut client, "Execute", &keyed, None).await.await.unwrap());
        assert_eq!(status(unread.last().unwrap()), "", "it is answered");
    }
    until(&server, |bytes| (12 * MIB..40 * MIB).contains(&bytes)).await;
    let mut other = ExecutionServiceClient::new(server.channel().await);
    other.execute(request("e", "{}")).await.unwrap();
    // On a connection of its own: those that are unread have used up the window of theirs.
    let repeat = call(&mut connect(&server).await, "Execute", &keyed, None).await.await.unwrap();
    let (length, status) = read(repeat).await;
    assert!(length > 12 << 20 && status == "0 ", "{length} {status}");
    drop((unread, client));
    until(&server, |bytes| bytes < 13 * MIB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_unread_answers_do_not_keep_another_one_from_starting() {
    let keys = [ApiKey::generate().unwrap(), ApiKey::generate().unwrap()];
    let access = AuthConfig {
        keys: vec![("one".into(), keys[0].hash()), ("other".into(), keys[1].hash())],
        ..AuthConfig::default()
    };
    let server = Server::start_with(
        |config| {
            config.memory_bytes = BUDGET;
            config.queue_timeout = Duration::from_millis(500);
            config.tenants = vec![config.tenant("one"), config.tenant("other")];
        },
        &access,
    )
    .await;
    let mut client = connect(&server).await;
    let mut unread = Vec::new();
    let refused = loop {
        let response =
            call(&mut client, "Execute", &large("e", 15 << 20), Some(keys[0].reveal())).await.await.unwrap();
        if status(&response) == "8" {
            break unread.len();
        }
        unread.push(response);
    };
    assert!((8..20).contains(&refused), "an eighth of the memory: {refused}");
    // On a connection of its own: those that are unread have used up the window of theirs.
    let mut client = connect(&server).await;
    let other =
        call(&mut client, "Execute", &request("e", "{}"), Some(keys[1].reveal())).await.await.unwrap();
    assert_eq!(read(other).await.1, "0 ", "the other one is answered meanwhile");
}

#[tokio::test]
async fn small_answers_that_nobody_reads_are_counted_once_they_are_many() {
    let server = server().await;
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    // Its window is shut.
    let mut client = h2::client::Builder::new();
    let (mut client, connection) = client.initial_window_size(0).handshake::<_, Bytes>(stream).await.unwrap();
    tokio::spawn(connection);
    let answer = format!("{{\"a\":\"{}\"}}", "x".repeat(1000));
    let mut unread = Vec::new();
    for calls in [10, 90] {
        for _ in 0..calls {
            let response = call(&mut client, "Execute", &request("e", &answer), None).await;
            unread.push(response.await.unwrap());
        }
        if unread.len() == 10 {
            assert_eq!(set_aside(&server), 0, "a client may read a little later");
        }
    }
    // A hundred of some 3 KiB each, of which 64 KiB are free.
    until(&server, |bytes| (128 << 10..400 << 10).contains(&bytes)).await;
    drop((unread, client));
    until(&server, |bytes| bytes == 0).await;
}
