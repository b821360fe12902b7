//! Answers that are kept for requests that may be sent again, by their idempotency keys.
//!
//! The first request with a key runs, others with it wait for its answer or get the kept one. What was refused is not kept:
//! nothing ran. Room for an answer is set aside before its request runs, so that a promise made is kept.

use crate::error::Error;
use crate::service::Execution;
use crate::slots::Reserved;
use ampoule_world::Asked;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Longer keys are no keys.
const LONGEST_KEY: usize = 255;

/// sha256 of all that a request asks for.
pub(crate) type Fingerprint = [u8; 32];

/// Answers of all tenants.
#[derive(Debug)]
pub(crate) struct Answers {
    window: Duration,
    state: Mutex<State>,
}

/// A tenant's name and the key it chose.
type Key = (String, String);

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Key, Entry>,
    /// Kept answers in the order of their ends.
    kept: VecDeque<(Instant, Key)>,
}

#[derive(Debug)]
struct Entry {
    fingerprint: Fingerprint,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    /// Closed when the one that runs has ended.
    Running(watch::Receiver<()>),
    Kept(Arc<Execution>, #[expect(dead_code, reason = "gives the memory back when dropped")] Reserved),
}

/// What a request with a key finds.
pub(crate) enum Found<'a> {
    /// It is the first: it runs, and leaves its answer.
    Nothing(First<'a>),
    /// An answer.
    Kept(Arc<Execution>),
}

/// The first request with its key. Dropping it without [`First::keep`] lets the next one run.
pub(crate) struct First<'a> {
    answers: &'a Answers,
    key: Key,
    kept: bool,
    _running: watch::Sender<()>,
}

impl Answers {
    pub(crate) fn new(window: Duration) -> Self {
        Answers { window, state: Mutex::default() }
    }

    /// Finds the answer of `tenant`'s `key`, waiting for one that runs.
    pub(crate) async fn find(
        &self,
        tenant: &str,
        key: &str,
        fingerprint: Fingerprint,
    ) -> Result<Found<'_>, Error> {
        check(key)?;
        let key = (tenant.to_owned(), key.to_owned());
        loop {
            let mut running = match self.look(&key, fingerprint)? {
                Looked::Found(found) => return Ok(found),
                Looked::Running(running) => running,
            };
            // An error says that it ended, which is all that is waited for.
            let _ = running.changed().await;
        }
    }

    fn look(&self, key: &Key, fingerprint: Fingerprint) -> Result<Looked<'_>, Error> {
        let mut state = self.lock();
        state.forget_before(Instant::now().checked_sub(self.window));
        match state.entries.get(key) {
            Some(entry) if entry.fingerprint != fingerprint => Err(Error::invalid(
                "idempotency_key",
                format!(
                    "was sent with another request within the last {} s: choose a new key for every request",
                    self.window.as_secs()
                ),
            )),
            Some(Entry { answer: Answer::Running(running), .. }) => Ok(Looked::Running(running.clone())),
            Some(Entry { answer: Answer::Kept(execution, _), .. }) => {
                Ok(Looked::Found(Found::Kept(Arc::clone(execution))))
            }
            None => {
                let (sender, running) = watch::channel(());
                let entry = Entry { fingerprint, answer: Answer::Running(running) };
                state.entries.insert(key.clone(), entry);
                let first = First { answers: self, key: key.clone(), kept: false, _running: sender };
                Ok(Looked::Found(Found::Nothing(first)))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Looked<'a> {
    Found(Found<'a>),
    Running(watch::Receiver<()>),
}

impl First<'_> {
    /// Leaves the answer, and the memory that is set aside for it.
    pub(crate) fn keep(mut self, execution: Arc<Execution>, memory: Reserved) {
        let mut state = self.answers.lock();
        if let Some(entry) = state.entries.get_mut(&self.key) {
            entry.answer = Answer::Kept(execution, memory);
            state.kept.push_back((Instant::now(), self.key.clone()));
        }
        self.kept = true;
    }
}

impl Drop for First<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.answers.lock().entries.remove(&self.key);
        }
    }
}

impl State {
    fn forget_before(&mut self, time: Option<Instant>) {
        let Some(time) = time else { return };
        while let Some((_, key)) = self.kept.pop_front_if(|(kept, _)| *kept <= time) {
            self.entries.remove(&key);
        }
    }
}

/// What distinguishes a request from others.
pub(crate) fn fingerprint(asked: &Asked) -> Fingerprint {
    let mut hasher = Fingerprinter(Sha256::new());
    // The derived text names and delimits every field. Writing to a hasher does not fail.
    let _ = write!(hasher, "{asked:?}");
    hasher.0.finalize().into()
}

/// Hashes text as it is written, so that a large request is not held once more.
struct Fingerprinter(Sha256);

impl std::fmt::Write for Fingerprinter {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// Refuses a key where none is kept.
pub(crate) fn not_for(asked: &Asked, what: &str) -> Result<(), Error> {
    if asked.idempotency_key().is_empty() {
        return Ok(());
    }
    Err(Error::invalid(
        "idempotency_key",
        format!("is set, but {what} is not kept: leave it out, or use Execute"),
    ))
}

fn check(key: &str) -> Result<(), Error> {
    if key.len() > LONGEST_KEY {
        let reason = format!("has {} bytes, at most {LONGEST_KEY} are taken", key.len());
        return Err(Error::invalid("idempotency_key", reason));
    }
    Ok(())
}
