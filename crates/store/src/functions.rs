//! The functions of all tenants, on an object store.

use crate::definition::Definition;
use crate::error::StoreError;
use crate::head::{FunctionIndex, Version};
use crate::paths;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};
use quick_cache::sync::Cache;
use quick_cache::{OptionsBuilder, Weighter};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How long a head is taken from memory. Changes by this process are seen at once, those by others after this
/// time.
const FRESH: Duration = Duration::from_secs(1);

/// Heads in memory, in bytes: one has a few hundred, one with the most versions, aliases and words 130 KiB.
const HEADS: u64 = 64 << 20;

/// About so many heads; only sizes the cache's tables.
const EXPECTED_HEADS: usize = 4096;

/// How often a change is tried when others change the same function.
const ATTEMPTS: u32 = 20;

/// The alias that points to what was put last.
pub(crate) const LATEST: &str = "latest";

/// What one tenant may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreQuota {
    /// Functions.
    pub functions: usize,
    /// Versions of each.
    pub versions: usize,
    /// Definitions and checkpoints together, in bytes.
    pub bytes: u64,
}

/// What a put says of a version, beside what it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Aliases that are to point to it.
    pub aliases: Vec<String>,
    /// `latest` stays where it is.
    pub keep_latest: bool,
    /// Who puts it; that of the first put is kept.
    pub by: String,
    /// For people; empty: what is kept already stays.
    pub description: String,
    /// For finding it; none: those that are kept already stay.
    pub labels: BTreeMap<String, String>,
}

/// Functions in an object store.
#[derive(Debug)]
pub struct FunctionStore {
    pub(crate) objects: Arc<dyn ObjectStore>,
    heads: Cache<(String, String), Fresh, Bytewise>,
}

/// A head, and when it was read.
type Fresh = (Arc<FunctionIndex>, Instant);

#[derive(Clone)]
struct Bytewise;

impl Weighter<(String, String), Fresh> for Bytewise {
    fn weight(&self, _: &(String, String), (head, _): &Fresh) -> u64 {
        head.size()
    }
}

