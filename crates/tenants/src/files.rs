//! Files of tenants: what they hold, and whether they have changed.

use crate::entry::TenantEntry;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Larger files are none of tenants: a hundred thousand of them, one with all its keys and limits.
const LARGEST: u64 = 64 << 20;

/// What is looked at to see whether a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

/// Files and how they looked; none: it is not there, or cannot be looked at.
pub(crate) type Seen = BTreeMap<PathBuf, Option<Stamp>>;

/// The file of tenants beside the configuration file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantsFile {
    #[serde(default)]
    tenants: Vec<TenantEntry>,
}

/// What files held when they were last read, so that of thousands those that have changed are read again.
#[derive(Debug, Default)]
pub(crate) struct Files {
    read: HashMap<PathBuf, (Stamp, Vec<Arc<TenantEntry>>)>,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// How a file looks now.
pub(crate) fn look(path: &Path) -> (PathBuf, Option<Stamp>) {
    (path.to_owned(), std::fs::metadata(path).ok().map(|metadata| Stamp::of(&metadata)))
}

/// The files of tenants in a folder, sorted. Those that begin with a dot are other programs' (editors', the
/// kubelet's).
pub(crate) fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with(".toml") && !name.starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

impl Files {
    /// The tenants in a file.
    pub(crate) fn tenants(&mut self, path: &Path) -> Result<Vec<Arc<TenantEntry>>, String> {
        let unreadable = |error: io::Error| format!("cannot read {}: {error}", path.display());
        // Looked at before it is read: what is written meanwhile is seen the next time.
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        let stamp = Stamp::of(&metadata);
        if let Some((known, tenants)) = self.read.get(path)
            && *known == stamp
        {
            return Ok(tenants.clone());
        }
        if metadata.len() > LARGEST {
            return Err(format!(
                "{}: has {} bytes, a file of tenants has {LARGEST} at most",
                path.display(),
                metadata.len()
            ));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let tenants: Vec<Arc<TenantEntry>> =
            parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        self.read.insert(path.to_owned(), (stamp, tenants.clone()));
        Ok(tenants)
    }

    /// Forgets files that are not among these.
    pub(crate) fn keep(&mut self, paths: &[PathBuf]) {
        let paths: HashSet<&PathBuf> = paths.iter().collect();
        self.read.retain(|path, _| paths.contains(path));
    }
}

pub(crate) fn parse(text: &str) -> Result<Vec<Arc<TenantEntry>>, String> {
    let file: TenantsFile = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
    Ok(file.tenants.into_iter().map(Arc::new).collect())
}
