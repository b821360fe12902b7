//! A server that is told to end, or killed, while clients keep it busy.

use crate::server::{TestEnvironment, ended, lines};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Calls that loop until their wall time is over, under way when the signal comes.
const LONG: usize = 24;

/// Clients that send short calls one after the other.
const BUSY: usize = 6;

/// Sends short calls until the server takes no more; how many were answered by their result.
fn keep_busy(house: &TestEnvironment) -> usize {
    let mut answered = 0;
    // A connection that was never accepted is reset or refused.
    while let Ok(answer) = house.execute("b", "5s") {
        if answer.contains("STATUS_COMPLETED") {
            answered += 1;
        } else {
            assert!(answer.is_empty() || answer.contains("shutting down"), "{answer}");
        }
    }
    answered
}

#[test]
fn sigterm_under_load_answers_every_request_that_was_accepted() {
    let house = Arc::new(TestEnvironment::new());
    let server = house.start(&mut house.serve());
    std::fs::write(house.path("loop.py"), "l").unwrap();
    let long: Vec<_> = (0..LONG)
        .map(|_| {
            let house = Arc::clone(&house);
            thread::spawn(move || house.execute("l", "1.5s").unwrap())
        })
        .collect();
    let url = format!("http://{}", house.grpc);
    let grpc: Vec<_> = (0..4)
        .map(|_| {
            let mut run = house.ampoule(&["run", "--addr", &url, "loop.py", "--timeout", "1500ms"]);
            run.stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    house.wait_until_running(LONG + 4);
    let busy: Vec<_> = (0..BUSY)
        .map(|_| {
            let house = Arc::clone(&house);
            thread::spawn(move || keep_busy(&house))
        })
        .collect();
    // So long that some of theirs are answered, whatever else the machine does.
    while !lines(&server.log()).iter().any(|line| ended(line, "completed")) {
        thread::sleep(Duration::from_millis(10));
    }
    server.signal("-TERM");
    for answer in long {
        assert!(answer.join().unwrap().contains("STATUS_TIMED_OUT"), "a long call was not answered");
    }
    for mut run in grpc {
        assert_eq!(run.wait().unwrap().code(), Some(3), "it was answered that its wall time is over");
    }
    let answered: usize = busy.into_iter().map(|client| client.join().unwrap()).sum();
    let log = server.log();
    assert_eq!(server.wait(), Some(0));
    let log = lines(&log);
    let count = |status: &str| log.iter().filter(|line| ended(line, status)).count();
    assert!(answered > 0, "nothing short was answered before the signal");
    assert_eq!(count("completed"), answered, "what was executed was answered");
    assert_eq!(count("timed_out"), LONG + 4);
    let draining = log.iter().find(|line| line["message"] == "draining").expect("it drained");
    assert!(draining["running"].as_u64() >= Some(LONG as u64), "{draining}");
}

#[test]
fn after_a_kill_under_load_the_next_server_serves_on_the_same_port() {
    let house = Arc::new(TestEnvironment::new());
    let server = house.start(&mut house.serve());
    let clients: Vec<_> = (0..16)
        .map(|index| {
            let house = Arc::clone(&house);
            thread::spawn(move || {
                // Until the connection breaks.
                while house
                    .execute(if index % 2 == 0 { "l" } else { "b" }, "5s")
                    .is_ok_and(|answer| !answer.is_empty())
                {}
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(500));
    server.signal("-KILL");
    assert_eq!(server.wait(), None);
    let next = house.start(&mut house.serve());
    let answer = house.execute("e", "5s").unwrap();
    assert!(answer.contains("STATUS_COMPLETED"), "{answer}");
    next.signal("-KILL");
    for client in clients {
        client.join().unwrap();
    }
}
