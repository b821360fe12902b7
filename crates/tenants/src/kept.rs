//! The folder in which tenants are kept that the admin API has made: a file for each.
//!
//! A file is written under another name, brought to the disk and renamed, so that a kill at any moment leaves
//! the tenant as it was or as it is to be. Servers can share a folder: changes are made under its lock, by
//! what is on the disk then.

use crate::entry::TenantEntry;
use crate::files;
use serde::Serialize;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const LOCK: &str = "lock";

/// Files are those of tenants beside the configuration file, so people can read and mend them.
const HEAD: &str = "# Written by the server for its TenantService, which may write it again.\n";

#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) folder: PathBuf,
    /// Tenants there may be.
    pub(crate) most: usize,
    /// The folder was there: one that is gone is a disk that is gone, and not one without tenants.
    is_there: bool,
}

#[derive(Serialize)]
struct Written<'a> {
    tenants: [&'a TenantEntry; 1],
}

impl Kept {
    pub(crate) fn new(folder: PathBuf, most: usize) -> Kept {
        Kept { folder, most, is_there: false }
    }

    /// Makes the folder if it is not there, for this user only, and sees whether it can be written to.
    pub(crate) fn prepare(&mut self) -> Result<(), String> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.and_then(|()| self.lock().map(drop)).map_err(|error| {
            let folder = self.folder.display();
            format!(
                "cannot keep tenants in {folder}: {error}: set admin.folder to one that can be written to"
            )
        })?;
        self.is_there = true;
        Ok(())
    }

    /// Keeps others from changing tenants until it is dropped.
    pub(crate) fn lock(&self) -> io::Result<File> {
        let path = self.folder.join(LOCK);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        lock.lock()?;
        Ok(lock)
    }

    /// The files; none where there is no folder yet.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, String> {
        if self.is_there && !self.folder.join(LOCK).is_file() {
            return Err(format!(
                "{}: is not the folder that it was: its lock is gone",
                self.folder.display()
            ));
        }
        match files::in_folder(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            listed => listed.map_err(|error| format!("cannot read {}: {error}", self.folder.display())),
        }
    }

    /// A tenant as it is on the disk now.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Arc<TenantEntry>>, String> {
        let path = self.path(name);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| format!("cannot read {}: {error}", path.display()))?,
        };
        let tenants = files::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        match tenants.as_slice() {
            [entry] if entry.name == name => Ok(Some(Arc::clone(entry))),
            _ => Err(format!("{}: holds something else than the tenant '{name}'", path.display())),
        }
    }

    /// Brings a tenant to the disk.
    pub(crate) fn write(&self, entry: &TenantEntry) -> io::Result<()> {
        let text = toml::to_string(&Written { tenants: [entry] }).map_err(io::Error::other)?;
        write(&self.path(&entry.name), (HEAD.to_owned() + &text).as_bytes())
    }

    /// Removes a tenant from the disk.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name))?;
        sync(&self.folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        // Names are of letters, digits, `-`, `_` and `.`, so that no path leads out of the folder.
        self.folder.join(format!("{name}.toml"))
    }
}

/// Writes a file so that whoever looks sees all of it or what was there before, also after a crash.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A dot before it, so that it is no tenant's. One that a crash has left is written over the next time.
    let unfinished = folder.join(format!(".{name}.new"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| std::fs::rename(&unfinished, path));
    if placed.is_err() {
        // Best effort: what stays is written over the next time.
        let _ = std::fs::remove_file(&unfinished);
    }
    placed?;
    sync(folder)
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}
