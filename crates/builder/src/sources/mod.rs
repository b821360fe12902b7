//! Fetching sources by package name through each registry's ordinary client, and checking them.
//!
//! A client gets an empty folder and leaves the file there; only after its sha256 was checked does it move to
//! `sources/<sha256>/<file>` in the cache. Whatever a client's own cache or mirror did, the pin decides.

mod client;
mod crates;
mod debian;
mod npm;
mod pypi;

use crate::cache::{Cache, UNFINISHED, create_folder, remove};
use crate::error::{Error, IoContext, Result};
use crate::key;
use crate::recipe::{Origin, Source};
use client::Answer;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often a client is asked before the next way is tried.
const TRIES: u32 = 3;

/// Pause after a failed try; doubled each time.
const PAUSE: Duration = Duration::from_secs(2);

/// Downloads at a time: enough to hide latency, few enough to be polite to registries.
const AT_ONCE: usize = 4;

/// Makes every source present and verified in the cache. Says in `log` what it does.
pub(crate) fn fetch_all(cache: &Cache, sources: &[&Source], log: &Path) -> Result<()> {
    let log = Mutex::new(File::create(log).doing("create", log)?);
    let queue = Mutex::new(sources.iter());
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(sources.len()) {
            scope.spawn(|| {
                while let Some(source) = take(&queue) {
                    if let Err(error) = fetch(cache, source, &log) {
                        lock(&queue).by_ref().for_each(drop);
                        lock(&failure).get_or_insert(error);
                    }
                }
            });
        }
    });
    match failure.into_inner().expect("no thread panics while it holds the lock") {
        None => Ok(()),
        Some(error) => Err(error),
    }
}

fn take<'a>(queue: &Mutex<std::slice::Iter<'_, &'a Source>>) -> Option<&'a Source> {
    lock(queue).next().copied()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics while it holds the lock")
}

fn fetch(cache: &Cache, source: &Source, log: &Mutex<File>) -> Result<()> {
    let say = |text: &str| {
        // The log only illustrates.
        let _ = writeln!(lock(log), "{text}");
    };
    let place = cache.source(&source.sha256, &source.file);
    if place.is_file() {
        if key::of_file(&place)? == source.sha256 {
            return Ok(());
        }
        say(&format!("{}: the cached file is damaged, fetching it again", source.id));
        remove(&place)?;
    }
    create_folder(&cache.sources())?;
    let mut refusals = Vec::new();
    for way in ways(source) {
        let mut pause = PAUSE;
        for attempt in 1..=TRIES {
            say(&format!("{}: fetching {} {} from {}", source.id, source.package, source.version, way));
            let started = Instant::now();
            match try_once(cache, source, &way)? {
                Ok(fetched) => {
                    keep(source, &fetched, &place)?;
                    say(&format!(
                        "{}: {} in {:.1} s",
                        source.id,
                        source.file,
                        started.elapsed().as_secs_f64()
                    ));
                    return Ok(());
                }
                Err(refusal) => {
                    say(&format!("{}: {}", source.id, refusal.message));
                    let hopeless = refusal.is_final || attempt == TRIES;
                    if hopeless {
                        refusals.push(format!("{way}: {}", refusal.message));
                        break;
                    }
                }
            }
            std::thread::sleep(pause);
            pause *= 2;
        }
    }
    Err(Error::Fetch { of: Box::new(source.clone()), message: refusals.join("\n") })
}

/// Where a file can come from: its registry, or upstream's own address.
enum Way<'a> {
    Registry(Origin),
    Alternative(&'a str),
}

fn ways(source: &Source) -> Vec<Way<'_>> {
    let mut ways = vec![Way::Registry(source.from)];
    ways.extend(source.alternative.as_deref().map(Way::Alternative));
    ways
}

impl std::fmt::Display for Way<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Way::Registry(origin) => write!(formatter, "{origin}"),
            Way::Alternative(address) => formatter.write_str(address),
        }
    }
}

/// A fetched file in a folder that goes away with it.
struct Fetched {
    file: PathBuf,
    _folder: tempfile::TempDir,
}

fn try_once(cache: &Cache, source: &Source, way: &Way<'_>) -> Result<Answer<Fetched>> {
    let sources = cache.sources();
    let folder = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(&sources)
        .doing("create a folder in", &sources)?;
    let path = folder.path();
    let answer = match way {
        Way::Alternative(address) => client::curl(address, &path.join(&source.file)),
        Way::Registry(Origin::Debian) => debian::fetch(source, path, &cache.apt()),
        Way::Registry(Origin::Pypi) => pypi::fetch(source, path),
        Way::Registry(Origin::Npm) => npm::fetch(source, path),
        Way::Registry(Origin::Crates) => crates::fetch(source, path),
    };
    Ok(answer.map(|file| Fetched { file, _folder: folder }))
}

/// Checks the pin and moves the file to its place; a wrong file goes with its folder.
fn keep(source: &Source, fetched: &Fetched, place: &Path) -> Result<()> {
    let found = key::of_file(&fetched.file)?;
    if found != source.sha256 {
        return Err(Error::WrongHash { of: Box::new(source.clone()), found });
    }
    create_folder(place.parent().expect("a place is in a folder"))?;
    fs::rename(&fetched.file, place).doing("keep", place)
}
