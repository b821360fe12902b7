//! What a store keeps and tells, the same in memory and in a folder.

use ampoule_store::{Definition, FunctionStore, InMemory, LocalObjectStore, StoreError, StoreQuota, Words};
use std::sync::Arc;

const ROOM: StoreQuota = StoreQuota { functions: 3, versions: 3, bytes: 10_000 };

fn stores() -> Vec<(FunctionStore, Option<tempfile::TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalObjectStore::open(folder.path()).unwrap();
    vec![
        (FunctionStore::new(Arc::new(InMemory::new())), None),
        (FunctionStore::new(Arc::new(local)), Some(folder)),
    ]
}

fn numbered(number: usize) -> Definition {
    Definition::new(format!("{{\"number\":{number}}}"), Some("[1]".into()))
}

fn aliases(names: &[&str]) -> Words {
    Words { aliases: names.iter().map(|name| (*name).to_owned()).collect(), ..Words::default() }
}

fn plain() -> Words {
    Words::default()
}

#[tokio::test]
async fn a_version_is_found_by_its_content_and_by_its_aliases() {
    for (store, _folder) in stores() {
        let (one, two) = (numbered(1), numbered(2));
        assert_eq!(one.version().len(), 64);
        store.put("t", "f", &one, &aliases(&["stable"]), &ROOM).await.unwrap();
        let head = store.put("t", "f", &two, &plain(), &ROOM).await.unwrap();
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
        let first = store.put("t", "f", &numbered(1), &plain(), &ROOM).await.unwrap();
        store.put("t", "f", &numbered(2), &plain(), &ROOM).await.unwrap();
        let again = store.put("t", "f", &numbered(1), &aliases(&["a"]), &ROOM).await.unwrap();
        assert_eq!(again.versions.len(), 2);
        assert_eq!(again.versions[0], first.versions[0]);
        assert_eq!(again.aliases_of(numbered(1).version()).collect::<Vec<_>>(), ["a", "latest"]);
    }
}

