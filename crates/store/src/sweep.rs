//! Sweeps away what no head names: leftovers of puts and deletions that were cut short.

use crate::error::StoreError;
use crate::functions::FunctionStore;
use crate::head::FunctionIndex;
use crate::paths;
use futures_util::TryStreamExt;
use object_store::{ObjectMeta, ObjectStoreExt};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// Younger objects may belong to a put that is under way.
const OLD: Duration = Duration::from_secs(3600);

/// Checkpoints for images that this server has not got may be another server's, or wanted again after a step
/// back.
const UNUSED: Duration = Duration::from_secs(7 * 24 * 3600);

impl FunctionStore {
    /// Removes what belongs to no version, and, after a week, checkpoints for other images than those of
    /// these digests. Answers how many objects it removed.
    pub async fn sweep(&self, images: &[&str]) -> Result<usize, StoreError> {
        self.sweep_older(images, OLD, UNUSED).await
    }

    pub(crate) async fn sweep_older(
        &self,
        images: &[&str],
        old: Duration,
        unused: Duration,
    ) -> Result<usize, StoreError> {
        let objects: Vec<ObjectMeta> = self.objects.list(Some(&paths::root())).try_collect().await?;
        let mut heads: HashMap<(String, String), Option<FunctionIndex>> = HashMap::new();
        let mut removed = 0;
        for object in objects {
            let parts: Vec<String> = object.location.parts().map(|part| part.as_ref().to_owned()).collect();
            let [_, tenant, name, kind, file] = parts.as_slice() else { continue };
            let age = SystemTime::now().duration_since(object.last_modified.into()).unwrap_or_default();
            if age < old {
                continue;
            }
            let key = (tenant.clone(), name.clone());
            if !heads.contains_key(&key) {
                let head = match self.read_head(tenant, name).await {
                    Ok(head) => head.map(|(head, _)| head),
                    // Nothing is removed on the word of a damaged head.
                    Err(StoreError::Damaged(path)) => {
                        tracing::error!(path, "a function's head is damaged");
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                heads.insert(key.clone(), head);
            }
            let head = heads[&key].as_ref();
            let is_needed = match kind.as_str() {
                "definitions" | "files" => {
                    head.is_some_and(|head| head.versions.iter().any(|version| version.object == *file))
                }
                "checkpoints" => file.split_once('.').is_some_and(|(version, image)| {
                    let is_of_ours = images.contains(&image) || age < unused;
                    is_of_ours && head.is_some_and(|head| head.version(version).is_some())
                }),
                _ => true,
            };
            if !is_needed {
                self.objects.delete(&object.location).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Definition;
    use crate::functions::{StoreQuota, Words};
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use std::sync::Arc;

    const ROOM: StoreQuota = StoreQuota { functions: 10, versions: 10, bytes: 1 << 20 };

    #[tokio::test]
    async fn leftovers_go_and_everything_else_stays() {
        let objects = Arc::new(InMemory::new());
        let store = FunctionStore::new(Arc::clone(&objects) as Arc<_>);
        let definition = Definition::new("{}".into(), None).with_files(b"files".as_slice().into());
        let head = store.put("t", "f", &definition, &Words::default(), &ROOM).await.unwrap();
        let version = definition.version();
        for image in ["ours", "another"] {
            store.put_checkpoint("t", "f", version, image, vec![1]).await.unwrap();
        }
        let leftovers = [
            "functions/t/f/definitions/of-a-put-that-was-killed",
            "functions/t/f/files/of-a-put-that-was-killed",
            "functions/t/f/checkpoints/0123.ours",
            "functions/t/deleted/definitions/x",
            "functions/t/deleted/checkpoints/0123.ours",
        ];
        for path in leftovers {
            objects.put(&Path::from(path), vec![1].into()).await.unwrap();
        }
        assert_eq!(store.sweep(&["ours"]).await.unwrap(), 0, "all of it is young");
        assert_eq!(store.sweep_older(&["ours"], Duration::ZERO, UNUSED).await.unwrap(), leftovers.len());
        assert_eq!(store.definition("t", "f", &head.versions[0]).await.unwrap().version(), version);
        assert_eq!(store.files("t", "f", &head.versions[0]).await.unwrap(), b"files".as_slice());
        assert_eq!(store.checkpoint_bytes("t", "f", version, "another").await.unwrap(), Some(1));
        assert_eq!(store.sweep_older(&["ours"], Duration::ZERO, Duration::ZERO).await.unwrap(), 1);
        assert_eq!(store.checkpoint_bytes("t", "f", version, "another").await.unwrap(), None);
        assert_eq!(store.checkpoint_bytes("t", "f", version, "ours").await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn nothing_is_removed_on_the_word_of_a_damaged_head() {
        let objects = Arc::new(InMemory::new());
        let store = FunctionStore::new(Arc::clone(&objects) as Arc<_>);
        store.put("t", "f", &Definition::new("{}".into(), None), &Words::default(), &ROOM).await.unwrap();
        objects.put(&Path::from("functions/t/f/head"), b"ampoule".to_vec().into()).await.unwrap();
        assert_eq!(store.sweep_older(&[], Duration::ZERO, Duration::ZERO).await.unwrap(), 0);
    }
}
