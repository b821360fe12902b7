//! Calls that end before their executions do, and servers that end before their calls.

use crate::support::{Server, request};
use ampoule_api::v1::{ExecuteRequest, Limits, Status};
use std::time::{Duration, Instant};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// Soon: far less than what the executions here would take, so they were stopped and did not end by
/// themselves.
const SOON: Duration = Duration::from_secs(3);

fn with_wall_time(code: &str, milliseconds: i32) -> ExecuteRequest {
    let wall_time = Some(ampoule_api::Duration { seconds: 0, nanos: milliseconds * 1_000_000 });
    ExecuteRequest { limits: Some(Limits { wall_time, ..Limits::default() }), ..request(code, "") }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_frees_its_slot() {
    let server = Server::start(|_| {}).await;
    for code in ["l", "s", "w"] {
        let mut client = server.client().await;
        let call = tokio::spawn(async move { client.execute(request(code, "")).await });
        server.until_running(1).await;
        call.abort();
        let freed = server.until_running(0).await;
        assert!(freed < SOON, "{code}: {freed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_frees_its_slots() {
    let server = Server::start(|_| {}).await;
    // A runtime of its own: its end closes the connection without a goodbye.
    let url = server.url.clone();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let client = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = ampoule_api::v1::execution_service_client::ExecutionServiceClient::connect(url)
                .await
                .unwrap();
            for _ in 0..4 {
                let mut client = client.clone();
                tokio::spawn(async move { client.execute(request("l", "")).await });
            }
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    });
    server.until_running(4).await;
    stop.send(()).unwrap();
    client.join().unwrap();
    let freed = server.until_running(0).await;
    assert!(freed < SOON, "{freed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes_stops_its_execution() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    for code in ["l", "s"] {
        let mut call = tonic::Request::new(request(code, ""));
        call.metadata_mut().insert("grpc-timeout", "100m".parse().unwrap());
        let started = Instant::now();
        let refusal = client.execute(call).await.unwrap_err();
        let took = started.elapsed();
        // tonic's client watches the deadline too; whoever is first ends the call, and the client says
        // CANCELLED.
        assert!(matches!(refusal.code(), Code::DeadlineExceeded | Code::Cancelled), "{refusal:?}");
        assert!(took < Duration::from_millis(100) + SOON, "{took:?}");
        assert!(server.until_running(0).await < SOON);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_told() {
    let server = Server::start(|config| {
        config.engine.slots = 1;
        config.queue = 0;
    })
    .await;
    let mut client = server.client().await;
    let mut other = client.clone();
    let running = tokio::spawn(async move { other.execute(with_wall_time("l", 300)).await });
    server.until_running(1).await;
    let refusal = client.execute(request("e", "{}")).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    assert_eq!(
        refusal.message(),
        "the queue is full: 1 executions run and 0 requests wait already: try again in 100 ms"
    );
    assert_eq!(running.await.unwrap().unwrap().into_inner().status(), Status::TimedOut);
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_answers_what_is_in_flight_and_takes_nothing_new() {
    let mut server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let mut health = HealthClient::new(server.channel().await);
    let check = |service: &str| HealthCheckRequest { service: service.into() };
    for name in ["", "ampoule.v1.ExecutionService", "ampoule.v1.RuntimeService"] {
        let answer = health.check(check(name)).await.unwrap().into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{name}");
    }
    let mut watch = health.watch(check("ampoule.v1.ExecutionService")).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let mut other = client.clone();
    let in_flight = tokio::spawn(async move { other.execute(with_wall_time("l", 500)).await });
    server.until_running(1).await;
    server.drain();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop((watch, health));
    let refusal = client.execute(request("e", "{}")).await.unwrap_err();
    // The connection was told to go away, so the call may end in the client before the server can refuse it.
    let went_away = format!("{refusal:?}").contains("GoAway(b\"\", NO_ERROR, Remote)");
    assert!(matches!(refusal.code(), Code::Unavailable | Code::Cancelled) || went_away, "{refusal:?}");
    assert_eq!(in_flight.await.unwrap().unwrap().into_inner().status(), Status::TimedOut);
    let url = server.url.clone();
    tokio::time::timeout(Duration::from_secs(2), server.ended()).await.expect("it ends when all is answered");
    let address = url.strip_prefix("http://").unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "the port is closed");
}
