//! What is kept of a version, read from the store with memory set aside for it: a caller can ask for many at
//! the same time.

use super::definition::Definition;
use super::{Functions, files};
use crate::capacity::slots::Reserved;
use crate::error::Error;
use crate::service::Service;
use crate::tenants::Tenant;
use ampoule_model::File;
use ampoule_store::{StoreError, Version};

/// A definition is there as the bytes of its object, as the text in them, taken apart, and as what is made of
/// that.
const COPIES: u64 = 4;

/// What is kept of a version, without its files.
pub(super) struct Known {
    pub(super) definition: Definition,
    /// What was found out about it when it was put.
    pub(super) signature: Option<String>,
    /// Bytes of it in the store.
    pub(super) bytes: u64,
    /// The memory that it takes.
    pub(super) memory: Reserved,
}

impl Service {
    /// What is kept of a version. Refused where there is no memory for it, or while too many of the tenant's
    /// answers lie unread.
    pub(super) async fn known(&self, tenant: &Tenant, name: &str, version: &str) -> Result<Known, Error> {
        let functions = self.functions()?;
        let store = &functions.store;
        let head = store.head(tenant.name(), name).await?;
        let listed = listed(head.version(version), name, version)?;
        let bytes = store.definition_bytes(tenant.name(), name, listed).await?;
        let memory = self.slots().reserve_to_send(tenant, COPIES * bytes)?;
        let kept = store.definition(tenant.name(), name, listed).await?;
        let definition = Definition::from_json(kept.content()).ok_or_else(|| {
            Error::Store(StoreError::Damaged(format!("version {version} of function {name}")))
        })?;
        Ok(Known { definition, signature: kept.signature().map(str::to_owned), bytes, memory })
    }
}

impl Functions {
    /// The files that a version's definition tells of. The caller has memory for them.
    pub(super) async fn files(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
        definition: &Definition,
    ) -> Result<Vec<File>, Error> {
        if definition.files().is_empty() {
            return Ok(Vec::new());
        }
        let head = self.store.head(tenant, name).await?;
        let kept = self.store.files(tenant, name, listed(head.version(version), name, version)?).await?;
        files::read(kept, definition.files()).await
    }
}

fn listed<'a>(found: Option<&'a Version>, name: &str, version: &str) -> Result<&'a Version, Error> {
    found.ok_or_else(|| Error::NotFound(format!("function '{name}' has no version '{version}'")))
}
