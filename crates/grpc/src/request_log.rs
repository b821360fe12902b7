//! One structured line a request.
//!
//! Lines hold numbers and words of ours only: never source, input, output, file names or error messages of
//! a program, whose owner did not agree to have them in a log.

use crate::status;
use ampoule_service::{Call, Execution, Tenant};
use ampoule_world::{Entry, Language, Request};
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tonic::Status;
use tonic::metadata::MetadataMap;

/// The target of the lines, for filters.
pub const TARGET: &str = "ampoule::request";

/// Carries an id that the caller chose; taken over so that its logs and ours can be joined.
const ID_HEADER: &str = "x-request-id";

/// Longer ids are not ids.
const LONGEST_ID: usize = 64;

/// A line in the making. Dropped before it is finished, it says that the client went away.
pub(crate) struct RequestLine {
    id: String,
    tenant: Tenant,
    started: Instant,
    facts: Option<Facts>,
    finished: bool,
}

#[derive(Clone, Copy)]
struct Facts {
    language: Language,
    entry: Entry,
    bytes_in: usize,
}

impl RequestLine {
    pub(crate) fn start(metadata: &MetadataMap, call: &Call) -> Self {
        let tenant = call.tenant.clone();
        RequestLine { id: id(metadata), tenant, started: Instant::now(), facts: None, finished: false }
    }

    /// The id; also goes back to the caller.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn understood(&mut self, request: &Request) {
        let files: usize = request.files.iter().map(|file| file.content.len()).sum();
        self.facts = Some(Facts {
            language: request.program.language,
            entry: request.program.entry,
            bytes_in: request.program.source.len() + request.input_json.len() + files,
        });
    }

    pub(crate) fn executed(mut self, execution: &Execution) {
        self.finished = true;
        let outcome = &execution.outcome;
        let usage = &outcome.usage;
        let files: usize = outcome.files.iter().map(|file| file.content.len()).sum();
        tracing::info!(
            target: TARGET,
            id = self.id,
            tenant = self.tenant.name(),
            language = self.language(),
            entry = self.entry(),
            status = outcome.status.name(),
            total_us = self.total_us(),
            queue_us = usage.queue_time.as_micros() as u64,
            wall_us = usage.wall_time.as_micros() as u64,
            cpu_us = usage.cpu_time.as_micros() as u64,
            fuel = usage.fuel,
            memory_bytes = usage.peak_memory_bytes,
            bytes_in = self.bytes_in(),
            bytes_out = outcome.result_json.len() as u64 + usage.output_bytes + files as u64,
        );
    }

    /// A batch that came to its end, with so many items that were executed, and that were not.
    pub(crate) fn batch(mut self, executed: usize, refused: usize) {
        self.finished = true;
        tracing::info!(
            target: TARGET,
            id = self.id,
            tenant = self.tenant.name(),
            language = self.language(),
            entry = self.entry(),
            status = "batch",
            executed,
            refused,
            total_us = self.total_us(),
            bytes_in = self.bytes_in(),
        );
    }

    pub(crate) fn refused(mut self, refusal: &Status) {
        self.finished = true;
        self.unexecuted(status::name(refusal.code()));
    }

    fn unexecuted(&self, status: &str) {
        tracing::info!(
            target: TARGET,
            id = self.id,
            tenant = self.tenant.name(),
            language = self.language(),
            entry = self.entry(),
            status,
            total_us = self.total_us(),
            bytes_in = self.bytes_in(),
        );
    }

    fn language(&self) -> &'static str {
        self.facts.map_or("", |facts| facts.language.name())
    }

    fn entry(&self) -> &'static str {
        self.facts.map_or("", |facts| facts.entry.name())
    }

    fn bytes_in(&self) -> usize {
        self.facts.map_or(0, |facts| facts.bytes_in)
    }

    fn total_us(&self) -> u64 {
        self.started.elapsed().as_micros() as u64
    }
}

impl Drop for RequestLine {
    fn drop(&mut self) {
        if !self.finished {
            self.unexecuted("cancelled");
        }
    }
}

fn id(metadata: &MetadataMap) -> String {
    let given = metadata.get(ID_HEADER).and_then(|id| id.to_str().ok());
    let plain = |id: &str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match given {
        Some(id) if plain(id) => id.to_owned(),
        _ => new_id(),
    }
}

/// Unique among servers by a random part of the process, and within it by a count.
fn new_id() -> String {
    static PROCESS: LazyLock<u32> = LazyLock::new(|| RandomState::new().hash_one("ampoule") as u32);
    static COUNT: AtomicU64 = AtomicU64::new(1);
    format!("{:08x}-{}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Adds the id to an answer.
pub(crate) fn put_id(metadata: &mut MetadataMap, id: &str) {
    if let Ok(value) = id.parse() {
        metadata.insert(ID_HEADER, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_ids_are_taken_over() {
        let with = |value: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert(ID_HEADER, value.parse().unwrap());
            id(&metadata)
        };
        assert_eq!(with("a-1_b.C"), "a-1_b.C");
        assert_ne!(with("a b"), "a b");
        assert_ne!(with(&"x".repeat(65)), "x".repeat(65));
        assert_ne!(id(&MetadataMap::new()), id(&MetadataMap::new()));
    }
}
