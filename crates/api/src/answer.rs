//! An `ExecuteResponse` as it is sent, in proto and in JSON: its large texts and files are those of the outcome itself, shared
//! and not copied.

use crate::pieces::{COPIED, Pieces, PiecesBuilder, part_of};
use crate::{execution_to_proto, v1};
use ampoule_world::{Failure, File, Outcome};
use bytes::Bytes;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use std::sync::Arc;

/// Picks a text out of an outcome.
type Pick = fn(&Outcome) -> &[u8];

/// A field that may be large: its number in proto, its name in JSON.
struct Field {
    number: u32,
    name: &'static str,
    pick: Pick,
}

const TEXTS: [Field; 3] = [
    Field { number: 2, name: "resultJson", pick: |outcome| outcome.result_json.as_bytes() },
    Field { number: 3, name: "stdout", pick: |outcome| outcome.stdout.as_bytes() },
    Field { number: 4, name: "stderr", pick: |outcome| outcome.stderr.as_bytes() },
];

const FAILURE: u32 = 7;
const FAILURE_NAME: &str = "failure";
const FAILURE_TEXTS: [Field; 3] = [
    Field { number: 1, name: "type", pick: |outcome| failure_text(outcome, |failure| &failure.kind) },
    Field { number: 2, name: "message", pick: |outcome| failure_text(outcome, |failure| &failure.message) },
    Field {
        number: 3,
        name: "traceback",
        pick: |outcome| failure_text(outcome, |failure| &failure.traceback),
    },
];

const FILES: u32 = 8;
const PATH: u32 = 1;
const CONTENT: u32 = 2;

fn failure_text(outcome: &Outcome, pick: fn(&Failure) -> &String) -> &[u8] {
    outcome.failure.as_ref().map_or(&[], |failure| pick(failure).as_bytes())
}

/// The parts of an answer: what is small as a message, and what is not.
struct Parts<T> {
    answer: Arc<T>,
    head: v1::ExecuteResponse,
    /// What of the failure is small, where some of it is not.
    failure: Option<v1::Failure>,
    files: bool,
}

/// The answer as a message of gRPC, with its prefix.
pub fn answer_to_grpc<T>(answer: &Arc<T>, image_digest: &str, function_version: &str) -> Pieces
where
    T: AsRef<Outcome> + Send + Sync + 'static,
{
    let parts = Parts::of(answer, image_digest, function_version);
    let mut message = PiecesBuilder::default();
    message.plain(&parts.head.encode_to_vec());
    for field in &TEXTS {
        parts.put(&mut message, field);
    }
    if let Some(small) = &parts.failure {
        let mut failure = PiecesBuilder::default();
        failure.plain(&small.encode_to_vec());
        for field in &FAILURE_TEXTS {
            parts.put(&mut failure, field);
        }
        message.plain(&key(FAILURE, failure.len()));
        message.append(failure);
    }
    for (index, file) in parts.large_files().iter().enumerate() {
        let mut inner = PiecesBuilder::default();
        inner.plain(&key(PATH, file.path.len()));
        inner.plain(file.path.as_bytes());
        inner.plain(&key(CONTENT, file.content.len()));
        inner.shared(parts.content(index));
        message.plain(&key(FILES, inner.len()));
        message.append(inner);
    }
    // Below 4 GiB, as the limits of its texts are.
    let [a, b, c, d] = (message.len() as u32).to_be_bytes();
    let mut pieces = message.finish();
    let not_compressed = 0;
    pieces.begin_with(&[not_compressed, a, b, c, d]);
    pieces
}

/// The answer in the canonical JSON form of proto.
pub fn answer_to_json<T>(
    answer: &Arc<T>,
    image_digest: &str,
    function_version: &str,
) -> serde_json::Result<Pieces>
where
    T: AsRef<Outcome> + Send + Sync + 'static,
{
    let parts = Parts::of(answer, image_digest, function_version);
    let mut text = PiecesBuilder::default();
    open(&mut text, &serde_json::to_vec(&parts.head)?);
    for field in &TEXTS {
        parts.put_json(&mut text, field);
    }
    if let Some(small) = &parts.failure {
        text.plain(format!(",\"{FAILURE_NAME}\":").as_bytes());
        open(&mut text, &serde_json::to_vec(small)?);
        for field in &FAILURE_TEXTS {
            parts.put_json(&mut text, field);
        }
        text.plain(b"}");
    }
    for (index, file) in parts.large_files().iter().enumerate() {
        text.plain(if index == 0 { b",\"files\":[{\"path\":" } else { b",{\"path\":" });
        text.plain(&serde_json::to_vec(&file.path)?);
        text.plain(b",\"content\":\"");
        text.base64(parts.content(index));
        text.plain(b"\"}");
    }
    if parts.files {
        text.plain(b"]");
    }
    text.plain(b"}");
    Ok(text.finish())
}

/// An object without its end.
fn open(text: &mut PiecesBuilder, object: &[u8]) {
    text.plain(object.strip_suffix(b"}").unwrap_or(object));
}

