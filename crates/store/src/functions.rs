//! The functions of all tenants, on an object store.

use crate::error::StoreError;
use crate::head::{Head, Version};
use crate::sealed;
use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload, UpdateVersion};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Name and version of the format of definitions.
const KIND: &str = "ampoule-function 1";

/// How long a head is taken from memory. Changes by this process are seen at once, those by others after this time.
const FRESH: Duration = Duration::from_secs(1);

/// Heads in memory; one has a few hundred bytes, one with the most versions 20 KiB.
const HEADS: usize = 4096;

/// How often a change is tried when others change the same function.
const ATTEMPTS: u32 = 20;

/// The alias that points to what was put last.
pub(crate) const LATEST: &str = "latest";

/// What one tenant may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Functions.
    pub functions: usize,
    /// Versions of each.
    pub versions: usize,
    /// Definitions and checkpoints together, in bytes.
    pub bytes: u64,
}

/// What a version is made of, and what was found when it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    version: String,
    content: String,
    signature: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    definition: &'a RawValue,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
}

impl Definition {
    /// Made of `content` and told of by `signature`, both JSON texts.
    pub fn new(content: String, signature: Option<String>) -> Self {
        Definition { version: hex::encode(Sha256::digest(&content)), content, signature }
    }

    /// The name of the version: the sha256 of the content, in hex.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is made of, as it was given.
    pub fn content(&self) -> &str {
        &self.content
    }

    /// What was found out about it when it was put.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    fn to_bytes(&self) -> Result<Vec<u8>, StoreError> {
        let no_json = |error: serde_json::Error| StoreError::Failed(error.to_string());
        let definition = serde_json::from_str(&self.content).map_err(no_json)?;
        let signature = self.signature.as_deref().map(serde_json::from_str).transpose().map_err(no_json)?;
        let written = serde_json::to_vec(&Written { definition, signature }).map_err(no_json)?;
        Ok(sealed::seal(KIND, &written))
    }

    fn from_bytes(path: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let written: Written<'_> = serde_json::from_slice(sealed::open(KIND, path, bytes)?)
            .map_err(|_| StoreError::Damaged(path.to_owned()))?;
        let signature = written.signature.map(|signature| signature.get().to_owned());
        Ok(Definition::new(written.definition.get().to_owned(), signature))
    }
}

/// Functions in an object store.
#[derive(Debug)]
pub struct FunctionStore {
    pub(crate) objects: Arc<dyn ObjectStore>,
    heads: Cache<(String, String), (Arc<Head>, Instant)>,
}

