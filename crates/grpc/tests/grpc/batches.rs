//! ExecuteBatch: one program, many inputs, an answer for each.

use crate::support::{Server, request};
use ampoule_api::v1::execute_batch_response::Answer;
use ampoule_api::v1::{ExecuteBatchRequest, ExecuteBatchResponse, ExecuteRequest, File, Status};
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::{Code, Streaming};

fn batch(code: &str, inputs: Vec<String>) -> ExecuteBatchRequest {
    ExecuteBatchRequest {
        request: Some(ExecuteRequest { input_json: String::new(), ..request(code, "") }),
        inputs_json: inputs,
        parallelism: 4,
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{{\"n\":{number}}}")).collect()
}

async fn answers(mut stream: Streaming<ExecuteBatchResponse>) -> BTreeMap<u32, Answer> {
    let mut answers = BTreeMap::new();
    while let Some(ExecuteBatchResponse { index, answer }) = stream.message().await.unwrap() {
        assert!(answers.insert(index, answer.unwrap()).is_none(), "{index} is answered twice");
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn every_input_has_its_answer() {
    let server = Server::start(|_| {}).await;
    let stream = server.client().await.execute_batch(batch("e", numbered(50))).await.unwrap().into_inner();
    let answers = answers(stream).await;
    assert_eq!(answers.len(), 50);
    for (index, answer) in answers {
        let Answer::Outcome(outcome) = answer else { panic!("{index}: {answer:?}") };
        assert_eq!(outcome.result_json, format!("{{\"n\":{index}}}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_item_ends_no_other() {
    let server = Server::start(|_| {}).await;
    let mut inputs = numbered(20);
    inputs[3] = "[1]".into();
    inputs[7] = "{".into();
    let stream = server.client().await.execute_batch(batch("f", inputs)).await.unwrap().into_inner();
    for (index, answer) in answers(stream).await {
        match answer {
            Answer::Refusal(refusal) => {
                assert!([3, 7].contains(&index));
                assert_eq!(refusal.code, Code::InvalidArgument as u32);
                assert!(refusal.message.starts_with("input_json is not a JSON object"), "{refusal:?}");
            }
            Answer::Outcome(outcome) => {
                assert_eq!(outcome.status(), Status::Raised);
                assert_eq!(outcome.failure.unwrap().message, format!("{{\"n\":{index}}}"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_run_at_a_time_than_asked_for_or_than_the_tenant_has_slots() {
    for (parallelism, slots, expected) in
        [(3, 8, 3), (100, 2, 2), (0, 8, ampoule_service::ServiceConfig::default().engine.seats.min(8))]
    {
        let server = Server::start(|config| config.engine.slots = slots).await;
        let asked = ExecuteBatchRequest { parallelism, ..batch("s", numbered(20)) };
        let stream = server.client().await.execute_batch(asked).await.unwrap();
        server.until_running(expected).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!((server.service.running(), server.service.waiting()), (expected, 0));
        drop(stream);
        server.until_running(0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_wait_for_room_rather_than_being_refused() {
    let server = Server::start(|config| {
        config.engine.slots = 2;
        config.queue = 0;
    })
    .await;
    let client = server.client().await;
    let blocker = tokio::spawn({
        let mut client = client.clone();
        async move { client.execute(request("s", "")).await }
    });
    server.until_running(1).await;
    let mut client = client.clone();
    let stream = client.execute_batch(batch("e", numbered(20))).await.unwrap().into_inner();
    let answers = answers(stream).await;
    assert!(answers.values().all(|answer| matches!(answer, Answer::Outcome(_))), "{answers:?}");
    blocker.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_was_accepted_is_finished_while_the_server_drains() {
    let mut server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let mut stream = client.execute_batch(batch("b", numbered(40))).await.unwrap().into_inner();
    stream.message().await.unwrap().unwrap();
    server.drain();
    let answers = answers(stream).await;
    assert_eq!(answers.len(), 39);
    assert!(answers.values().all(|answer| matches!(answer, Answer::Outcome(_))), "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_would_be_cut_off_at_the_end_of_a_drain_are_refused_one_by_one() {
    let second = Duration::from_secs(1);
    let mut server = Server::start(|config| {
        config.caps.wall_time = second;
        config.defaults.wall_time = second;
    })
    .await;
    let asked = ExecuteBatchRequest { parallelism: 1, ..batch("s", numbered(20)) };
    let stream = server.client().await.execute_batch(asked).await.unwrap().into_inner();
    server.until_running(1).await;
    server.drain();
    let answers = answers(stream).await;
    assert_eq!(answers.len(), 20);
    for (index, answer) in answers {
        match answer {
            Answer::Outcome(outcome) => assert_eq!((index, outcome.status()), (0, Status::TimedOut)),
            Answer::Refusal(refusal) => {
                assert!(index > 0);
                assert_eq!(
                    (refusal.code, refusal.message.as_str()),
                    (Code::Unavailable as u32, "the server is shutting down: try another one")
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_large_request_few_copies_are_made_at_a_time() {
    let server = Server::start(|config| config.engine.slots = 64).await;
    let files = vec![File { path: "f".into(), content: vec![7; 1 << 20] }];
    let large = ExecuteRequest { files, ..request("s", "") };
    let asked = ExecuteBatchRequest { request: Some(large), parallelism: 60, ..batch("s", numbered(60)) };
    let stream = server.client().await.execute_batch(asked).await.unwrap();
    let most = 2 * ampoule_service::ServiceConfig::default().engine.seats;
    server.until_running(most).await;
    assert_eq!((server.service.running(), server.service.waiting()), (most, 0));
    drop(stream);
    server.until_running(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_all_of_it_is_the_calls_status() {
    let server = Server::start(|_| {}).await;
    let mut client = server.client().await;
    let with_input = ExecuteBatchRequest { request: Some(request("e", "{}")), ..batch("e", numbered(1)) };
    let cases = [
        (
            ExecuteBatchRequest { request: None, ..batch("e", numbered(1)) },
            "request is missing: give a program",
        ),
        (with_input, "request.input_json is not empty: a batch's inputs are in inputs_json"),
        (
            batch("e", vec!["{}".into(); 10_001]),
            "inputs_json has 10001 inputs, a batch takes 10000: send several",
        ),
        (
            batch("e", vec![format!("{{\"a\":\"{}\"}}", "x".repeat(9 << 20)); 2]),
            "inputs_json takes 18874384 bytes together, the server's cap is 16777216: send several batches",
        ),
    ];
    for (asked, said) in cases {
        let refusal = client.execute_batch(asked).await.unwrap_err();
        assert_eq!((refusal.code(), refusal.message()), (Code::InvalidArgument, said));
    }
    let none = client.execute_batch(batch("e", Vec::new())).await.unwrap().into_inner();
    assert!(answers(none).await.is_empty());
}
