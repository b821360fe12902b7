//! How much tenants keep of functions, for operators' monitoring: counted when somebody asks, and not much
//! more often than that is cheap.

use crate::service::Service;
use ampoule_store::Kept;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Counting takes one part in so many of the time at most, however many functions there are and however often
/// somebody asks.
const SELDOM: u32 = 100;

/// What was counted is good for so long at least.
const FRESH: Duration = Duration::from_secs(1);

/// How long whoever asks waits for a count; the one before is told then.
const COUNT_TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(crate) struct Census(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    kept: BTreeMap<String, Kept>,
    /// When it is to be counted again.
    due: Option<Instant>,
    counting: bool,
}

impl Census {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        // Nothing is left half done under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By tenant; none before the first count.
    pub(crate) fn kept(&self) -> BTreeMap<String, Kept> {
        self.counted().kept.clone()
    }

    /// Whether the caller is to count now.
    fn begin(&self) -> bool {
        let mut counted = self.counted();
        let is_due = counted.due.is_none_or(|due| Instant::now() >= due);
        let begins = is_due && !counted.counting;
        counted.counting |= begins;
        begins
    }

    fn end(&self, kept: Option<BTreeMap<String, Kept>>, took: Duration) {
        let mut counted = self.counted();
        counted.counting = false;
        counted.due = Some(Instant::now() + (took * SELDOM).max(FRESH));
        if let Some(kept) = kept {
            counted.kept = kept;
        }
    }
}

impl Service {
    /// Counts the functions that are kept, if that was not done lately: for [`Service::metrics`]. Needs a
    /// tokio runtime.
    pub async fn count_functions(&self) {
        let Ok(functions) = self.functions() else { return };
        if !functions.census.begin() {
            return;
        }
        let service = self.clone();
        let counting = tokio::spawn(async move {
            let Ok(functions) = service.functions() else { return };
            let began = Instant::now();
            let kept = functions.store.census().await;
            if let Err(error) = &kept {
                tracing::error!(%error, "the functions that are kept could not be counted");
            }
            functions.census.end(kept.ok(), began.elapsed());
        });
        // It goes on where it takes longer.
        let _ = tokio::time::timeout(COUNT_TIMEOUT, counting).await;
    }
}
