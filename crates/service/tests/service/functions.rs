//! Functions for teams: versions by their first digits, aliases, what is said of versions, lists, files; and
//! what was kept by the version before.

use crate::support::{keeping, request, service};
use ampoule_model::{
    AliasTarget, AliasUpdate, File, Function, FunctionCall, FunctionImport, FunctionReference, PutFunction,
};
use ampoule_service::{
    Call, Error, FunctionStore, InMemory, ListFunctions, LocalObjectStore, Service, StoreQuota,
};
use ampoule_store::{Definition, Words};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

fn caller(service: &Service) -> Call {
    Call::new(service.open_tenant().unwrap())
}

fn put(name: &str, source: &str) -> PutFunction {
    PutFunction::of(name, request(source, "").program)
}

async fn keep(service: &Service, put: PutFunction) -> Function {
    service.put_function(&caller(service), put).await.unwrap().function.unwrap()
}

fn version(name: &str, version: &str) -> FunctionReference {
    FunctionReference { name: name.into(), version: version.into(), alias: String::new() }
}

fn alias(name: &str, alias: &str) -> FunctionReference {
    FunctionReference { name: name.into(), version: String::new(), alias: alias.into() }
}

/// The version that was called.
async fn called(service: &Service, function: FunctionReference) -> Result<String, Error> {
    let call = FunctionCall { function, ..FunctionCall::default() };
    service.execute_as(&caller(service), call).await.map(|execution| execution.function_version)
}

