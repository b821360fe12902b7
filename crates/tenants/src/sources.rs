//! Where tenants are written down.

use crate::entry::TenantEntry;
use crate::files::{self, Files, Seen};
use crate::kept::Kept;
use crate::list::{Checked, List, Origin, Rules};
use ampoule_service::{ServiceConfig, UnlistedConfig};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What the configuration file says of tenants.
#[derive(Clone, Debug, Default)]
pub struct MainTenants {
    /// Those that it lists.
    pub tenants: Vec<TenantEntry>,
    /// Those that only tokens name.
    pub tokens: Option<TokenTenants>,
    /// Settings other than tenants that are not those the server runs with: they are for the next start.
    pub other_settings: Vec<String>,
}

/// Tenants that tokens name and that are not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenTenants {
    /// What each is granted; it has neither name nor keys.
    pub entry: TenantEntry,
    /// How many there may be at a time.
    pub most: usize,
    /// One that has been idle for so long is forgotten.
    pub idle: Duration,
}

/// Reads the configuration file.
pub(crate) type ReadMain = Box<dyn Fn() -> Result<MainTenants, String> + Send + Sync>;

/// Where tenants are written down, and what they have to fit.
pub struct Sources {
    main_path: Option<PathBuf>,
    main: ReadMain,
    from: Option<PathBuf>,
    pub(crate) kept: Option<Kept>,
    pub(crate) rules: Rules,
}

/// Tenants as they were read, and what they were read from.
pub struct Opened {
    pub(crate) sources: Sources,
    pub(crate) files: Files,
    pub(crate) seen: Seen,
    pub(crate) list: List,
    pub(crate) main: MainTenants,
    checked: Checked,
}

impl Sources {
    /// Those of a configuration file, which `main` reads anew each time, and which there may be none of.
    pub fn new(
        main_path: Option<PathBuf>,
        main: impl Fn() -> Result<MainTenants, String> + Send + Sync + 'static,
        rules: Rules,
    ) -> Sources {
        Sources { main_path, main: Box::new(main), from: None, kept: None, rules }
    }

    /// And of a file, or of all files `*.toml` of a folder.
    pub fn with_files(self, from: Option<PathBuf>) -> Sources {
        Sources { from, ..self }
    }

    /// And of a folder in which the admin API keeps as many as `most`.
    pub fn with_kept(self, folder: Option<PathBuf>, most: usize) -> Sources {
        Sources { kept: folder.map(|folder| Kept::new(folder, most)), ..self }
    }

    /// Reads all of them; an error says what is wrong with which.
    pub fn open(self) -> Result<Opened, String> {
        let (mut files, seen) = (Files::default(), self.look());
        let (list, main) = self.read(&mut files)?;
        let checked = list.check(&self.rules)?;
        Ok(Opened { sources: self, files, seen, list, main, checked })
    }

    /// How their files look now. What cannot be listed looks like nothing.
    pub(crate) fn look(&self) -> Seen {
        let (from, kept) = self.files();
        let others = from.unwrap_or_default().into_iter().chain(kept.unwrap_or_default());
        // The folder itself, too: one that is gone is not an empty one.
        let paths = self.main_path.iter().chain(&self.from).cloned().chain(others);
        paths.map(|path| files::look(&path)).collect()
    }

    /// Reads all of them.
    pub(crate) fn read(&self, files: &mut Files) -> Result<(List, MainTenants), String> {
        let mut main = (self.main)()?;
        let mut list = List { tokens: main.tokens.clone(), ..List::default() };
        for entry in std::mem::take(&mut main.tenants) {
            list.add(Arc::new(entry), Origin::Config)?;
        }
        let (from, kept) = self.files();
        let (from, kept) = (from?, kept?);
        files.keep(&[&from[..], &kept[..]].concat());
        for path in from {
            let origin = Origin::File(path.as_path().into());
            for entry in files.tenants(&path)? {
                list.add(entry, origin.clone())?;
            }
        }
        for path in kept {
            let origin = Origin::Kept(path.as_path().into());
            for entry in files.tenants(&path)? {
                list.add(entry, origin.clone())?;
            }
        }
        Ok((list, main))
    }

    /// Files beside the configuration file: the operator's, and those that the server has written.
    fn files(&self) -> (Result<Vec<PathBuf>, String>, Result<Vec<PathBuf>, String>) {
        let from = match &self.from {
            Some(folder) if folder.is_dir() => match files::in_folder(folder) {
                Err(error) => Err(format!("cannot read {}: {error}", folder.display())),
                // More likely a disk that is not there than a fleet that is no more; an empty file says that
                // it is meant.
                Ok(files) if files.is_empty() => Err(format!("{}: no file *.toml in it", folder.display())),
                Ok(files) => Ok(files),
            },
            from => Ok(from.iter().cloned().collect()),
        };
        (from, self.kept.as_ref().map_or(Ok(Vec::new()), Kept::files))
    }
}

impl Opened {
    /// What they are granted.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }
}

impl TokenTenants {
    pub(crate) fn granted(&self, service: &ServiceConfig) -> UnlistedConfig {
        UnlistedConfig { granted: self.entry.granted(service), most: self.most, idle: self.idle }
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sources { main_path, from, kept, .. } = self;
        formatter
            .debug_struct("Sources")
            .field("main", main_path)
            .field("from", from)
            .field("kept", kept)
            .finish()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Opened").field("sources", &self.sources).finish_non_exhaustive()
    }
}
