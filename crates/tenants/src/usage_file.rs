//! What tenants used today, in a file, so that quotas of a day survive a restart and a crash.
//!
//! It is written every few seconds if something has changed, and at the end; a crash loses what was used
//! since. Another process may use the same file, as one does that replaces this one: of what both have
//! counted the larger number stays.

use crate::kept;
use ampoule_service::{DayBook, Service, UsedToday};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const FORMAT: u32 = 1;

/// How often it is written at most.
const INTERVAL: Duration = Duration::from_secs(2);

/// Larger ones are none of ours: those of as many tenants as there are ever known have a few MiB.
const LARGEST: u64 = 64 << 20;

/// Its inode, and when that was made.
type Identity = (u64, i64, i64);

/// The file. Cheap to clone.
#[derive(Clone, Debug)]
pub struct UsageFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    written: DayBook,
    /// Which file that was; another one was written by somebody else.
    file: Option<Identity>,
    /// The last attempt failed, and that was said.
    failed: bool,
}

#[derive(Serialize, Deserialize)]
struct Book {
    format: u32,
    /// Days since 1970.
    day: u64,
    tenants: HashMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    fuel: u64,
    cpu_nanos: u64,
    requests: u64,
}

impl UsageFile {
    /// Sees that it can be written, and gives what is in it; a file that cannot be read is told of, put
    /// aside, and holds nothing.
    pub fn open(path: &Path) -> Result<(UsageFile, DayBook), String> {
        let path = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = UsageFile(Arc::new(Inner { path, state: Mutex::default() }));
        let opened = file.prepare().and_then(|()| match read(&file.0.path) {
            Ok(book) => Ok(book),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let damaged = file.0.path.with_extension("damaged");
                std::fs::rename(&file.0.path, &damaged)?;
                let (path, damaged) = (file.0.path.display(), damaged.display());
                tracing::error!(%error, %path, %damaged, "what tenants used today is lost: the file is damaged and was put aside");
                Ok(DayBook::default())
            }
            Err(error) => Err(error),
        });
        let book = opened.map_err(|error| {
            let path = file.0.path.display();
            format!("cannot keep in {path} what tenants use: {error}: set usage_file to one that can be written to, or to \"\"")
        })?;
        Ok((file, book))
    }

    /// Brings what the service's tenants have used today to the disk, if it has changed. To be called where
    /// blocking is fine.
    pub fn write(&self, service: &Service) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        let book = service.used_today();
        if book == state.written {
            return;
        }
        match self.put(&state, &book) {
            Ok(file) => {
                if state.failed {
                    tracing::info!(path = %self.0.path.display(), "what tenants use is kept again");
                }
                *state = State { written: book, file, failed: false };
            }
            Err(error) if !state.failed => {
                state.failed = true;
                tracing::error!(%error, path = %self.0.path.display(), "what tenants use cannot be kept: a restart would forget it");
            }
            Err(_) => {}
        }
    }

    fn put(&self, state: &State, book: &DayBook) -> io::Result<Option<Identity>> {
        let path = &self.0.path;
        let _lock = self.lock()?;
        let is_ours = identity(path).is_some_and(|file| Some(file) == state.file);
        let theirs = if is_ours { DayBook::default() } else { read(path).unwrap_or_default() };
        let mut all: HashMap<&String, UsedToday> =
            book.tenants.iter().map(|(name, used)| (name, *used)).collect();
        if theirs.day == book.day {
            for (name, used) in &theirs.tenants {
                all.entry(name).and_modify(|ours| *ours = ours.max(used)).or_insert(*used);
            }
        }
        let entry = |used: UsedToday| Entry {
            fuel: used.fuel,
            cpu_nanos: u64::try_from(used.cpu.as_nanos()).unwrap_or(u64::MAX),
            requests: used.requests,
        };
        let tenants = all.into_iter().map(|(name, used)| (name.clone(), entry(used))).collect();
        let text = serde_json::to_vec(&Book { format: FORMAT, day: book.day, tenants })?;
        kept::write(path, &text)?;
        Ok(identity(path))
    }

    fn prepare(&self) -> io::Result<()> {
        if let Some(folder) = self.0.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        self.lock().map(drop)
    }

    fn lock(&self) -> io::Result<File> {
        let path = self.0.path.with_extension("lock");
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        lock.lock()?;
        Ok(lock)
    }
}

/// Forgets tenants that are gone or idle, and keeps what the others have used, for ever.
pub async fn keep_usage(service: Service, file: Option<UsageFile>) {
    loop {
        tokio::time::sleep(INTERVAL).await;
        let (service, file) = (service.clone(), file.clone());
        // One that panics is a bug, told of by the hook, and must not end this.
        let _ = tokio::task::spawn_blocking(move || {
            service.tidy_tenants();
            if let Some(file) = file {
                file.write(&service);
            }
        })
        .await;
    }
}

/// Nothing where there is no file.
fn read(path: &Path) -> io::Result<DayBook> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(DayBook::default()),
        file => file?,
    };
    let mut text = Vec::new();
    file.take(LARGEST).read_to_end(&mut text)?;
    let book: Book =
        serde_json::from_slice(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    if book.format != FORMAT {
        let error = format!("its format is {}, not {FORMAT}", book.format);
        return Err(io::Error::new(io::ErrorKind::InvalidData, error));
    }
    let used = |entry: Entry| UsedToday {
        fuel: entry.fuel,
        cpu: Duration::from_nanos(entry.cpu_nanos),
        requests: entry.requests,
    };
    let tenants = book.tenants.into_iter().map(|(name, entry)| (name, used(entry))).collect();
    Ok(DayBook { day: book.day, tenants })
}

/// Every writing makes another one.
fn identity(path: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(test)]
#[path = "usage_file_tests.rs"]
mod tests;