impl<T> Parts<T>
where
    T: AsRef<Outcome> + Send + Sync + 'static,
{
    fn of(answer: &Arc<T>, image_digest: &str, function_version: &str) -> Self {
        let outcome = (**answer).as_ref();
        let small = |text: &String| if text.len() <= COPIED { text.clone() } else { String::new() };
        let large_failure = FAILURE_TEXTS.iter().any(|field| (field.pick)(outcome).len() > COPIED);
        let size = |file: &File| file.path.len() + file.content.len();
        let large_files = outcome.files.iter().map(size).sum::<usize>() > COPIED;
        let failure = outcome.failure.as_ref().map(|failure| Failure {
            kind: small(&failure.kind),
            message: small(&failure.message),
            traceback: small(&failure.traceback),
            ..*failure
        });
        let mut head = execution_to_proto(
            Outcome {
                status: outcome.status,
                result_json: small(&outcome.result_json),
                stdout: small(&outcome.stdout),
                stderr: small(&outcome.stderr),
                stdout_truncated: outcome.stdout_truncated,
                stderr_truncated: outcome.stderr_truncated,
                failure,
                files: if large_files { Vec::new() } else { outcome.files.clone() },
                usage: outcome.usage,
            },
            image_digest,
            function_version,
        );
        let failure = if large_failure { head.failure.take() } else { None };
        Parts { answer: Arc::clone(answer), head, failure, files: large_files }
    }

    fn outcome(&self) -> &Outcome {
        (*self.answer).as_ref()
    }

    fn large_files(&self) -> &[File] {
        if self.files { &self.outcome().files } else { &[] }
    }

    fn content(&self, index: usize) -> Bytes {
        part_of(&self.answer, move |answer| &answer.as_ref().files[index].content)
    }

    /// The field's text, if it is not in the head.
    fn large(&self, field: &Field) -> Option<Bytes> {
        let pick = field.pick;
        let large = pick(self.outcome()).len() > COPIED;
        large.then(|| part_of(&self.answer, move |answer| pick(answer.as_ref())))
    }

    fn put(&self, message: &mut PiecesBuilder, field: &Field) {
        if let Some(text) = self.large(field) {
            message.plain(&key(field.number, text.len()));
            message.shared(text);
        }
    }

    fn put_json(&self, json: &mut PiecesBuilder, field: &Field) {
        if let Some(text) = self.large(field) {
            let comma = if json.ends_with(b'{') { "" } else { "," };
            json.plain(format!("{comma}\"{}\":\"", field.name).as_bytes());
            json.text(text);
            json.plain(b"\"");
        }
    }
}

/// What stands before so many bytes of a field.
fn key(number: u32, length: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(8);
    encode_key(number, WireType::LengthDelimited, &mut key);
    encode_varint(length as u64, &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampoule_world::{Status, Usage};

    struct Answer(Outcome);

    impl AsRef<Outcome> for Answer {
        fn as_ref(&self) -> &Outcome {
            &self.0
        }
    }

    fn outcome(size: usize) -> Outcome {
        let text = |character: &str| character.repeat(size);
        let file = |path: &str| File { path: path.into(), content: text("\u{0}z").into_bytes() };
        let failure = Failure {
            kind: text("K"),
            message: text("m\n"),
            traceback: text("\u{e9}\""),
            line: 0,
            column: 0,
        };
        Outcome {
            status: Status::Raised,
            result_json: text("[\"\"]"),
            stdout: text("\0\u{1f600}"),
            stderr: text("\\"),
            stdout_truncated: true,
            stderr_truncated: false,
            failure: Some(failure),
            files: vec![file("out/a"), file("out/\u{e9}\"")],
            usage: Usage { fuel: 7, ..Usage::default() },
        }
    }

    fn joined(mut pieces: Pieces) -> Vec<u8> {
        std::iter::from_fn(|| pieces.next_piece()).flatten().collect()
    }

    #[test]
    fn what_is_sent_in_pieces_is_the_answer() {
        for size in [0, 1, COPIED / 2, COPIED, COPIED + 1, 100_000] {
            let outcome = outcome(size);
            let expected = execution_to_proto(outcome.clone(), "digest", "version");
            let answer = Arc::new(Answer(outcome));
            let sent = joined(answer_to_grpc(&answer, "digest", "version"));
            assert_eq!(sent[0], 0);
            assert_eq!(sent[1..5], (sent.len() as u32 - 5).to_be_bytes());
            assert!(v1::ExecuteResponse::decode(&sent[5..]).unwrap() == expected, "proto of {size}");
            let sent = joined(answer_to_json(&answer, "digest", "version").unwrap());
            let read: v1::ExecuteResponse = serde_json::from_slice(&sent).unwrap();
            assert!(read == expected, "JSON of {size}");
        }
    }

    #[test]
    fn a_small_answer_is_one_piece() {
        let answer = Arc::new(Answer(outcome(10)));
        assert!(answer_to_grpc(&answer, "", "").whole().is_some());
        assert!(answer_to_json(&answer, "", "").unwrap().whole().is_some());
        assert!(answer_to_grpc(&Arc::new(Answer(outcome(COPIED + 1))), "", "").whole().is_none());
    }
}
