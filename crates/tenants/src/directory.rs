//! The tenants in force, and how they are exchanged.
//!
//! A change is read and checked as a whole before anything of it is taken up; one that does not fit leaves
//! everything as it was. What is served does not wait for it: accounts and keys are exchanged by a pointer
//! each, on a thread of its own.

use crate::changes::Changes;
use crate::entry::TenantEntry;
use crate::files::{self, Files, Seen};
use crate::kept::Kept;
use crate::list::{Checked, List, Listed, Origin};
use crate::sources::{Opened, Sources};
use ampoule_auth::Authenticator;
use ampoule_service::Service;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// The tenants of a server. Cheap to clone.
#[derive(Clone)]
pub struct Directory(Arc<Inner>);

struct Inner {
    sources: Sources,
    service: Service,
    access: Authenticator,
    look: Notify,
    state: Mutex<State>,
}

struct State {
    files: Files,
    /// How the files looked that were last read, whether or not they were of use.
    seen: Seen,
    /// How they looked the last time, if they have changed since they were read.
    changing: Option<Seen>,
    list: List,
    other_settings: Vec<String>,
}

/// Why one tenant cannot be changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotChanged {
    /// There is no place for what the server writes.
    NoFolder,
    /// It is of a file of the operator's, which the text names.
    ReadOnly(String),
    /// It does not fit, as the text says.
    Invalid(String),
    /// There are so many already.
    Full(usize),
    /// The disk refused.
    Failed(String),
}

/// How the files are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// If they have changed, and have lain still since the last look: whoever writes one must not be read
    /// half-way.
    AtChanges,
    /// Whether or not they seem to have changed: somebody says that they have.
    Now,
}

impl Directory {
    /// Tenants as they were read, of which the service and its doors know.
    pub fn new(opened: Opened, service: Service, access: Authenticator) -> Result<Directory, String> {
        let Opened { mut sources, files, seen, list, main, .. } = opened;
        sources.kept.as_mut().map_or(Ok(()), Kept::prepare)?;
        let other_settings = main.other_settings;
        let state = State { files, seen, changing: None, list, other_settings };
        let (look, state) = (Notify::new(), Mutex::new(state));
        Ok(Directory(Arc::new(Inner { sources, service, access, look, state })))
    }

    /// Has [`Directory::watch`] read the files now.
    pub fn look(&self) {
        self.0.look.notify_one();
    }

    /// Looks at the files every `interval`, for ever, and takes up what has changed.
    pub async fn watch(self, interval: Duration) {
        loop {
            let asked = tokio::time::timeout(interval, self.0.look.notified()).await.is_ok();
            let directory = self.clone();
            let look = if asked { Look::Now } else { Look::AtChanges };
            // One that panics is a bug, told of by the hook, and must not end the looks.
            let _ = tokio::task::spawn_blocking(move || directory.take_up(look)).await;
        }
    }

    fn take_up(&self, look: Look) {
        let Inner { sources, service, .. } = &*self.0;
        let mut state = self.state();
        let now = sources.look();
        if look == Look::AtChanges {
            if now == state.seen {
                state.changing = None;
                return;
            }
            if state.changing.as_ref() != Some(&now) {
                state.changing = Some(now);
                return;
            }
        }
        (state.seen, state.changing) = (now, None);
        let read = sources.read(&mut state.files);
        let checked = read.and_then(|(list, main)| {
            if service.open_tenant().is_some() && !list.tenants.is_empty() {
                return Err(
                    "the server was started without tenants and asks nobody for a key: start it again".into(),
                );
            }
            Ok((list.check(&sources.rules)?, list, main))
        });
        service.count_tenants_read(checked.is_ok());
        match checked {
            Ok((checked, list, main)) => {
                if !main.other_settings.is_empty() && main.other_settings != state.other_settings {
                    let settings = main.other_settings.join(", ");
                    tracing::warn!(settings, "settings that have changed are for the next start");
                }
                state.other_settings = main.other_settings;
                let by = if look == Look::Now { "hangup" } else { "files" };
                self.exchange(&mut state, list, checked, by);
            }
            Err(error) => tracing::warn!(error, "the tenants' new files are of no use, the old tenants stay"),
        }
    }

