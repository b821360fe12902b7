//! Callers that send thousands of requests ahead on many connections delay each other and not those who wait for their answers.

use crate::support::Server;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

/// Of the flood.
const CONNECTIONS: usize = 200;
const REQUESTS: usize = 400;

/// One after the other, beside the flood.
const CALLS: usize = 10;

/// A request that nobody needs a key for.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_strangers_is_a_few_polls_ahead_of_a_caller_that_is_let_in() {
    let server = Server::start(|_| {}).await;
    let call = json!({ "source": { "language": "python", "code": "e" }, "input": 1 });
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
    let mut answered = || flood.iter_mut().map(answers).sum::<usize>();
    let before = answered();
    for _ in 0..CALLS {
        assert_eq!(server.execute(&call).await.status, 200);
    }
    let during = answered();
    let total = CONNECTIONS * REQUESTS;
    assert!(before + during < total, "the flood was over too early to show anything");
    // In the order of arrival, each poll of a call would be behind 16 requests of each of the 200 connections: 32,000 for ten calls.
    assert!(during < total / 8, "{during} of {total} answers to the flood beside {CALLS} calls");
}
