//! Every kind of bad request is refused with a message that names the field, what it is and what it may be.

use crate::support::{request, service};
use ampoule_model::{Entry, File, Language, Module, Request};
use ampoule_service::Error;
use std::time::Duration;

/// A change to a good request, and the message it must be refused with.
type Case = (fn(&mut Request), &'static str);

const CASES: &[Case] = &[
    (|r| r.program.source.clear(), "source.code is empty: give a program"),
    (
        |r| r.program.source = "e".repeat((4 << 20) + 1),
        "source with its modules takes 4194305 bytes, the server's cap is 4 MiB: send less",
    ),
    (
        |r| r.image = Some("ruby\n".into()),
        r"source.image is 'ruby\n', which is not here; there are: javascript, python",
    ),
    (
        |r| r.image = Some("javascript".into()),
        "source.image is 'javascript', which runs javascript, not python",
    ),
    (
        |r| r.program.file_name = "a\x1b[2J.py".into(),
        r"source.file_name 'a\u{1b}[2J.py' holds a control character: leave it out",
    ),
    (
        |r| r.program.bigint = true,
        "source.bigint is set and the program is in python, whose integers hold all digits: leave it out",
    ),
    (|r| r.program.file_name = "x".repeat(256), "source.file_name has 256 bytes, at most 255 are taken"),
    (
        |r| modules(r, &["a", "b c"]),
        "source.modules[1].name 'b c' is no Python module name: use letters, digits and _, with dots between packages",
    ),
    (
        |r| modules(r, &["a", "a"]),
        "source.modules[1].name 'a' occurs twice: give every module a name of its own",
    ),
    (|r| modules(r, &["x"; 257]), "source.modules has 257 modules, the server's cap is 256: send fewer"),
    (
        |r| javascript_module(r, "../a"),
        "source.modules[0].name '../a' is no module name: use letters, digits and any of _ - . @ /, without '..'",
    ),
    (
        |r| r.input_json = "[1, 2]".into(),
        "input_json is not a JSON object: it begins with an array; wrap the value in an object",
    ),
    (
        |r| r.input_json = "{\"a\": 1".into(),
        "input_json is not a JSON object: the text ends within it, at line 1, column 7",
    ),
    (
        |r| r.input_json = "{\"a\": 1}}".into(),
        "input_json is not a JSON object: the JSON is malformed at line 1, column 9",
    ),
    (
        |r| r.input_json = format!("{{\"a\": \"{}\"}}", "x".repeat(16 << 20)),
        "input_json takes 16777225 bytes, the server's cap is 16 MiB: send less",
    ),
    (
        |r| files(r, &["a", "b", "../x"]),
        "files[2].path '../x' leaves the working directory: '..' is not taken",
    ),
    (
        |r| files(r, &["a/../../x"]),
        "files[0].path 'a/../../x' leaves the working directory: '..' is not taken",
    ),
    (
        |r| files(r, &["/etc/passwd"]),
        "files[0].path '/etc/passwd' is absolute: give a path below the working directory",
    ),
    (|r| files(r, &[""]), "files[0].path is empty: give a path below the working directory"),
    (|r| files(r, &["a\0b"]), r"files[0].path 'a\0b' holds a NUL"),
    (
        |r| files(r, &["a//b"]),
        "files[0].path 'a//b' has an empty part or '.': write it plainly, like 'folder/file'",
    ),
    (
        |r| files(r, &["a/./b"]),
        "files[0].path 'a/./b' has an empty part or '.': write it plainly, like 'folder/file'",
    ),
    (
        |r| files(r, &["out"]),
        "files[0].path 'out' is the folder for files that come back: choose another name",
    ),
    (|r| files(r, &["a", "a"]), "files[1].path 'a' occurs twice: give every file a path of its own"),
    (|r| files(r, &["a", "a/b"]), "files[1].path 'a/b' needs a folder where the file 'a' is"),
    (|r| files(r, &["a"; 257]), "files has 257 files, the server's cap is 256: send fewer"),
    (
        |r| r.files.push(File { path: "a".into(), content: vec![0; 16 << 20] }),
        "files together takes 16777217 bytes, the server's cap is 16 MiB: send less",
    ),
    (|r| variables(r, &[("", "1")]), "env has a key that is empty: give every variable a name"),
    (|r| variables(r, &[("A=B", "1")]), "env has a key that 'A=B' holds '=' or a NUL: leave it out"),
    (|r| variables(r, &[("A", "x\0")]), "env holds a NUL in the value of 'A'"),
    (|r| variables(r, &[("A", "1"), ("A", "2")]), "env has the key 'A' twice"),
    (
        |r| r.limits.wall_time = Some(Duration::from_secs(90)),
        "limits.wall_time is 90 s, the server's cap is 60 s: ask for less",
    ),
    (
        |r| r.limits.memory_bytes = Some(2 << 30),
        "limits.memory_bytes is 2 GiB, the server's cap is 1 GiB: ask for less",
    ),
    (
        |r| r.stdin = vec![0; (16 << 20) + 1],
        "stdin takes 16777217 bytes, the server's cap is 16 MiB: send less",
    ),
    (
        |r| r.output_files = vec!["*".into(); 17],
        "output_files has 17 patterns, the server's cap is 16: send fewer",
    ),
    (
        |r| r.output_files = vec!["*.csv".into(), "reports/".into()],
        "output_files[1] ends with '/': for all files of a folder write 'reports/**'",
    ),
    (
        |r| r.output_files = vec!["/work/a.csv".into()],
        "output_files[0] is absolute: patterns are relative to /work, the working directory",
    ),
    (
        |r| r.limits.fuel = Some(u64::MAX),
        "limits.fuel is 18446744073709551615, the server's cap is 10000000000000: ask for less",
    ),
    (
        |r| r.limits.output_bytes = Some(17 << 20),
        "limits.output_bytes is 17 MiB, the server's cap is 16 MiB: ask for less",
    ),
    (
        |r| r.limits.result_bytes = Some((32 << 20) + 1),
        "limits.result_bytes is 33554433 bytes, the server's cap is 32 MiB: ask for less",
    ),
];

fn modules(request: &mut Request, names: &[&str]) {
    let module = |name: &&str| Module { name: (*name).into(), source: String::new() };
    request.program.modules = names.iter().map(module).collect();
}

fn javascript_module(request: &mut Request, name: &str) {
    request.program.language = Language::Javascript;
    modules(request, &[name]);
}

fn files(request: &mut Request, paths: &[&str]) {
    let file = |path: &&str| File { path: (*path).into(), content: Vec::new() };
    request.files = paths.iter().map(file).collect();
}

fn variables(request: &mut Request, variables: &[(&str, &str)]) {
    request.environment = variables.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
}

#[tokio::test]
async fn bad_requests_are_refused_by_name() {
    let service = service(|_| {});
    for (change, expected) in CASES {
        let mut bad = request("e", "{}");
        change(&mut bad);
        match service.execute(bad).await {
            Err(error @ Error::Invalid { .. }) => assert_eq!(error.to_string(), *expected),
            other => panic!("not refused with '{expected}': {other:?}"),
        }
    }
    assert_eq!((service.running(), service.waiting()), (0, 0));
}

#[tokio::test]
async fn a_language_without_an_image_is_refused() {
    let mut config = ampoule_service::ServiceConfig::default();
    config.engine.slots = 1;
    let engine = ampoule_engine::Engine::new(config.engine.clone()).unwrap();
    let service = ampoule_service::Service::new(config, engine, ampoule_service::Images::default());
    let error = service.execute(request("e", "{}")).await.unwrap_err();
    assert_eq!(error.to_string(), "source.language is python, which has no image here; there are: none");
}

#[tokio::test]
async fn good_requests_pass_at_their_very_limits() {
    let service = service(|_| {});
    let mut good = request("e", "");
    good.program.entry = Entry::Body;
    modules(&mut good, &["a", "a.b", "größe"]);
    files(&mut good, &["a/b", "a/c", "out/x", "ünï", ".hidden", "a b"]);
    variables(&mut good, &[("A", ""), ("b", "=")]);
    good.stdin = vec![0xff; 16 << 20];
    good.output_files = vec![format!("{}ab*", "**/".repeat(39)); 16];
    good.limits.wall_time = Some(Duration::from_secs(60));
    good.limits.memory_bytes = Some(1 << 30);
    good.limits.fuel = Some(10_000_000_000_000);
    let execution = service.execute(good).await.unwrap();
    assert_eq!(execution.outcome.result_json, "{}");
    assert_eq!(execution.image_digest.len(), 64);
}