    /// Changes one tenant that the server has written down: on the disk, then in force. `change` is given the
    /// tenant as it is, if there is one, and gives what it is to be, or nothing if it is not to be any more.
    /// To be called where blocking is fine.
    pub(crate) fn change<E>(
        &self,
        name: &str,
        by: &str,
        change: impl FnOnce(Option<&Listed>) -> Result<Option<TenantEntry>, E>,
    ) -> Result<Result<(), E>, NotChanged> {
        let Inner { sources, .. } = &*self.0;
        let kept = sources.kept.as_ref().ok_or(NotChanged::NoFolder)?;
        let failed = |error: &dyn std::fmt::Display| NotChanged::Failed(error.to_string());
        let mut state = self.state();
        let _lock = kept.lock().map_err(|error| failed(&error))?;
        let mut list = state.list.clone();
        let origin = Origin::Kept(kept.path(name).into());
        match list.tenants.get(name).map(|listed| &listed.origin) {
            Some(Origin::Config) => return Err(NotChanged::ReadOnly("the configuration file".into())),
            Some(Origin::File(path)) => return Err(NotChanged::ReadOnly(path.display().to_string())),
            Some(Origin::Kept(_)) | None => {
                // Another server may have changed it, or made it.
                list.tenants.remove(name);
                if let Some(entry) = kept.read(name).map_err(|error| failed(&error))? {
                    list.tenants.insert(name.to_owned(), Listed { entry, origin: origin.clone() });
                }
            }
        }
        let known = list.tenants.remove(name);
        let entry = match change(known.as_ref()) {
            Ok(entry) => entry,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(entry) = &entry {
            let is_kept = |listed: &&Listed| matches!(listed.origin, Origin::Kept(_));
            if known.is_none() && list.tenants.values().filter(is_kept).count() >= kept.most {
                return Err(NotChanged::Full(kept.most));
            }
            list.tenants.insert(name.to_owned(), Listed { entry: Arc::new(entry.clone()), origin });
        }
        let checked = list.check(&sources.rules).map_err(NotChanged::Invalid)?;
        let path = kept.path(name);
        match &entry {
            Some(entry) => kept.write(entry).map_err(|error| failed(&error))?,
            None if known.is_some() => kept.remove(name).map_err(|error| failed(&error))?,
            None => {}
        }
        // What was written here need not be read again.
        match files::look(&path) {
            (path, None) => drop(state.seen.remove(&path)),
            (path, stamp) => drop(state.seen.insert(path, stamp)),
        }
        self.exchange(&mut state, list, checked, by);
        Ok(Ok(()))
    }

    /// A tenant as it is in force.
    pub(crate) fn get(&self, name: &str) -> Option<Listed> {
        self.state().list.tenants.get(name).cloned()
    }

    /// At most `size` tenants from the one of this name on, and the name of the one after them.
    pub(crate) fn page(&self, from: &str, size: usize) -> (Vec<Listed>, Option<String>) {
        let state = self.state();
        let mut listed = state.list.tenants.range(from.to_owned()..);
        let page = listed.by_ref().take(size).map(|(_, listed)| listed.clone()).collect();
        (page, listed.next().map(|(name, _)| name.clone()))
    }

    pub(crate) fn service(&self) -> &Service {
        &self.0.service
    }

    fn exchange(&self, state: &mut State, list: List, checked: Checked, by: &str) {
        let changes = Changes::between(&state.list, &list);
        let tenants = list.tenants.len();
        state.list = list;
        if changes.are_none() {
            tracing::info!(by, tenants, "tenants read again: none has changed");
            return;
        }
        let Checked { tenants: granted, unlisted, access } = checked;
        // Accounts first: keys are of tenants that there are. A key whose tenant is gone opens nothing
        // meanwhile.
        self.0.service.replace_tenants(granted, unlisted);
        if let Err(error) = self.0.access.replace(&access) {
            // Every key is of a tenant of the same list.
            tracing::error!(error, "keys could not be exchanged");
        }
        changes.log(by, tenants);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Directory").field("sources", &self.0.sources).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;