impl FunctionStore {
    /// On `objects`, which must offer [`PutMode::Update`].
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        // A few shards: each takes its part of the bytes, and none may be smaller than a head.
        let options = OptionsBuilder::new()
            .shards(8)
            .estimated_items_capacity(EXPECTED_HEADS)
            .weight_capacity(HEADS)
            .build()
            .expect("all that a cache must be told is told");
        let heads = Cache::with_options(options, Bytewise, Default::default(), Default::default());
        FunctionStore { objects, heads }
    }

    /// The names of a tenant's functions, sorted.
    pub async fn names(&self, tenant: &str) -> Result<Vec<String>, StoreError> {
        let listed = self.objects.list_with_delimiter(Some(&paths::tenant(tenant))).await?;
        let mut names: Vec<String> = listed
            .common_prefixes
            .iter()
            .filter_map(|path| path.parts().next_back())
            .map(|name| name.as_ref().to_owned())
            .collect();
        names.sort();
        Ok(names)
    }

    /// What there is of a function; as it was a second ago at most.
    pub async fn head(&self, tenant: &str, name: &str) -> Result<Arc<FunctionIndex>, StoreError> {
        let key = (tenant.to_owned(), name.to_owned());
        if let Some((head, read)) = self.heads.get(&key)
            && read.elapsed() < FRESH
        {
            return Ok(head);
        }
        self.head_now(tenant, name).await
    }

    /// What there is of a function at this moment.
    pub async fn head_now(&self, tenant: &str, name: &str) -> Result<Arc<FunctionIndex>, StoreError> {
        let (head, _) = self.read_head(tenant, name).await?.ok_or_else(|| no_function(name))?;
        let head = Arc::new(head);
        let key = (tenant.to_owned(), name.to_owned());
        self.heads.insert(key, (Arc::clone(&head), Instant::now()));
        Ok(head)
    }

    /// The bytes that a version's definition takes where it is kept, without its files.
    pub async fn definition_bytes(
        &self,
        tenant: &str,
        name: &str,
        version: &Version,
    ) -> Result<u64, StoreError> {
        Ok(self.objects.head(&paths::definition(tenant, name, &version.object)).await?.size)
    }

    /// A version's definition, without its files.
    pub async fn definition(
        &self,
        tenant: &str,
        name: &str,
        version: &Version,
    ) -> Result<Definition, StoreError> {
        let path = paths::definition(tenant, name, &version.object);
        let bytes = self.read(&path).await?;
        let definition = Definition::from_bytes(path.as_ref(), &bytes)?;
        if definition.version() != version.version {
            return Err(StoreError::Damaged(path.to_string()));
        }
        Ok(definition)
    }

    /// The files of a version that has some, see [`Definition::with_files`].
    pub async fn files(&self, tenant: &str, name: &str, version: &Version) -> Result<Bytes, StoreError> {
        let path = paths::files(tenant, name, &version.object);
        let bytes = self.read(&path).await.map_err(|error| match error {
            // They were written before the version was.
            StoreError::NotFound(_) => StoreError::Damaged(path.to_string()),
            error => error,
        })?;
        let reading =
            tokio::task::spawn_blocking(move || Definition::files_from_bytes(path.as_ref(), &bytes));
        reading.await.map_err(|error| StoreError::Failed(error.to_string()))?
    }

    /// Keeps a version, unless it is kept already, and points aliases to it. It is on the disk when this
    /// returns.
    pub async fn put(
        &self,
        tenant: &str,
        name: &str,
        definition: &Definition,
        words: &Words,
        room: &StoreQuota,
    ) -> Result<Arc<FunctionIndex>, StoreError> {
        let version = definition.version();
        let found = self.read_head(tenant, name).await?.map(|(head, _)| head);
        let is_kept = found.as_ref().is_some_and(|head| head.version(version).is_some());
        let object = if is_kept {
            None
        } else {
            let written = definition.clone();
            // Hashing takes its time where there are files.
            let writing = tokio::task::spawn_blocking(move || written.to_objects());
            let (bytes, files) = writing.await.map_err(|error| StoreError::Failed(error.to_string()))??;
            let more = bytes.len() + files.as_ref().map_or(0, Vec::len);
            self.check_room(tenant, name, more as u64, room).await?;
            let object = format!("{version}-{}", mark());
            if let Some(files) = files {
                self.write(&paths::files(tenant, name, &object), files).await?;
            }
            self.write(&paths::definition(tenant, name, &object), bytes).await?;
            Some(object)
        };
        let changed = self.change(tenant, name, |found| {
            let mut head = found.unwrap_or_default();
            if head.version(version).is_none() {
                if head.versions.len() >= room.versions {
                    return Err(StoreError::Full(format!(
                        "function '{name}' has {} versions, at most {} are kept: delete one",
                        head.versions.len(),
                        room.versions
                    )));
                }
                // It was kept a moment ago, and somebody has deleted it.
                let object = object.clone().ok_or(StoreError::Contended)?;
                head.versions.push(Version {
                    version: version.to_owned(),
                    object,
                    created_unix_millis: unix_millis(),
                    created_by: words.by.clone(),
                    ..Version::default()
                });
            }
            describe(&mut head, name, version, words)?;
            let latest = (!words.keep_latest).then_some(LATEST);
            head.point(name, words.aliases.iter().map(String::as_str).chain(latest), version)?;
            Ok(head)
        });
        let head = changed.await;
        if let Some(object) = object
            && !head.as_ref().is_ok_and(|head| head.versions.iter().any(|kept| kept.object == object))
        {
            // Not needed after all; were it to stay, it would be swept away.
            self.forget_object(tenant, name, &object).await;
        }
        head
    }

    /// Points aliases to versions that are kept, and removes others, in one step. Nothing else moves.
    pub async fn update_aliases(
        &self,
        tenant: &str,
        name: &str,
        set: &[(String, String)],
        remove: &[String],
    ) -> Result<Arc<FunctionIndex>, StoreError> {
        self.change(tenant, name, |found| {
            let mut head = found.ok_or_else(|| no_function(name))?;
            for alias in remove {
                head.aliases.remove(alias).ok_or_else(|| no_alias(name, alias))?;
            }
            for (alias, version) in set {
                if head.version(version).is_none() {
                    return Err(no_version(name, version));
                }
                head.point(name, [alias.as_str()].into_iter(), version)?;
            }
            Ok(head)
        })
        .await
    }

    /// Removes a function with all of its versions and aliases.
    pub async fn delete(&self, tenant: &str, name: &str) -> Result<(), StoreError> {
        let (head, _) = self.read_head(tenant, name).await?.ok_or_else(|| no_function(name))?;
        let deleted = self.objects.delete(&paths::head(tenant, name)).await;
        self.heads.remove(&(tenant.to_owned(), name.to_owned()));
        match deleted {
            // Somebody else was faster.
            Ok(()) | Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        for version in &head.versions {
            self.forget(tenant, name, version).await;
        }
        Ok(())
    }

    /// Removes a version that no alias points to.
    pub async fn delete_version(&self, tenant: &str, name: &str, version: &str) -> Result<(), StoreError> {
        let mut removed = None;
        self.change(tenant, name, |found| {
            let mut head = found.ok_or_else(|| no_function(name))?;
            let position = head.versions.iter().position(|known| known.version == version);
            let position = position.ok_or_else(|| no_version(name, version))?;
            if let Some(alias) = head.aliases_of(version).next() {
                return Err(StoreError::InUse(format!(
                    "is what the alias '{alias}' of function '{name}' points to: point it to another version, or remove it, first; or \
                     delete the function"
                )));
            }
            removed = Some(head.versions.remove(position));
            Ok(head)
        })
        .await?;
        if let Some(version) = removed {
            self.forget(tenant, name, &version).await;
        }
        Ok(())
    }

    /// Removes an alias.
    pub async fn delete_alias(&self, tenant: &str, name: &str, alias: &str) -> Result<(), StoreError> {
        self.change(tenant, name, |found| {
            let mut head = found.ok_or_else(|| no_function(name))?;
            head.aliases.remove(alias).ok_or_else(|| no_alias(name, alias))?;
            Ok(head)
        })
        .await
        .map(drop)
    }

    /// Reads the head, changes it, and writes it if nobody else did meanwhile; else again.
    async fn change(
        &self,
        tenant: &str,
        name: &str,
        mut change: impl FnMut(Option<FunctionIndex>) -> Result<FunctionIndex, StoreError>,
    ) -> Result<Arc<FunctionIndex>, StoreError> {
        let path = paths::head(tenant, name);
        for attempt in 0..ATTEMPTS {
            let (found, mode) = match self.read_head(tenant, name).await? {
                Some((head, tag)) => (Some(head), PutMode::Update(tag)),
                None => (None, PutMode::Create),
            };
            let head = change(found.clone())?;
            let unchanged = found.as_ref() == Some(&head);
            let written = match unchanged {
                true => Ok(()),
                false => self.objects.put_opts(&path, head.to_bytes().into(), mode.into()).await.map(drop),
            };
            match written {
                Ok(()) => {
                    let head = Arc::new(head);
                    let key = (tenant.to_owned(), name.to_owned());
                    self.heads.insert(key, (Arc::clone(&head), Instant::now()));
                    return Ok(head);
                }
                Err(Error::Precondition { .. } | Error::AlreadyExists { .. }) => {
                    tokio::time::sleep(Duration::from_millis(1 << attempt.min(7))).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Contended)
    }

    pub(crate) async fn read_head(
        &self,
        tenant: &str,
        name: &str,
    ) -> Result<Option<(FunctionIndex, UpdateVersion)>, StoreError> {
        let path = paths::head(tenant, name);
        let found = match self.objects.get(&path).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let tag = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        Ok(Some((FunctionIndex::from_bytes(path.as_ref(), &found.bytes().await?)?, tag)))
    }

    async fn check_room(
        &self,
        tenant: &str,
        name: &str,
        more: u64,
        room: &StoreQuota,
    ) -> Result<(), StoreError> {
        let others = self.names(tenant).await?.iter().filter(|known| *known != name).count();
        if others >= room.functions {
            return Err(StoreError::Full(format!(
                "the tenant has {others} functions, at most {} are kept: delete one",
                room.functions
            )));
        }
        let objects = self.objects.list(Some(&paths::tenant(tenant)));
        let bytes = objects.try_fold(0, |sum, meta| std::future::ready(Ok(sum + meta.size))).await?;
        if bytes + more > room.bytes {
            return Err(StoreError::Full(format!(
                "the tenant's functions and their checkpoints take {bytes} bytes, this one {more} more, at most {} are kept: \
                 delete one",
                room.bytes
            )));
        }
        Ok(())
    }

    /// Removes what belonged to a version. Best effort: what stays is swept away later.
    async fn forget(&self, tenant: &str, name: &str, version: &Version) {
        self.forget_object(tenant, name, &version.object).await;
        let folder = paths::checkpoints(tenant, name);
        let listed: Vec<_> = self.objects.list(Some(&folder)).try_collect().await.unwrap_or_default();
        for meta in listed {
            if meta.location.filename().is_some_and(|file| file.starts_with(&version.version)) {
                let _ = self.objects.delete(&meta.location).await;
            }
        }
    }

    /// Removes what was written for one put. Best effort, likewise.
    async fn forget_object(&self, tenant: &str, name: &str, object: &str) {
        let _ = self.objects.delete(&paths::definition(tenant, name, object)).await;
        let _ = self.objects.delete(&paths::files(tenant, name, object)).await;
    }

    pub(crate) async fn read(&self, path: &Path) -> Result<Bytes, StoreError> {
        match self.objects.get(path).await {
            Ok(found) => Ok(found.bytes().await?),
            Err(Error::NotFound { .. }) => Err(StoreError::NotFound(format!("{path} is not there"))),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn write(&self, path: &Path, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.objects.put(path, PutPayload::from(bytes)).await?;
        Ok(())
    }
}

/// Takes over what a put says of its version.
fn describe(head: &mut FunctionIndex, name: &str, version: &str, words: &Words) -> Result<(), StoreError> {
    let before = head.words();
    let Some(kept) = head.versions.iter_mut().find(|known| known.version == version) else { return Ok(()) };
    if !words.description.is_empty() {
        kept.description.clone_from(&words.description);
    }
    if !words.labels.is_empty() {
        kept.labels.clone_from(&words.labels);
    }
    head.check_words(name, before)
}

/// Distinguishes what is put from all that was put before.
fn mark() -> String {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    hex::encode(bytes)
}

fn unix_millis() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

fn no_function(name: &str) -> StoreError {
    StoreError::NotFound(format!("there is no function '{name}'"))
}

fn no_version(name: &str, version: &str) -> StoreError {
    StoreError::NotFound(format!("function '{name}' has no version '{version}'"))
}

fn no_alias(name: &str, alias: &str) -> StoreError {
    StoreError::NotFound(format!("function '{name}' has no alias '{alias}'"))
}
