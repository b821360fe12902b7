//! Checkpoints, which lie beside the versions they are of.

use crate::error::StoreError;
use crate::functions::FunctionStore;
use crate::paths;
use bytes::Bytes;
use object_store::{Error, ObjectStoreExt};

impl FunctionStore {
    /// The size of a version's checkpoint for an image, in bytes, if there is one.
    pub async fn checkpoint_bytes(
        &self,
        tenant: &str,
        name: &str,
        version: &str,
        image: &str,
    ) -> Result<Option<u64>, StoreError> {
        match self.objects.head(&paths::checkpoint(tenant, name, version, image)).await {
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
        match self.read(&paths::checkpoint(tenant, name, version, image)).await {
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
        self.write(&paths::checkpoint(tenant, name, version, image), bytes).await
    }

    /// Removes a checkpoint that is not needed after all. Best effort: what stays is swept away later.
    pub async fn delete_checkpoint(&self, tenant: &str, name: &str, version: &str, image: &str) {
        let _ = self.objects.delete(&paths::checkpoint(tenant, name, version, image)).await;
    }
}
