//! Answers that are kept for requests that may be sent again, by their idempotency keys.
//!
//! The first request with a key runs, others with it wait for its answer or get the kept one. What was
//! refused is not kept: nothing ran. Room for an answer is set aside before its request runs, so that a
//! promise made is kept.
//!
//! ```text
//! find ─ nothing ─▶ First ─ keep ─▶ the answer, for the window's time; all who send it share its bytes
//!      ─ running ─▶ a place among the tenant's requests that wait ─▶ the answer
//!                   and those who kept their requests are heirs: when the first ends without an answer, one of them runs
//! ```

use crate::capacity::slots::Waiting;
use crate::error::Error;
use crate::service::Execution;
use crate::validate::fingerprint::Fingerprint;
use ampoule_model::Invocation;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// Longer keys are no keys.
const LONGEST_KEY: usize = 255;

/// Every heir keeps a request up to this size: a page, not more than the place itself takes. Of larger ones
/// one heir keeps his.
const SMALL: u64 = 4 << 10;

/// When a request is to be sent again that nobody has kept: whoever comes first then runs.
const RETRY: Duration = Duration::from_millis(100);

/// Answers of all tenants.
#[derive(Debug)]
pub(crate) struct IdempotencyCache {
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
    Running {
        /// Dropped when there is an answer, or nobody who runs.
        ended: watch::Sender<()>,
        heirs: VecDeque<oneshot::Sender<First>>,
    },
    Kept(Arc<Execution>),
}

/// A request with a key, and how long it may wait.
pub(crate) struct Repeat<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) key: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) asked: Invocation,
    /// What the request takes.
    pub(crate) bytes: u64,
    /// Until when, and how long that is.
    pub(crate) end: Instant,
}

/// What a request with a key finds.
pub(crate) enum Found {
    /// It is the first: it runs, and leaves its answer.
    First(First, Box<Invocation>),
    /// An answer.
    Kept(Arc<Execution>),
}

/// The first request with its key. Dropping it without [`First::keep`] lets the next one run.
#[derive(Debug)]
pub(crate) struct First {
    answers: Arc<IdempotencyCache>,
    key: Key,
    kept: bool,
}

impl IdempotencyCache {
    pub(crate) fn new(window: Duration) -> Arc<Self> {
        Arc::new(IdempotencyCache { window, state: Mutex::default() })
    }

    /// Finds the answer to a request, waiting for one that runs in the place that `place` makes for so many
    /// bytes.
    pub(crate) async fn find(
        self: &Arc<Self>,
        repeat: Repeat<'_>,
        place: impl Fn(u64) -> Result<Waiting, Error>,
    ) -> Result<Found, Error> {
        let Repeat { tenant, key, fingerprint, asked, bytes, end } = repeat;
        check(&key)?;
        let key = (tenant.to_owned(), key);
        let arrived = Instant::now();
        let mut waiting: Option<Waiting> = None;
        // None: it waits without its request.
        let mut own = Some(asked);
        loop {
            let (mut ended, heir) = match self.look(&key, fingerprint, &mut own, bytes)? {
                Looked::Found(found) => return Ok(found),
                Looked::Running(ended, heir) => (ended, heir),
            };
            let keeps = heir.is_some();
            match &mut waiting {
                Some(waiting) if !keeps => waiting.without_request(),
                Some(_) => {}
                None => waiting = Some(place(if keeps { bytes } else { 0 })?),
            }
            if !keeps {
                own = None;
            }
            let inherits = async {
                match heir {
                    // A sender that is gone has no first to hand over: the end is what there is to wait for.
                    Some(heir) => match heir.await {
                        Ok(first) => first,
                        Err(_) => std::future::pending().await,
                    },
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                first = inherits => {
                    let asked = own.take().ok_or(Error::Panicked)?;
                    return Ok(Found::First(first, Box::new(asked)));
                }
                // An error says that it ended, which is all that is waited for.
                _ = ended.changed() => {}
                () = tokio::time::sleep_until(end.into()) => {
                    let waited = arrived.elapsed().as_millis();
                    let reason = format!("the first request with this idempotency key did not end within {waited} ms");
                    return Err(Error::Busy { what: "answer", reason, retry_after: RETRY });
                }
            }
        }
    }

    /// Forgets the kept answers of a tenant. Those that are being made are left.
    pub(crate) fn forget(&self, tenant: &str) {
        let mut state = self.lock();
        let is_kept = |entry: &Entry| matches!(entry.answer, Answer::Kept(_));
        state.entries.retain(|(owner, _), entry| owner != tenant || !is_kept(entry));
        state.kept.retain(|(_, (owner, _))| owner != tenant);
    }

    fn look(
        self: &Arc<Self>,
        key: &Key,
        fingerprint: Fingerprint,
        own: &mut Option<Invocation>,
        bytes: u64,
    ) -> Result<Looked, Error> {
        let mut state = self.lock();
        state.forget_before(Instant::now().checked_sub(self.window));
        match state.entries.get_mut(key) {
            Some(entry) if entry.fingerprint != fingerprint => Err(Error::invalid(
                "idempotency_key",
                format!(
                    "was sent with another request within the last {} s: choose a new key for every request",
                    self.window.as_secs()
                ),
            )),
            Some(Entry { answer: Answer::Running { ended, heirs }, .. }) => {
                heirs.retain(|heir| !heir.is_closed());
                let keeps = own.is_some() && (bytes <= SMALL || heirs.is_empty());
                let heir = keeps.then(|| {
                    let (sender, heir) = oneshot::channel();
                    heirs.push_back(sender);
                    heir
                });
                Ok(Looked::Running(ended.subscribe(), heir))
            }
            Some(Entry { answer: Answer::Kept(execution), .. }) => {
                Ok(Looked::Found(Found::Kept(Arc::clone(execution))))
            }
            None => {
                let Some(asked) = own.take() else {
                    let reason = "the request that ran for this idempotency key was given up".into();
                    return Err(Error::Busy { what: "answer", reason, retry_after: RETRY });
                };
                let (ended, _) = watch::channel(());
                let answer = Answer::Running { ended, heirs: VecDeque::new() };
                state.entries.insert(key.clone(), Entry { fingerprint, answer });
                let first = First { answers: Arc::clone(self), key: key.clone(), kept: false };
                Ok(Looked::Found(Found::First(first, Box::new(asked))))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Looked {
    Found(Found),
    /// Tells that it ended; and the first, for an heir.
    Running(watch::Receiver<()>, Option<oneshot::Receiver<First>>),
}

impl First {
    /// Leaves the answer, which holds the memory that is set aside for it.
    pub(crate) fn keep(mut self, execution: Arc<Execution>) {
        self.kept = true;
        let mut state = self.answers.lock();
        if let Some(entry) = state.entries.get_mut(&self.key) {
            entry.answer = Answer::Kept(execution);
            state.kept.push_back((Instant::now(), self.key.clone()));
        }
    }
}

impl Drop for First {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        loop {
            let mut state = self.answers.lock();
            let Some(Entry { answer: Answer::Running { heirs, .. }, .. }) = state.entries.get_mut(&self.key)
            else {
                return;
            };
            let Some(heir) = heirs.pop_front() else {
                state.entries.remove(&self.key);
                return;
            };
            drop(state);
            let next = First { answers: Arc::clone(&self.answers), key: self.key.clone(), kept: false };
            match heir.send(next) {
                Ok(()) => return,
                // That one has left; what was to be his is not given up by him.
                Err(mut next) => next.kept = true,
            }
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

/// Refuses a key where none is kept.
pub(crate) fn not_for(asked: &Invocation, what: &str) -> Result<(), Error> {
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