#[tokio::test]
async fn tenants_see_their_own() {
    for (store, _folder) in stores() {
        store.put("one", "f", &numbered(1), &plain(), &ROOM).await.unwrap();
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
            store.put("t", "f", &numbered(number), &plain(), &ROOM).await.unwrap();
        }
        let versions = store.put("t", "f", &numbered(3), &plain(), &ROOM).await.unwrap_err();
        assert_eq!(versions.to_string(), "function 'f' has 3 versions, at most 3 are kept: delete one");
        // What is kept can be put again.
        store.put("t", "f", &numbered(1), &plain(), &ROOM).await.unwrap();
        let large = Definition::new(format!("\"{}\"", "x".repeat(10_000)), None);
        let bytes = store.put("t", "g", &large, &plain(), &ROOM).await.unwrap_err();
        assert!(bytes.to_string().contains("at most 10000 are kept"), "{bytes}");
        store.put("t", "g", &numbered(1), &plain(), &ROOM).await.unwrap();
        store.put("t", "h", &numbered(1), &plain(), &ROOM).await.unwrap();
        let functions = store.put("t", "i", &numbered(1), &plain(), &ROOM).await.unwrap_err();
        assert_eq!(functions.to_string(), "the tenant has 3 functions, at most 3 are kept: delete one");
        store.put("other", "i", &numbered(1), &plain(), &ROOM).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_are_all_made() {
    let room = StoreQuota { functions: 1, versions: 100, bytes: 1 << 20 };
    let folder = tempfile::tempdir().unwrap();
    // Stores of their own, as of several servers on one folder.
    let puts = (0..12).map(|number| {
        let store = FunctionStore::new(Arc::new(LocalObjectStore::open(folder.path()).unwrap()));
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
    let store = FunctionStore::new(Arc::new(LocalObjectStore::open(folder.path()).unwrap()));
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
    let open = || FunctionStore::new(Arc::new(LocalObjectStore::open(folder.path()).unwrap()));
    let head = open().put("t", "f", &numbered(1), &plain(), &ROOM).await.unwrap();
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

fn with_files(number: usize, files: &'static [u8]) -> Definition {
    numbered(number).with_files(files.into())
}

#[tokio::test]
async fn aliases_move_in_one_step_and_nothing_else_does() {
    for (store, _folder) in stores() {
        let (one, two) = (numbered(1), numbered(2));
        store.put("t", "f", &one, &aliases(&["stable", "old"]), &ROOM).await.unwrap();
        store.put("t", "f", &two, &aliases(&["canary"]), &ROOM).await.unwrap();
        let pair = |alias: &str, to: &Definition| (alias.to_owned(), to.version().to_owned());
        let set = [pair("stable", &two), pair("new", &one)];
        let head = store.update_aliases("t", "f", &set, &["old".to_owned()]).await.unwrap();
        let of =
            |definition: &Definition| head.aliases_of(definition.version()).collect::<Vec<_>>().join(" ");
        assert_eq!((of(&one), of(&two)), ("new".into(), "canary latest stable".into()));
        // All of it or none.
        for (set, remove, says) in [
            (vec![pair("canary", &one), pair("x", &numbered(3))], vec![], "function 'f' has no version"),
            (vec![pair("canary", &one)], vec!["old".to_owned()], "function 'f' has no alias 'old'"),
        ] {
            let refused = store.update_aliases("t", "f", &set, &remove).await.unwrap_err();
            assert!(refused.to_string().starts_with(says), "{refused}");
        }
        assert_eq!(store.head_now("t", "f").await.unwrap(), head);
        assert!(matches!(store.update_aliases("t", "g", &[], &[]).await, Err(StoreError::NotFound(_))));
    }
}

#[tokio::test]
async fn a_put_can_leave_latest_where_it_is() {
    for (store, _folder) in stores() {
        let canary = Words { keep_latest: true, ..aliases(&["canary"]) };
        let head = store.put("t", "f", &numbered(1), &canary, &ROOM).await.unwrap();
        assert_eq!(head.aliases.keys().collect::<Vec<_>>(), ["canary"]);
        store.put("t", "f", &numbered(1), &plain(), &ROOM).await.unwrap();
        let head = store.put("t", "f", &numbered(2), &canary, &ROOM).await.unwrap();
        assert_eq!(head.aliases["latest"], numbered(1).version());
        assert_eq!(head.aliases["canary"], numbered(2).version());
    }
}

#[tokio::test]
async fn a_function_has_so_many_aliases_and_words_and_no_more() {
    for (store, _folder) in stores() {
        let many: Vec<String> = (0..99).map(|number| format!("a{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        store.put("t", "f", &numbered(1), &aliases(&many), &ROOM).await.unwrap();
        let full = store.put("t", "f", &numbered(2), &aliases(&["one-more"]), &ROOM).await.unwrap_err();
        let says = "function 'f' would have 101 aliases, at most 100 are kept: remove one";
        assert!(matches!(full, StoreError::Full(_)) && full.to_string() == says, "{full}");
        let set = [("one-more".to_owned(), numbered(1).version().to_owned())];
        assert!(matches!(store.update_aliases("t", "f", &set, &[]).await, Err(StoreError::Full(_))));
        // Those that are there move, and one that goes makes room.
        store.put("t", "f", &numbered(2), &aliases(&["a1"]), &ROOM).await.unwrap();
        store.update_aliases("t", "f", &set, &["a2".to_owned()]).await.unwrap();
        let long = Words { description: "x".repeat(40_000), ..plain() };
        store.put("t", "f", &numbered(1), &long, &ROOM).await.unwrap();
        let full = store.put("t", "f", &numbered(2), &long, &ROOM).await.unwrap_err();
        let says = "descriptions and labels of function 'f' would take 80000 bytes, at most 65536 are kept";
        assert!(full.to_string().starts_with(says), "{full}");
    }
}

#[tokio::test]
async fn words_stay_until_others_are_given_and_who_came_first_stays() {
    for (store, _folder) in stores() {
        let label = |value: &str| [("team".to_owned(), value.to_owned())].into();
        let first =
            Words { by: "key:1".into(), description: "First".into(), labels: label("billing"), ..plain() };
        store.put("t", "f", &numbered(1), &first, &ROOM).await.unwrap();
        let head =
            store.put("t", "f", &numbered(1), &Words { by: "key:2".into(), ..plain() }, &ROOM).await.unwrap();
        let [version] = head.versions.as_slice() else { panic!("{head:?}") };
        assert_eq!((version.created_by.as_str(), version.description.as_str()), ("key:1", "First"));
        assert_eq!(version.labels, label("billing"));
        let other = Words { description: "Second".into(), labels: label("sales"), ..plain() };
        let head = store.put("t", "f", &numbered(1), &other, &ROOM).await.unwrap();
        assert_eq!(
            (head.versions[0].description.as_str(), &head.versions[0].labels),
            ("Second", &label("sales"))
        );
    }
}

#[tokio::test]
async fn files_come_and_go_with_their_version() {
    for (store, folder) in stores() {
        let head = store.put("t", "f", &with_files(1, b"one"), &plain(), &ROOM).await.unwrap();
        let head =
            store.put("t", "f", &with_files(2, b""), &plain(), &ROOM).await.map(|two| (head, two)).unwrap();
        let (first, second) = (&head.0.versions[0], &head.1.versions[1]);
        assert_eq!(store.files("t", "f", first).await.unwrap(), b"one".as_slice());
        assert_eq!(store.files("t", "f", second).await.unwrap(), b"".as_slice());
        assert_eq!(store.definition("t", "f", first).await.unwrap().content(), "{\"number\":1}");
        store.delete_version("t", "f", &first.version).await.unwrap();
        assert!(matches!(store.files("t", "f", first).await, Err(StoreError::Damaged(_))));
        // They count, and what has no room leaves nothing.
        let large = numbered(3).with_files(vec![0; 10_000].into());
        assert!(matches!(store.put("t", "f", &large, &plain(), &ROOM).await, Err(StoreError::Full(_))));
        if let Some(folder) = folder {
            let objects = folder.path().join("objects/functions/t/f");
            for kind in ["files", "definitions"] {
                assert_eq!(std::fs::read_dir(objects.join(kind)).unwrap().count(), 1, "{kind}");
            }
        }
    }
}

/// A server of the version before knows of no files: were it to read such a version, it would run it without.
#[tokio::test]
async fn what_older_servers_would_run_wrongly_they_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = FunctionStore::new(Arc::new(LocalObjectStore::open(folder.path()).unwrap()));
    let kinds = async |definition: &Definition| {
        let head = store.put("t", "f", definition, &plain(), &ROOM).await.unwrap();
        let object = &head.version(definition.version()).unwrap().object;
        let path = folder.path().join("objects/functions/t/f/definitions").join(object);
        std::fs::read_to_string(path).unwrap().split(' ').take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(kinds(&numbered(1)).await, "ampoule-function 1");
    assert_eq!(kinds(&with_files(2, b"")).await, "ampoule-function 2");
}

/// `tests/written-before` was written by the version before this one had files, words and `head_now`.
#[tokio::test]
async fn what_was_written_before_is_read_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    copy(&before(), &folder.path().join("objects"));
    let store = FunctionStore::new(Arc::new(LocalObjectStore::open(folder.path()).unwrap()));
    let head = store.head("open", "before").await.unwrap();
    let stable = head.version_from("f816").unwrap().unwrap();
    assert_eq!((&head.aliases["stable"], stable.created_unix_millis), (&stable.version, 1_796_042_003_932));
    assert_eq!((stable.created_by.as_str(), stable.description.as_str(), stable.labels.len()), ("", "", 0));
    for version in &head.versions {
        let kept = store.definition("open", "before", version).await.unwrap();
        assert_eq!(kept.version(), version.version);
        assert!(kept.signature().is_some());
    }
    let words = Words { description: "New".into(), keep_latest: true, ..aliases(&["next"]) };
    store.put("open", "before", &with_files(1, b"file"), &words, &ROOM).await.unwrap();
    let set = [("stable".to_owned(), head.aliases["latest"].clone())];
    let after = store.update_aliases("open", "before", &set, &[]).await.unwrap();
    assert_eq!(after.versions[..2], head.versions[..]);
    assert_eq!(after.aliases["stable"], head.aliases["latest"]);
    assert_eq!(after.aliases["latest"], head.aliases["latest"]);
}

fn before() -> std::path::PathBuf {
    std::path::Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("tests/written-before")
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}