fn target(alias: &str, version: &str, from_alias: &str) -> AliasTarget {
    AliasTarget { alias: alias.into(), version: version.into(), from_alias: from_alias.into() }
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_versions_first_digits_name_it_wherever_a_version_is_named() {
    let service = service(|_| {});
    let one = keep(&service, put("f", "e 1")).await.version;
    let two = keep(&service, put("f", "e 2")).await.version;
    let call = caller(&service);
    for digits in [4, 12, 63, 64] {
        assert_eq!(called(&service, version("f", &one[..digits])).await.unwrap(), one);
    }
    assert_eq!(service.get_function(&call, &version("f", &one[..4])).await.unwrap().version, one);
    let import = FunctionImport { function: version("f", &one[..6]), module: "tools".into() };
    let user = keep(&service, PutFunction { imports: vec![import], ..put("user", "e") }).await;
    assert_eq!(user.imports[0].function.version, one);
    let update = AliasUpdate {
        name: "f".into(),
        set: vec![target("stable", &two[..4], "")],
        ..AliasUpdate::default()
    };
    assert_eq!(service.update_aliases(&call, &update).await.unwrap().aliases["stable"], two);
    service.delete_function(&call, &version("f", &one[..5])).await.unwrap();
    let gone = called(&service, version("f", &one[..4])).await.unwrap_err();
    assert!(matches!(&gone, Error::NotFound(_)), "{gone}");
    for bad in [&one[..3], "ABCD", "stable"] {
        let error = called(&service, version("f", bad)).await.unwrap_err().to_string();
        let says = format!("function.version is '{bad}': versions have 64 hexadecimal digits in lower case");
        assert!(error.starts_with(&says), "{error}");
    }
}

/// Two texts whose versions begin with the same four digits.
fn alike() -> [Definition; 2] {
    let mut seen: HashMap<String, Definition> = HashMap::new();
    for number in 0.. {
        let definition = Definition::new(format!("[{number}]"), None);
        if let Some(other) = seen.insert(definition.version()[..4].to_owned(), definition.clone()) {
            return [other, definition];
        }
    }
    unreachable!("there are more numbers than beginnings")
}

#[tokio::test]
async fn digits_of_several_versions_are_refused_with_the_candidates() {
    let objects = Arc::new(InMemory::new());
    let store = FunctionStore::new(Arc::clone(&objects) as Arc<_>);
    let room = StoreQuota { functions: 10, versions: 10, bytes: 1 << 20 };
    let [one, two] = alike();
    for definition in [&one, &two] {
        store.put("open", "f", definition, &Words::default(), &room).await.unwrap();
    }
    let service = keeping(FunctionStore::new(objects), |_| {});
    let call = caller(&service);
    let reference = version("f", &one.version()[..4]);
    let update = AliasUpdate {
        name: "f".into(),
        set: vec![target("a", &reference.version, "")],
        ..AliasUpdate::default()
    };
    let import = FunctionImport { function: reference.clone(), module: String::new() };
    let importing = PutFunction { imports: vec![import], ..put("g", "e") };
    let refusals = [
        ("function.version", called(&service, reference.clone()).await.unwrap_err()),
        ("function.version", service.get_function(&call, &reference).await.unwrap_err()),
        ("function.version", service.delete_function(&call, &reference).await.unwrap_err()),
        ("set[0].version", service.update_aliases(&call, &update).await.unwrap_err()),
        ("imports[0].function.version", service.put_function(&call, importing).await.unwrap_err()),
    ];
    for (field, error) in refusals {
        let text = error.to_string();
        assert!(matches!(error, Error::Invalid { .. }) && text.starts_with(field), "{text}");
        for candidate in [&one, &two] {
            assert!(text.contains(&candidate.version()[..12]), "{text}");
        }
    }
    let exact = service.get_function(&call, &version("f", one.version())).await.unwrap_err();
    assert!(matches!(exact, Error::Store(_)), "it is found, and no definition: {exact}");
}

#[tokio::test]
async fn aliases_are_rolled_out_promoted_and_rolled_back_and_latest_stays() {
    let service = service(|_| {});
    let (call, f) = (caller(&service), || "f".to_owned());
    let one = keep(&service, PutFunction { aliases: vec!["stable".into()], ..put("f", "e 1") }).await.version;
    let canary = PutFunction { aliases: vec!["canary".into()], keep_latest: true, ..put("f", "e 2") };
    let two = keep(&service, canary).await;
    assert_eq!(two.aliases, ["canary"]);
    assert_eq!(called(&service, alias("f", "")).await.unwrap(), one);
    let promote =
        AliasUpdate { name: f(), set: vec![target("stable", "", "canary")], remove: vec!["canary".into()] };
    service.update_aliases(&call, &promote).await.unwrap();
    assert_eq!(called(&service, alias("f", "stable")).await.unwrap(), two.version);
    assert_eq!(called(&service, alias("f", "")).await.unwrap(), one);
    assert!(matches!(called(&service, alias("f", "canary")).await, Err(Error::NotFound(_))));
    let back = AliasUpdate { name: f(), set: vec![target("stable", &one[..8], "")], remove: Vec::new() };
    service.update_aliases(&call, &back).await.unwrap();
    assert_eq!(called(&service, alias("f", "stable")).await.unwrap(), one);
    // `latest` goes where it is told to, until the next put.
    let latest = AliasUpdate { name: f(), set: vec![target("latest", &two.version, "")], remove: Vec::new() };
    service.update_aliases(&call, &latest).await.unwrap();
    assert_eq!(called(&service, alias("f", "")).await.unwrap(), two.version);
    let three = keep(&service, put("f", "e 3")).await;
    assert_eq!(called(&service, alias("f", "")).await.unwrap(), three.version);
    // A new function whose first put does not want it has none.
    keep(&service, PutFunction { keep_latest: true, ..put("g", "e 1") }).await;
    let none = called(&service, alias("g", "")).await.unwrap_err();
    assert_eq!(none.to_string(), "function 'g' has no alias 'latest'");
}

#[tokio::test]
async fn what_is_wrong_with_an_update_is_named_and_changes_nothing() {
    let service = service(|_| {});
    let call = caller(&service);
    let one = keep(&service, put("f", "e 1")).await.version;
    let update = |set: Vec<AliasTarget>, remove: &[&str]| AliasUpdate {
        name: "f".into(),
        set,
        remove: remove.iter().map(|alias| (*alias).to_owned()).collect(),
    };
    let good = || target("a", &one, "");
    let cases = [
        (AliasUpdate { name: "../f".into(), ..update(vec![good()], &[]) }, "name '../f' is no name"),
        (update(vec![], &[]), "set is empty, and so is remove"),
        (update(vec![target("a b", &one, "")], &[]), "set[0].alias 'a b' is no name"),
        (update(vec![target("a", "", "")], &[]), "set[0].version is missing"),
        (
            update(vec![target("a", &one, "latest")], &[]),
            "set[0].from_alias is given together with a version",
        ),
        (update(vec![good(), good()], &[]), "set[1].alias 'a' occurs twice"),
        (update(vec![good()], &["a"]), "set[0].alias 'a' occurs twice"),
        (update(vec![], &["-"]), "remove[0] '-' is no name"),
        (update(vec![good()], &["b"]), "function 'f' has no alias 'b'"),
        (update(vec![good(), target("b", "", "c")], &[]), "function 'f' has no alias 'c'"),
        (update((0..17).map(|n| target(&format!("a{n}"), &one, "")).collect(), &[]), "set has 17 entries"),
    ];
    for (update, says) in cases {
        let error = service.update_aliases(&call, &update).await.unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
    let function = service.get_function(&call, &version("f", &one)).await.unwrap();
    assert_eq!(function.aliases, ["latest"]);
}

#[tokio::test]
async fn what_is_said_of_a_version_is_told_and_lists_are_narrowed_by_it() {
    let service = service(|_| {});
    let call = caller(&service);
    let said = |name: &str, source: &str, team: &str| PutFunction {
        description: format!("{name} of {team}"),
        labels: labels(&[("team", team), ("kind", "test")]),
        by: "key:0123".into(),
        ..put(name, source)
    };
    for name in ["a", "b", "c"] {
        keep(&service, said(name, "e 1", "billing")).await;
    }
    let sales = keep(&service, said("b", "e 2", "sales")).await;
    assert_eq!((sales.description.as_str(), sales.created_by.as_str()), ("b of sales", "key:0123"));
    assert_eq!(sales.labels, labels(&[("team", "sales"), ("kind", "test")]));
    // Neither is a part of what the version is.
    let again = service.put_function(&call, PutFunction { description: "New".into(), ..put("b", "e 2") });
    let again = again.await.unwrap();
    assert!(again.preparation.is_none());
    let again = again.function.unwrap();
    assert_eq!((again.version, again.description.as_str()), (sales.version.clone(), "New"));
    assert_eq!((again.created_by.as_str(), again.labels), ("key:0123", sales.labels));
    let list = async |wanted: &[(&str, &str)], token: &str| {
        let list = ListFunctions { size: 2, token: token.into(), labels: labels(wanted) };
        service.list_functions(&call, &list).await.unwrap()
    };
    let first = list(&[("team", "billing")], "").await;
    let names: Vec<&str> = first.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!((names, first.next.as_deref()), (vec!["a", "b"], Some("c")));
    assert_eq!(first.functions[1].versions.len(), 1, "the other one is sales'");
    assert_eq!(list(&[("team", "billing")], "c").await.functions.len(), 1);
    let found = list(&[("kind", "test"), ("team", "sales")], "").await;
    let [function] = found.functions.as_slice() else { panic!("{found:?}") };
    assert_eq!((function.name.as_str(), &function.aliases["latest"]), ("b", &sales.version));
    let [version] = function.versions.as_slice() else { panic!("{function:?}") };
    assert_eq!((version.description.as_str(), version.created_by.as_str()), ("New", "key:0123"));
    assert!(version.created_unix_millis > 1_700_000_000_000);
    assert!(list(&[("team", "nobody")], "").await.functions.is_empty());
    for bad in [
        PutFunction { description: "x".repeat(1001), ..put("f", "e") },
        PutFunction { labels: labels(&[("a b", "")]), ..put("f", "e") },
    ] {
        assert!(matches!(service.put_function(&call, bad).await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn a_page_ends_when_it_is_large_and_the_next_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FunctionStore::new(Arc::new(LocalObjectStore::open(folder.path()).unwrap()));
    let (store, room) = (open(), StoreQuota { functions: 1000, versions: 1000, bytes: 1 << 30 });
    for number in 0..60 {
        let definition = Definition::new(format!("[{number}]"), None);
        let words = Words { description: "x".repeat(1000), ..Words::default() };
        store.put("open", "f00", &definition, &words, &room).await.unwrap();
    }
    let functions = folder.path().join("objects/functions/open");
    (1..40).for_each(|name| copy(&functions.join("f00"), &functions.join(format!("f{name:02}"))));
    let service = keeping(open(), |_| {});
    let (mut names, mut token) = (Vec::new(), String::new());
    let mut pages = 0;
    loop {
        let list = ListFunctions { token, ..ListFunctions::default() };
        let page = service.list_functions(&caller(&service), &list).await.unwrap();
        let bytes: usize = page.functions.iter().map(|function| function.versions.len() * 1000).sum();
        assert!(bytes < 2 << 20, "{bytes} bytes on one page");
        names.extend(page.functions.into_iter().map(|function| function.name));
        pages += 1;
        match page.next {
            Some(next) => token = next,
            None => break,
        }
    }
    assert_eq!(names, (0..40).map(|name| format!("f{name:02}")).collect::<Vec<_>>());
    assert!(pages > 1, "{pages}");
}

fn file(path: &str, content: &[u8]) -> File {
    File { path: path.into(), content: content.into() }
}

#[tokio::test]
async fn files_and_variables_are_a_part_of_what_a_version_is() {
    let service = service(|_| {});
    let with = |files: Vec<File>, variables: &[(&str, &str)]| PutFunction {
        files,
        environment: variables.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        ..put("f", "e")
    };
    let whole = || with(vec![file("b", b"2"), file("a/c", b"1")], &[("B", "2"), ("A", "1")]);
    let function = keep(&service, whole()).await;
    let told: Vec<(&str, u64)> = function.files.iter().map(|file| (file.path.as_str(), file.size)).collect();
    assert_eq!(told, [("a/c", 1), ("b", 1)]);
    assert_eq!(function.files[0].sha256, "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b");
    assert_eq!(function.environment, labels(&[("A", "1"), ("B", "2")]));
    let reordered = with(vec![file("a/c", b"1"), file("b", b"2")], &[("A", "1"), ("B", "2")]);
    assert_eq!(keep(&service, reordered).await.version, function.version);
    let others = [
        with(vec![file("b", b"2"), file("a/c", b"3")], &[("B", "2"), ("A", "1")]),
        with(vec![file("b", b"2"), file("a/d", b"1")], &[("B", "2"), ("A", "1")]),
        with(vec![file("b", b"2"), file("a/c", b"1")], &[("B", "2")]),
        with(vec![], &[]),
    ];
    let mut versions = vec![function.version];
    for other in others {
        versions.push(keep(&service, other).await.version);
    }
    versions.sort();
    versions.dedup();
    assert_eq!(versions.len(), 5);
}

#[tokio::test]
async fn files_and_variables_of_a_function_have_the_bounds_of_a_requests() {
    let service = service(|config| (config.sizes.file_bytes, config.sizes.environment) = (1000, 2));
    let call = caller(&service);
    let with = |files: Vec<File>| PutFunction { files, ..put("f", "e") };
    let variables = (0..3).map(|number| (format!("K{number}"), String::new())).collect();
    let cases = [
        (with(vec![file("../a", b"")]), "files[0].path '../a' leaves the working directory"),
        (
            with(vec![file("a", b""), file("a/b", b"")]),
            "files[1].path 'a/b' needs a folder where the file 'a' is",
        ),
        (with(vec![file("a", &[0; 1000])]), "files together takes 1001 bytes"),
        (
            PutFunction { environment: variables, ..put("f", "e") },
            "env has 3 variables, the server's cap is 2",
        ),
    ];
    for (put, says) in cases {
        let error = service.put_function(&call, put).await.unwrap_err().to_string();
        assert!(error.starts_with(says), "{error}");
    }
    keep(&service, with(vec![file("data/a", b"1"), file("x.whl", b"2")])).await;
    let calling = async |path: &str| {
        let call = FunctionCall {
            function: alias("f", ""),
            files: vec![file(path, b"")],
            ..FunctionCall::default()
        };
        service.execute_as(&caller(&service), call).await.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(calling("data/a").await, Ok(()));
    assert_eq!(calling("data/b").await, Ok(()));
    for (path, says) in [
        ("data", "files[0].path 'data' and a file of the function need the same name"),
        ("data/a/b", "files[0].path 'data/a/b' and a file of the function need the same name"),
        ("x.whl", "files[0].path 'x.whl' is a wheel of the function"),
    ] {
        let error = calling(path).await.unwrap_err();
        assert!(error.starts_with(says), "{error}");
    }
}

#[tokio::test]
async fn memory_for_files_is_set_aside_and_given_back() {
    let service = service(|config| config.memory_bytes = 1 << 30);
    let large = PutFunction { files: vec![file("large", &vec![7; 10 << 20])], ..put("f", "e") };
    // The tiny guest takes no files, but the message that brings them.
    let kept = service.put_function(&caller(&service), large).await;
    assert!(kept.is_ok(), "{:?}", kept.err());
    let none = "ampoule_memory_set_aside_bytes 0";
    assert!(service.metrics().lines().any(|line| line == none), "{}", service.metrics());
}

/// `crates/store/tests/written-before` was written by the version before there were files, labels and who put
/// what.
#[tokio::test]
async fn what_the_version_before_kept_is_called_told_of_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
    copy(&Path::new(&manifest).join("../store/tests/written-before"), &folder.path().join("objects"));
    let open = || FunctionStore::new(Arc::new(LocalObjectStore::open(folder.path()).unwrap()));
    let before = keeping(open(), |_| {});
    let call = caller(&before);
    let stable = before.get_function(&call, &alias("before", "stable")).await.unwrap();
    assert_eq!(&stable.version[..8], "f816b7c2");
    assert!(stable.input_schema_json.contains("\"description\":\"Adds.\""), "{}", stable.input_schema_json);
    assert_eq!((stable.created_by.as_str(), stable.labels.len(), stable.files.len()), ("", 0, 0));
    assert_eq!(called(&before, alias("before", "stable")).await.unwrap(), stable.version);
    // The same program is the same version as it was then, and what is said of it now is kept.
    let mut again = put("before", &stable.program.source);
    again.program.file_name.clone_from(&stable.program.file_name);
    again.limits = stable.limits;
    let again = PutFunction { keep_latest: true, labels: labels(&[("team", "a")]), ..again };
    let kept = before.put_function(&call, again).await.unwrap();
    assert!(kept.preparation.is_none());
    assert_eq!(kept.function.unwrap().version, stable.version);
    let update = AliasUpdate {
        name: "before".into(),
        set: vec![target("stable", "", "latest")],
        ..AliasUpdate::default()
    };
    before.update_aliases(&call, &update).await.unwrap();
    drop(before);
    let after = keeping(open(), |_| {});
    let list = ListFunctions { labels: labels(&[("team", "a")]), ..ListFunctions::default() };
    let page = after.list_functions(&caller(&after), &list).await.unwrap();
    assert_eq!(page.functions[0].versions[0].version, stable.version);
    assert_eq!(page.functions[0].aliases["stable"], page.functions[0].aliases["latest"]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
        }
    }
}
