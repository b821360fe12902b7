//! An answer is the same over gRPC and in JSON, however large it is.

use crate::pieces::COPIED;
use crate::{Pieces, ResultForm, answer_to_grpc, answer_to_json, execution_to_proto, v1};
use ampoule_model::{Failure, File, Outcome, Status, Usage};
use prost::Message;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

struct Answer(Outcome);

impl AsRef<Outcome> for Answer {
    fn as_ref(&self) -> &Outcome {
        &self.0
    }
}

fn outcome(size: usize) -> Outcome {
    let text = |character: &str| character.repeat(size);
    let file = |path: &str| File { path: path.into(), content: text("\u{0}z").into_bytes() };
    let failure =
        Failure { kind: text("K"), message: text("m\n"), traceback: text("\u{e9}\""), line: 3, column: 0 };
    Outcome {
        status: Status::Raised,
        result_json: format!("[\n1.10, \"{}\\n\"]", text("x")),
        stdout: text("\0\u{1f600}"),
        stderr: text("\\"),
        stdout_truncated: true,
        stderr_truncated: false,
        failure: Some(failure),
        files: vec![file("out/a"), file("out/\u{e9}\"")],
        usage: Usage { fuel: 7, wall_time: Duration::from_micros(38), ..Usage::default() },
    }
}

fn joined(mut pieces: Pieces) -> Vec<u8> {
    std::iter::from_fn(|| pieces.next_piece()).flatten().collect()
}

fn json(outcome: Outcome, form: ResultForm) -> Vec<u8> {
    joined(answer_to_json(&Arc::new(Answer(outcome)), "digest", "version", form))
}

#[test]
fn what_is_sent_in_pieces_is_the_answer() {
    for size in [0, 1, COPIED / 2, COPIED, COPIED + 1, 100_000] {
        let outcome = outcome(size);
        let expected = execution_to_proto(outcome.clone(), "digest", "version");
        let answer = Arc::new(Answer(outcome.clone()));
        let sent = joined(answer_to_grpc(&answer, "digest", "version"));
        assert_eq!(sent[0], 0);
        assert_eq!(sent[1..5], (sent.len() as u32 - 5).to_be_bytes());
        assert!(v1::ExecuteResponse::decode(&sent[5..]).unwrap() == expected, "proto of {size}");
        let sent = json(outcome.clone(), ResultForm::Text);
        let read: v1::ExecuteResponse = serde_json::from_slice(&sent).unwrap();
        assert!(read == expected, "JSON of {size}");
        // But for the result, byte by byte what the message's own JSON is.
        let own = serde_json::to_vec(&expected).unwrap();
        assert!(sent == own, "JSON of {size}");
        let sent = json(outcome.clone(), ResultForm::Value);
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(&sent).unwrap();
        let expected = outcome.result_json.replace('\n', " ");
        assert!(members["result"].get() == expected, "result of {size}");
        assert!(!members.contains_key("resultJson") && !sent.contains(&b'\n'), "the result is sent once");
    }
}

#[test]
fn what_is_empty_is_there() {
    let outcome = Outcome {
        status: Status::TimedOut,
        result_json: String::new(),
        stdout: String::new(),
        stderr: String::new(),
        stdout_truncated: false,
        stderr_truncated: false,
        failure: None,
        files: Vec::new(),
        usage: Usage::default(),
    };
    let sent = joined(answer_to_json(&Arc::new(Answer(outcome.clone())), "", "", ResultForm::Value));
    let zero = "0s";
    let expected = serde_json::json!({
        "status": "STATUS_TIMED_OUT", "result": null, "stdout": "", "stderr": "", "stdoutTruncated": false,
        "stderrTruncated": false, "failure": null, "files": [],
        "usage": {
            "fuel": "0", "wallTime": zero, "cpuTime": zero, "peakMemoryBytes": "0", "outputBytes": "0",
            "queueTime": zero, "sleepTime": zero, "waitTime": zero,
        },
        "imageDigest": "", "functionVersion": "",
    });
    assert_eq!(serde_json::from_slice::<Value>(&sent).unwrap(), expected);
    let text: Value = serde_json::from_slice(&json(outcome, ResultForm::Text)).unwrap();
    assert_eq!((&text["resultJson"], text.get("result")), (&"".into(), None));
}

#[test]
fn a_small_answer_is_one_piece() {
    let answer = Arc::new(Answer(outcome(10)));
    assert!(answer_to_grpc(&answer, "", "").whole().is_some());
    for form in [ResultForm::Value, ResultForm::Text] {
        assert!(answer_to_json(&answer, "", "", form).whole().is_some());
    }
    let large = Arc::new(Answer(outcome(COPIED + 1)));
    assert!(answer_to_grpc(&large, "", "").whole().is_none());
    assert!(answer_to_json(&large, "", "", ResultForm::Value).whole().is_none());
}