impl FunctionStore {
    /// On `objects`, which must offer [`PutMode::Update`].
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        FunctionStore { objects, heads: Cache::new(HEADS) }
    }

    /// The names of a tenant's functions, sorted.
    pub async fn names(&self, tenant: &str) -> Result<Vec<String>, StoreError> {
        let listed = self.objects.list_with_delimiter(Some(&tenant_path(tenant))).await?;
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
    pub async fn head(&self, tenant: &str, name: &str) -> Result<Arc<Head>, StoreError> {
        let key = (tenant.to_owned(), name.to_owned());
        if let Some((head, read)) = self.heads.get(&key)
            && read.elapsed() < FRESH
        {
            return Ok(head);
        }
        let (head, _) = self.read_head(tenant, name).await?.ok_or_else(|| no_function(name))?;
        let head = Arc::new(head);
        self.heads.insert(key, (Arc::clone(&head), Instant::now()));
        Ok(head)
    }

    /// A version's definition.
    pub async fn definition(
        &self,
        tenant: &str,
        name: &str,
        version: &Version,
    ) -> Result<Definition, StoreError> {
        let path = definition_path(tenant, name, &version.object);
        let bytes = self.read(&path).await?;
        let definition = Definition::from_bytes(path.as_ref(), &bytes)?;
        if definition.version != version.version {
            return Err(StoreError::Damaged(path.to_string()));
        }
        Ok(definition)
    }

    /// Keeps a version, unless it is kept already, and points the aliases and `latest` to it. It is on the disk when this returns.
    pub async fn put(
        &self,
        tenant: &str,
        name: &str,
        definition: &Definition,
        aliases: &[String],
        room: &Room,
    ) -> Result<Arc<Head>, StoreError> {
        let version = definition.version();
        let found = self.read_head(tenant, name).await?.map(|(head, _)| head);
        let is_kept = found.as_ref().is_some_and(|head| head.version(version).is_some());
        let object = if is_kept {
            None
        } else {
            let bytes = definition.to_bytes()?;
            self.check_room(tenant, name, bytes.len() as u64, room).await?;
            let object = format!("{version}-{}", mark());
            self.write(&definition_path(tenant, name, &object), bytes).await?;
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
                let created_unix_millis = unix_millis();
                head.versions.push(Version { version: version.to_owned(), object, created_unix_millis });
            }
            for alias in aliases.iter().map(String::as_str).chain([LATEST]) {
                head.aliases.insert(alias.to_owned(), version.to_owned());
            }
            Ok(head)
        });
        let head = changed.await;
        if let Some(object) = object
            && !head.as_ref().is_ok_and(|head| head.versions.iter().any(|kept| kept.object == object))
        {
            // Not needed after all; were it to stay, it would be swept away.
            let _ = self.objects.delete(&definition_path(tenant, name, &object)).await;
        }
        head
    }

    /// Removes a function with all of its versions and aliases.
    pub async fn delete(&self, tenant: &str, name: &str) -> Result<(), StoreError> {
        let (head, _) = self.read_head(tenant, name).await?.ok_or_else(|| no_function(name))?;
        let deleted = self.objects.delete(&head_path(tenant, name)).await;
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
                return Err(StoreError::Pointed(format!(
                    "is what the alias '{alias}' of function '{name}' points to: put another version with that alias first, or \
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

    /// The size of a version's checkpoint for an image, in bytes, if there is one.
    pub async fn checkpoint_bytes(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
        image: &str,
    ) -> Result<Option<u64>, StoreError> {
        match self.objects.head(&checkpoint_path(tenant, name, version, image)).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A version's checkpoint for an image, if there is one.
    pub async fn checkpoint(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
        image: &str,
    ) -> Result<Option<Bytes>, StoreError> {
        match self.read(&checkpoint_path(tenant, name, version, image)).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a checkpoint beside its version.
    pub async fn put_checkpoint(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
        image: &str,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(&checkpoint_path(tenant, name, version, image), bytes).await
    }

    /// Removes a checkpoint that is not needed after all. Best effort: what stays is swept away later.
    pub async fn delete_checkpoint(&self, tenant: &str, name: &str, version: &str, image: &str) {
        let _ = self.objects.delete(&checkpoint_path(tenant, name, version, image)).await;
    }

    /// Reads the head, changes it, and writes it if nobody else did meanwhile; else again.
    async fn change(
        &self,
        tenant: &str,
        name: &str,
        mut change: impl FnMut(Option<Head>) -> Result<Head, StoreError>,
    ) -> Result<Arc<Head>, StoreError> {
        let path = head_path(tenant, name);
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
    ) -> Result<Option<(Head, UpdateVersion)>, StoreError> {
        let path = head_path(tenant, name);
        let found = match self.objects.get(&path).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let tag = UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        Ok(Some((Head::from_bytes(path.as_ref(), &found.bytes().await?)?, tag)))
    }

    async fn check_room(&self, tenant: &str, name: &str, more: u64, room: &Room) -> Result<(), StoreError> {
        let others = self.names(tenant).await?.iter().filter(|known| *known != name).count();
        if others >= room.functions {
            return Err(StoreError::Full(format!(
                "the tenant has {others} functions, at most {} are kept: delete one",
                room.functions
            )));
        }
        let objects = self.objects.list(Some(&tenant_path(tenant)));
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
        let _ = self.objects.delete(&definition_path(tenant, name, &version.object)).await;
        let folder = checkpoints_path(tenant, name);
        let listed: Vec<_> = self.objects.list(Some(&folder)).try_collect().await.unwrap_or_default();
        for meta in listed {
            if meta.location.filename().is_some_and(|file| file.starts_with(&version.version)) {
                let _ = self.objects.delete(&meta.location).await;
            }
        }
    }

    async fn read(&self, path: &Path) -> Result<Bytes, StoreError> {
        match self.objects.get(path).await {
            Ok(found) => Ok(found.bytes().await?),
            Err(Error::NotFound { .. }) => Err(StoreError::NotFound(format!("{path} is not there"))),
            Err(error) => Err(error.into()),
        }
    }

    async fn write(&self, path: &Path, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.objects.put(path, PutPayload::from(bytes)).await?;
        Ok(())
    }
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

pub(crate) fn root_path() -> Path {
    Path::from_iter(["functions"])
}

fn tenant_path(tenant: &str) -> Path {
    Path::from_iter(["functions", tenant])
}

fn head_path(tenant: &str, name: &str) -> Path {
    Path::from_iter(["functions", tenant, name, "head"])
}

fn definition_path(tenant: &str, name: &str, object: &str) -> Path {
    Path::from_iter(["functions", tenant, name, "definitions", object])
}

fn checkpoints_path(tenant: &str, name: &str) -> Path {
    Path::from_iter(["functions", tenant, name, "checkpoints"])
}

fn checkpoint_path(tenant: &str, name: &str, version: &str, image: &str) -> Path {
    checkpoints_path(tenant, name).join(format!("{version}.{image}").as_str())
}
