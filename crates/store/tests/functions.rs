//! What a store keeps and tells, the same in memory and in a folder.

use ampoule_store::{Definition, Folder, FunctionStore, InMemory, Room, StoreError};
use std::sync::Arc;

const ROOM: Room = Room { functions: 3, versions: 3, bytes: 10_000 };

fn stores() -> Vec<(FunctionStore, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let local = Folder::open(folder.path()).unwrap();
    vec![
        (FunctionStore::new(Arc::new(InMemory::new())), None),
        (FunctionStore::new(Arc::new(local)), Some(folder)),
    ]
}

fn numbered(number: usize) -> Definition {
    Definition::new(format!("{{\"number\":{number}}}"), Some("[1]".into()))
}

fn aliases(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn a_version_is_found_by_its_content_and_by_its_aliases() {
    for (store, _folder) in stores() {
        let (one, two) = (numbered(1), numbered(2));
        assert_eq!(one.version().len(), 64);
        store.put("t", "f", &one, &aliases(&["stable"]), &ROOM).await.unwrap();
        let head = store.put("t", "f", &two, &[], &ROOM).await.unwrap();
        assert_eq!(head.aliases["stable"], one.version());
        assert_eq!(head.aliases["latest"], two.version());
        assert_eq!(head.aliases_of(two.version()).collect::<Vec<_>>(), ["latest"]);
        assert_eq!(store.head("t", "f").await.unwrap(), head);
        let kept = store.definition("t", "f", head.version(one.version()).unwrap()).await.unwrap();
        assert_eq!((kept.content(), kept.signature()), ("{\"number\":1}", Some("[1]")));
        assert_eq!(store.names("t").await.unwrap(), ["f"]);
    }
}

#[tokio::test]
async fn the_same_content_is_the_same_version_and_moves_the_aliases() {
    for (store, _folder) in stores() {
        let first = store.put("t", "f", &numbered(1), &[], &ROOM).await.unwrap();
        store.put("t", "f", &numbered(2), &[], &ROOM).await.unwrap();
        let again = store.put("t", "f", &numbered(1), &aliases(&["a"]), &ROOM).await.unwrap();
        assert_eq!(again.versions.len(), 2);
        assert_eq!(again.versions[0], first.versions[0]);
        assert_eq!(again.aliases_of(numbered(1).version()).collect::<Vec<_>>(), ["a", "latest"]);
    }
}

#[tokio::test]
async fn tenants_see_their_own() {
    for (store, _folder) in stores() {
        store.put("one", "f", &numbered(1), &[], &ROOM).await.unwrap();
        store.put_checkpoint("one", "f", numbered(1).version(), "i", vec![1]).await.unwrap();
        let none = store.head("two", "f").await.unwrap_err();
        assert_eq!(none.to_string(), "there is no function 'f'");
        assert!(store.names("two").await.unwrap().is_empty());
        assert_eq!(store.checkpoint("two", "f", numbered(1).version(), "i").await.unwrap(), None);
        assert!(matches!(store.delete("two", "f").await, Err(StoreError::NotFound(_))));
        // Names that would lead elsewhere, were they folders: the service refuses them, here they are names.
        for name in ["..", ".", "../one", "a/b", ""] {
            assert!(store.head("two", name).await.is_err(), "{name}");
            assert!(store.head(name, "f").await.is_err(), "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_all_that_belongs_to_it() {
    for (store, folder) in stores() {
        for number in [1, 2] {
            store.put("t", "f", &numbered(number), &aliases(&["a"]), &ROOM).await.unwrap();
            store.put_checkpoint("t", "f", numbered(number).version(), "i", vec![1]).await.unwrap();
        }
        let (one, two) = (numbered(1), numbered(2));
        let pointed = store.delete_version("t", "f", two.version()).await.unwrap_err();
        assert!(pointed.to_string().contains("is what the alias 'a' of function 'f' points to"), "{pointed}");
        store.delete_version("t", "f", one.version()).await.unwrap();
        assert_eq!(store.checkpoint_bytes("t", "f", one.version(), "i").await.unwrap(), None);
        assert_eq!(store.checkpoint_bytes("t", "f", two.version(), "i").await.unwrap(), Some(1));
        let gone = store.delete_version("t", "f", one.version()).await.unwrap_err();
        assert!(gone.to_string().contains("has no version"), "{gone}");
        store.delete_alias("t", "f", "a").await.unwrap();
        assert!(store.delete_alias("t", "f", "a").await.is_err());
        store.delete("t", "f").await.unwrap();
        assert!(store.head("t", "f").await.is_err());
        assert!(store.names("t").await.unwrap().is_empty());
        if let Some(folder) = folder {
            let left = std::fs::read_dir(folder.path().join("objects")).unwrap().count();
            assert_eq!(left, 0, "an empty folder is left");
        }
    }
}

#[tokio::test]
async fn a_tenant_keeps_as_much_as_it_may() {
    for (store, _folder) in stores() {
        for number in 0..3 {
            store.put("t", "f", &numbered(number), &[], &ROOM).await.unwrap();
        }
        let versions = store.put("t", "f", &numbered(3), &[], &ROOM).await.unwrap_err();
        assert_eq!(versions.to_string(), "function 'f' has 3 versions, at most 3 are kept: delete one");
        // What is kept can be put again.
        store.put("t", "f", &numbered(1), &[], &ROOM).await.unwrap();
        let large = Definition::new(format!("\"{}\"", "x".repeat(10_000)), None);
        let bytes = store.put("t", "g", &large, &[], &ROOM).await.unwrap_err();
        assert!(bytes.to_string().contains("at most 10000 are kept"), "{bytes}");
        store.put("t", "g", &numbered(1), &[], &ROOM).await.unwrap();
        store.put("t", "h", &numbered(1), &[], &ROOM).await.unwrap();
        let functions = store.put("t", "i", &numbered(1), &[], &ROOM).await.unwrap_err();
        assert_eq!(functions.to_string(), "the tenant has 3 functions, at most 3 are kept: delete one");
        store.put("other", "i", &numbered(1), &[], &ROOM).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_are_all_made() {
    let room = Room { functions: 1, versions: 100, bytes: 1 << 20 };
    let folder = tempfile::tempdir().unwrap();
    // Stores of their own, as of several servers on one folder.
    let puts = (0..12).map(|number| {
        let store = FunctionStore::new(Arc::new(Folder::open(folder.path()).unwrap()));
        tokio::spawn(async move {
            let alias = aliases(&[&format!("a{number}")]);
            while let Err(error) = store.put("t", "f", &numbered(number), &alias, &room).await {
                assert!(matches!(error, StoreError::Contended), "{error}");
            }
        })
    });
    for put in puts.collect::<Vec<_>>() {
        put.await.unwrap();
    }
    let store = FunctionStore::new(Arc::new(Folder::open(folder.path()).unwrap()));
    let head = store.head("t", "f").await.unwrap();
    assert_eq!(head.versions.len(), 12);
    for number in 0..12 {
        assert_eq!(head.aliases[&format!("a{number}")], numbered(number).version());
        let version = head.version(numbered(number).version()).unwrap();
        assert_eq!(store.definition("t", "f", version).await.unwrap(), numbered(number));
    }
}

#[tokio::test]
async fn damage_is_noticed_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FunctionStore::new(Arc::new(Folder::open(folder.path()).unwrap()));
    let head = open().put("t", "f", &numbered(1), &[], &ROOM).await.unwrap();
    let objects = folder.path().join("objects/functions/t/f");
    let definition = objects.join("definitions").join(&head.versions[0].object);
    for (path, looks_at_definition) in [(definition, true), (objects.join("head"), false)] {
        let whole = std::fs::read(&path).unwrap();
        for (what, content) in [
            ("cut", whole[..whole.len() / 2].to_vec()),
            ("empty", Vec::new()),
            (
                "changed",
                whole.iter().enumerate().map(|(at, byte)| if at == 90 { byte ^ 4 } else { *byte }).collect(),
            ),
        ] {
            std::fs::write(&path, content).unwrap();
            let store = open();
            let error = match looks_at_definition {
                true => store.definition("t", "f", &head.versions[0]).await.map(drop),
                false => store.head("t", "f").await.map(drop),
            };
            assert!(matches!(error, Err(StoreError::Damaged(_))), "{what}: {error:?}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    assert_eq!(open().head("t", "f").await.unwrap(), head);
}
