//! An `ExecuteResponse` as it is sent over gRPC: its large texts and files are those of the outcome itself,
//! shared and not copied.

use crate::pieces::{COPIED, Pieces, PiecesBuilder, part_of};
use crate::{execution_to_proto, v1};
use ampoule_model::{Failure, File, Outcome};
use bytes::Bytes;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use std::sync::Arc;

/// Picks a text out of an outcome.
type Pick = fn(&Outcome) -> &[u8];

/// A field that may be large.
struct Field {
    number: u32,
    pick: Pick,
}

const TEXTS: [Field; 3] = [
    Field { number: 2, pick: |outcome| outcome.result_json.as_bytes() },
    Field { number: 3, pick: |outcome| outcome.stdout.as_bytes() },
    Field { number: 4, pick: |outcome| outcome.stderr.as_bytes() },
];

const FAILURE: u32 = 7;
const FAILURE_TEXTS: [Field; 3] = [
    Field { number: 1, pick: |outcome| failure_text(outcome, |failure| &failure.kind) },
    Field { number: 2, pick: |outcome| failure_text(outcome, |failure| &failure.message) },
    Field { number: 3, pick: |outcome| failure_text(outcome, |failure| &failure.traceback) },
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
}

/// What stands before so many bytes of a field.
fn key(number: u32, length: usize) -> Vec<u8> {
    let mut key = Vec::with_capacity(8);
    encode_key(number, WireType::LengthDelimited, &mut key);
    encode_varint(length as u64, &mut key);
    key
}
