//! Connections end when their clients are gone without a word, and when they have grown old; no call is lost
//! by that.

use crate::support::{Server, request};
use ampoule_auth::AuthConfig;
use ampoule_connection::{ConnectionLimits, Connections, Listener, Protocol};
use bytes::Bytes;
use h2::client::{Connection, SendRequest};
use http::Request;
use prost::Message;
use std::time::Duration;
use tokio::net::TcpStream;

/// How soon what has to happen happens; the machine may be busy.
const SOON: Duration = Duration::from_secs(10);

async fn server(change: impl FnOnce(&mut ConnectionLimits)) -> Server {
    let mut limits = ConnectionLimits::default();
    change(&mut limits);
    Server::start_listening(
        &AuthConfig::default(),
        |_| {},
        |listener| Listener::plain(listener, Protocol::Http2).within(&Connections::new(limits), "grpc"),
    )
    .await
}

/// A connection that does nothing unless it is polled: not even answer pings.
async fn connect(server: &Server) -> (SendRequest<Bytes>, Connection<TcpStream>) {
    let stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    h2::client::handshake(stream).await.unwrap()
}

/// Begins a call of a program of the tiny guest.
fn call(client: &mut SendRequest<Bytes>, code: &str) -> h2::client::ResponseFuture {
    let head = Request::post("http://localhost/ampoule.v1.ExecutionService/Execute")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let message = request(code, "{}").encode_to_vec();
    let length = (message.len() as u32).to_be_bytes();
    let (response, mut sender) = client.send_request(head, false).unwrap();
    sender.send_data([&[0], &length[..], &message].concat().into(), true).unwrap();
    response
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_answer_pings_is_gone() {
    let server = server(|limits| {
        limits.keepalive_interval = Duration::from_millis(100);
        limits.keepalive_timeout = Duration::from_millis(100);
    })
    .await;
    let (client, mut connection) = connect(&server).await;
    let mut client = client.ready().await.unwrap();
    let _answer = call(&mut client, "l");
    // As long as it is polled it answers them.
    tokio::select! {
        ended = &mut connection => panic!("{ended:?}"),
        _ = server.until_running(1) => {}
    }
    tokio::select! {
        ended = &mut connection => panic!("{ended:?}"),
        () = tokio::time::sleep(Duration::from_secs(1)) => assert_eq!(server.service.running(), 1),
    }
    // Its program would run for ten seconds.
    let freed = server.until_running(0).await;
    assert!(freed < Duration::from_secs(8), "{freed:?}");
    drop(connection);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_connection_takes_no_more_calls_and_loses_none() {
    let server = server(|limits| limits.max_age = Some(Duration::from_millis(200))).await;
    let (client, mut connection) = connect(&server).await;
    let mut client = client.ready().await.unwrap();
    // It sleeps longer than its connection may grow old.
    let answer = call(&mut client, "s");
    let mut slow = call(&mut client, "o");
    tokio::select! {
        ended = &mut connection => panic!("{ended:?}"),
        response = &mut slow => assert_eq!(response.unwrap().headers().get("grpc-status"), None),
    }
    let connection = tokio::spawn(connection);
    let more = tokio::time::timeout(SOON, async {
        loop {
            let mut next = match client.clone().ready().await {
                Ok(next) => next,
                Err(_) => return,
            };
            let head =
                Request::post("http://localhost/ampoule.v1.RuntimeService/ListImages").body(()).unwrap();
            if next.send_request(head, true).is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    more.await.expect("it takes calls for ever");
    assert_eq!(server.service.running(), 1, "the call that is in progress goes on");
    assert!(!connection.is_finished());
    let answered = tokio::time::timeout(2 * SOON, answer).await.expect("it is answered").unwrap();
    assert_eq!(answered.headers().get("grpc-status"), None);
    drop((answered, client));
    let ended = tokio::time::timeout(SOON, connection).await.expect("then the connection ends").unwrap();
    ended.unwrap();
    // A client that makes a new connection is served.
    server.client().await.execute(request("e", "{}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lasts_longer_than_the_grace_is_cut_off() {
    let server = server(|limits| {
        limits.max_age = Some(Duration::from_millis(200));
        limits.max_age_grace = Some(Duration::from_millis(200));
    })
    .await;
    let (client, connection) = connect(&server).await;
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let answer = call(&mut client, "l");
    server.until_running(1).await;
    let cut_off = tokio::time::timeout(Duration::from_secs(8), answer).await.expect("it is not");
    assert!(cut_off.is_err(), "{cut_off:?}");
    server.until_running(0).await;
    let _ = connection.await;
}
