//! The cache folder: where everything lies, and its lock.
//!
//! ```text
//! lock                          held by the one build that may write here
//! sources/<sha256>/<file>       fetched and verified
//! steps/<image>-<step>-<key>/   a step's output; complete, or not there
//! steps/<image>-<step>.last     what the newest output was made of
//! logs/<image>-<step>.log       of the newest run
//! scratch/<image>-<step>/       a step at work; removed by the next build
//! tools/                        compilers' own caches
//! apt/                          the lists of Debian's source packages
//! images/<name>/<digest>/       the results, unless AMPOULE_IMAGES says otherwise
//! ```

use crate::error::{IoContext, Result};
use crate::key::Inputs;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Outputs kept per step: enough to go back and forth between two branches.
const OUTPUTS_KEPT: usize = 3;

/// Hex digits of a key in a folder name. Paths stay short because scripts put them into `#!` lines.
const KEY_DIGITS: usize = 16;

#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// What the newest output of a step was made of.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct LastRun {
    pub(crate) inputs: Inputs,
    pub(crate) seconds: f64,
}

/// Held while a build writes to the cache; the system releases it when the process ends, however
/// it ends.
pub(crate) struct CacheLock {
    _file: File,
}

impl Cache {
    pub(crate) fn new(root: &Path) -> Result<Cache> {
        create_folder(root)?;
        // Scripts run elsewhere, so every path they are told must be absolute.
        let root = root.canonicalize().doing("find", root)?;
        Ok(Cache { root })
    }

    /// Waits for the lock; calls `waiting` once if another build holds it.
    pub(crate) fn lock(&self, waiting: impl FnOnce()) -> Result<CacheLock> {
        let path = self.root.join("lock");
        let file = File::options().create(true).append(true).open(&path).doing("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock().doing("lock", &path)?;
            }
            Err(TryLockError::Error(error)) => return Err(error).doing("lock", &path),
        }
        Ok(CacheLock { _file: file })
    }

    pub(crate) fn sources(&self) -> PathBuf {
        self.root.join("sources")
    }

    pub(crate) fn source(&self, sha256: &str, file: &str) -> PathBuf {
        self.sources().join(sha256).join(file)
    }

    pub(crate) fn output(&self, image: &str, step: &str, key: &str) -> PathBuf {
        self.steps().join(format!("{image}-{step}-{}", &key[..KEY_DIGITS]))
    }

    /// A step's scratch folder: the same path in every build, so that paths which end up in
    /// outputs and in compilers' caches do not change.
    pub(crate) fn scratch(&self, image: &str, step: &str) -> PathBuf {
        self.root.join("scratch").join(format!("{image}-{step}"))
    }

    /// Removes what failed and killed builds left. Only under the lock.
    pub(crate) fn clear_scratch(&self) -> Result<()> {
        let scratch = self.root.join("scratch");
        // The scripts of a build that was killed this moment may still be writing.
        if remove(&scratch).is_err() {
            std::thread::sleep(Duration::from_millis(500));
            remove(&scratch)?;
        }
        remove_unfinished(&self.sources())
    }

    pub(crate) fn log(&self, image: &str, step: &str) -> Result<PathBuf> {
        let logs = self.root.join("logs");
        create_folder(&logs)?;
        Ok(logs.join(format!("{image}-{step}.log")))
    }

    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join("tools")
    }

    pub(crate) fn apt(&self) -> PathBuf {
        self.root.join("apt")
    }

    pub(crate) fn last_run(&self, image: &str, step: &str) -> Option<LastRun> {
        let text = fs::read(self.last_run_file(image, step)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Moves a finished output to its place, notes what it was made of, removes the oldest ones.
    pub(crate) fn keep(
        &self,
        image: &str,
        step: &str,
        key: &str,
        finished: &Path,
        last_run: &LastRun,
    ) -> Result<PathBuf> {
        let output = self.output(image, step, key);
        create_folder(&self.steps())?;
        remove(&output)?;
        fs::rename(finished, &output).doing("keep", &output)?;
        let text = serde_json::to_vec_pretty(last_run).expect("a map of texts is JSON");
        write_atomically(&self.last_run_file(image, step), &text)?;
        self.prune(image, step)?;
        Ok(output)
    }

    /// Marks an output as used, so that pruning spares it.
    pub(crate) fn touch(&self, output: &Path) {
        // A read-only cache is still a good cache.
        let _ = File::open(output).and_then(|folder| folder.set_modified(SystemTime::now()));
    }

    fn steps(&self) -> PathBuf {
        self.root.join("steps")
    }

    fn last_run_file(&self, image: &str, step: &str) -> PathBuf {
        self.steps().join(format!("{image}-{step}.last"))
    }

    fn prune(&self, image: &str, step: &str) -> Result<()> {
        let prefix = format!("{image}-{step}-");
        let is_output = |name: &str| {
            let key = name.strip_prefix(&prefix);
            key.is_some_and(|key| key.len() == KEY_DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit()))
        };
        keep_newest(&self.steps(), OUTPUTS_KEPT, is_output)
    }
}

/// Removes all but the `count` most recently changed folders of `folder` whose name passes.
pub(crate) fn keep_newest(folder: &Path, count: usize, passes: impl Fn(&str) -> bool) -> Result<()> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).doing("read", folder)? {
        let entry = entry.doing("read", folder)?;
        if passes(&entry.file_name().to_string_lossy()) && entry.path().is_dir() {
            let changed = entry.metadata().and_then(|metadata| metadata.modified());
            found.push((changed.doing("read", &entry.path())?, entry.path()));
        }
    }
    found.sort();
    found.reverse();
    for (_, path) in found.iter().skip(count) {
        remove(path)?;
    }
    Ok(())
}

pub(crate) fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).doing("create", path)
}

/// How names of things begin that are not finished; they are renamed when they are.
pub(crate) const UNFINISHED: &str = ".new-";

/// Removes what killed builds left half done in `folder`.
pub(crate) fn remove_unfinished(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a file or a folder with all that is in it; absent is fine.
pub(crate) fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => return Ok(()),
    };
    result.doing("remove", path)
}

/// Writes a file so that a reader sees the old content or the new, never a part.
pub(crate) fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    fs::write(&temporary, content).doing("write", &temporary)?;
    fs::rename(&temporary, path).doing("write", path)
}
