//! ExecuteStream: what is printed comes while the program runs, then how it ended.

use crate::support::{Server, request};
use ampoule_api::v1::execute_stream_response::Event;
use ampoule_api::v1::{ExecuteRequest, Limits, Status};
use std::time::{Duration, Instant};
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_comes_before_the_end_and_is_not_sent_twice() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let started = Instant::now();
    let mut stream = client.execute_stream(request("o", "{\"n\":1}")).await.unwrap().into_inner();
    let mut events = Vec::new();
    let mut came = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        events.push(message.event.unwrap());
        came.push(started.elapsed());
    }
    let [Event::Stdout(out), Event::Stderr(err), Event::Outcome(outcome)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!((out.as_str(), err.as_str()), ("{\"n\":1}", "{\"n\":1}"));
    assert_eq!(outcome.status(), Status::Completed);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
    assert_eq!(outcome.usage.as_ref().unwrap().output_bytes, 14);
    // The program sleeps for 300 ms between the two.
    assert!(came[1] - came[0] > Duration::from_millis(200), "{came:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn output_beyond_the_limit_ends_the_stream_with_that_outcome() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let limits = Some(Limits { output_bytes: 4, ..Limits::default() });
    let asked = ExecuteRequest { limits, ..request("p", "{\"n\":1}") };
    let mut stream = client.execute_stream(asked).await.unwrap().into_inner();
    let first = stream.message().await.unwrap().unwrap().event.unwrap();
    assert_eq!(first, Event::Stdout("{\"n\"".into()));
    let Some(Event::Outcome(outcome)) = stream.message().await.unwrap().unwrap().event else {
        panic!("no outcome")
    };
    assert_eq!(outcome.status(), Status::OutputLimit);
    assert!(outcome.stdout_truncated && stream.message().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_ends_its_stream_with_the_status() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    for (asked, said) in [
        (request("e", "[]"), "input_json is not a JSON object"),
        (ExecuteRequest::default(), "source is missing"),
    ] {
        let mut stream = client.execute_stream(asked).await.unwrap().into_inner();
        let refusal = stream.message().await.unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument);
        assert!(refusal.message().starts_with(said), "{refusal:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_dropped_or_late_frees_its_slot() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    for code in ["l", "s"] {
        let stream = client.execute_stream(request(code, "")).await.unwrap();
        server.until_running(1).await;
        drop(stream);
        server.until_running(0).await;
    }
    let mut asked = tonic::Request::new(request("l", ""));
    asked.metadata_mut().insert("grpc-timeout", "100m".parse().unwrap());
    let mut stream = client.execute_stream(asked).await.unwrap().into_inner();
    let refusal = stream.message().await.unwrap_err();
    assert!(matches!(refusal.code(), Code::DeadlineExceeded | Code::Cancelled), "{refusal:?}");
    server.until_running(0).await;
}
