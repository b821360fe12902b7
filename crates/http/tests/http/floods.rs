//! Callers that send thousands of requests ahead on many connections delay each other and not those who wait
//! for their answers.

use crate::support::Server;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

/// Of the flood.
const CONNECTIONS: usize = 400;
const REQUESTS: usize = 400;

/// A request that is answered without authentication.
const REQUEST: &str = "GET /v1/nothing HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// How many answers have come on a connection.
fn answers(connection: &mut TcpStream) -> usize {
    let (mut answers, mut text) = (0, vec![0; 1 << 20]);
    loop {
        match connection.read(&mut text) {
            Ok(0) => return answers,
            Ok(length) => answers += text[..length].windows(9).filter(|part| part == b"HTTP/1.1 ").count(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return answers,
            Err(error) => panic!("{error}"),
        }
    }
}

/// As `ampoule serve` has it: sockets are looked at after a few polls.
fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).event_interval(8).global_queue_interval(8).enable_all().build().unwrap()
}

#[test]
fn a_flood_of_strangers_is_a_few_polls_ahead_of_a_caller_that_is_let_in() {
    runtime().block_on(flood_beside_calls());
}

async fn flood_beside_calls() {
    let server = Server::start(|_| {}).await;
    let call = json!({ "source": { "language": "python", "code": "e" }, "input": { "a": 1 } });
    // Its connection is known from here on, and kept.
    assert_eq!(server.execute(&call).await.status, 200);
    let ahead = REQUEST.repeat(REQUESTS);
    let mut flood: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| {
            let mut connection = TcpStream::connect(&server.address).unwrap();
            connection.write_all(ahead.as_bytes()).unwrap();
            connection.set_nonblocking(true).unwrap();
            connection
        })
        .collect();
    // During a call, how many connections of the flood had a turn. In the order of arrival it would be all of
    // them, several times.
    let (mut least, mut total) = (CONNECTIONS, 0);
    for _ in 0..5 {
        total += flood.iter_mut().map(answers).sum::<usize>();
        assert_eq!(server.execute(&call).await.status, 200);
        let during: Vec<usize> = flood.iter_mut().map(answers).collect();
        total += during.iter().sum::<usize>();
        least = least.min(during.iter().filter(|answers| **answers > 0).count());
    }
    assert!(total < CONNECTIONS * REQUESTS, "the flood was over too early to show anything");
    assert!(least < CONNECTIONS * 3 / 4, "{least} connections of the flood had a turn within one call");
}
