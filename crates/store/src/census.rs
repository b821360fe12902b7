//! What tenants keep, counted by a look at the names of all objects.

use crate::error::StoreError;
use crate::functions::FunctionStore;
use crate::paths;
use futures_util::TryStreamExt;
use std::collections::BTreeMap;

/// What a tenant keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Functions.
    pub functions: u64,
    /// Versions of them all.
    pub versions: u64,
    /// Definitions, files and checkpoints together, in bytes.
    pub bytes: u64,
}

impl FunctionStore {
    /// Of each tenant that has something here, by name. Leftovers of puts and deletions that were cut short
    /// count until they are swept away.
    pub async fn census(&self) -> Result<BTreeMap<String, Kept>, StoreError> {
        let mut found: BTreeMap<String, Kept> = BTreeMap::new();
        let mut objects = self.objects.list(Some(&paths::root()));
        while let Some(object) = objects.try_next().await? {
            let mut parts = object.location.parts().skip(1);
            let (Some(tenant), Some(_), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let kept = found.entry(tenant.as_ref().to_owned()).or_default();
            kept.bytes += object.size;
            match kind.as_ref() {
                "head" => kept.functions += 1,
                "definitions" => kept.versions += 1,
                _ => {}
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;
    use crate::functions::{StoreQuota, Words};
    use object_store::memory::InMemory;
    use std::sync::Arc;

    #[tokio::test]
    async fn functions_versions_and_bytes_are_counted_by_tenant() {
        let store = FunctionStore::new(Arc::new(InMemory::new()));
        assert_eq!(store.census().await.unwrap(), BTreeMap::new());
        let room = StoreQuota { functions: 10, versions: 10, bytes: 1 << 20 };
        for (tenant, name, content) in
            [("one", "f", "{}"), ("one", "f", "[]"), ("one", "g", "{}"), ("two", "f", "{}")]
        {
            let definition = Definition::new(content.into(), None);
            store.put(tenant, name, &definition, &Words::default(), &room).await.unwrap();
        }
        store.put_checkpoint("two", "f", "0", "image", vec![0; 1000]).await.unwrap();
        let found = store.census().await.unwrap();
        let counted = |tenant: &str| (found[tenant].functions, found[tenant].versions);
        assert_eq!((found.len(), counted("one"), counted("two")), (2, (2, 3), (1, 1)));
        assert!(found["two"].bytes > 1000 && found["one"].bytes < 2000, "{found:?}");
        store.delete("one", "f").await.unwrap();
        store.delete("one", "g").await.unwrap();
        assert!(!store.census().await.unwrap().contains_key("one"));
    }
}
