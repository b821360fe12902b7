//! web-platform-tests, the copy that Node's sources carry: one trial a folder. A test's `META` scripts and
//! itself are one script of the guest, with the tests' own `testharness.js` and `conformance/wpt.js` as
//! modules. All files `*.any.js` and `*.window.js` are run, and all of their subtests pass, except for the
//! lines of `runtimes/javascript/conformance/wpt.txt` and the subtests that Node's own status files expect to
//! fail in Node, which are only counted.

use crate::common::compare::shorten;
use crate::common::{request, runner};
use crate::javascript::{files_below, paths_below};
use crate::lists::{Exclusion, exclusions};
use crate::report::{self, Counts};
use crate::{SERVICE, conformance_file, step_output};
use ampoule_model::{Entry, File, Language, Module, Request, Status};
use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

static TESTS: LazyLock<PathBuf> = LazyLock::new(|| step_output("javascript", "nodetests").join("wpt"));

/// The folders that have tests, but `wasm`: there is no WebAssembly.
const FOLDERS: [&str; 13] = [
    "FileAPI",
    "console",
    "dom",
    "encoding",
    "hr-time",
    "html",
    "performance-timeline",
    "resource-timing",
    "streams",
    "url",
    "user-timing",
    "webidl",
    "webmessaging",
];

/// The one that takes as long as all others.
const SLOW: &str = "WebCryptoAPI";

/// What `wpt.js` leaves.
#[derive(Default, Deserialize)]
struct Told {
    passed: usize,
    /// Names of subtests, and why.
    failed: Vec<(String, String)>,
    /// What is wrong with the file as a whole.
    harness: String,
}

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |folder: &'static str| {
        Trial::test(format!("javascript/wpt/{folder}"), move || run(folder)).with_ignored_flag(folder == SLOW)
    };
    FOLDERS.into_iter().chain([SLOW]).map(trial).collect()
}

fn run(folder: &str) -> Result<(), Failed> {
    let listed: Vec<Exclusion> = exclusions(&conformance_file("javascript", "wpt.txt"))
        .into_iter()
        .filter(|exclusion| exclusion.pattern.starts_with(&format!("{folder}/")))
        .collect();
    let mut used = HashSet::new();
    let mut is_listed = |name: &str| {
        let found = listed.iter().find(|exclusion| exclusion.covers(name));
        found.is_some_and(|exclusion| {
            used.insert(&exclusion.pattern);
            true
        })
    };
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    let (mut ran, mut left_out) = (0, 0);
    let is_test = |name: &String| name.ends_with(".any.js") || name.ends_with(".window.js");
    for name in files_below(&TESTS.join(folder)).into_iter().filter(is_test) {
        let path = format!("{folder}/{name}");
        if is_listed(&path) {
            left_out += 1;
            continue;
        }
        ran += 1;
        // A line with a variant says that no other is run.
        let mut variants = listed.iter().filter_map(|exclusion| exclusion.pattern.strip_prefix(&path));
        let variant = variants.find(|rest| rest.starts_with('?')).unwrap_or_default();
        is_listed(&format!("{path}{variant}"));
        let outcome = runner::execute(&SERVICE, request_of(&path, variant))?;
        counts.cpu_time += outcome.usage.cpu_time;
        counts.peak_memory_bytes = counts.peak_memory_bytes.max(outcome.usage.peak_memory_bytes);
        let file = outcome.files.iter().find(|file| file.path.ends_with("outcome.json"));
        let told: Told =
            file.map_or_else(|| Ok(Told::default()), |file| serde_json::from_slice(&file.content))?;
        counts.passed += told.passed;
        if outcome.status != Status::Completed || !told.harness.is_empty() {
            let why = outcome.failure.map_or_else(String::new, |failure| failure.traceback);
            wrong.push(format!("{path}: {}: {}{}", outcome.status.name(), told.harness, shorten(&why)));
        }
        let expected = fails_in_node(&path);
        for (subtest, why) in told.failed {
            if expected.contains(&subtest) {
                counts.skipped += 1;
            } else if is_listed(&format!("{path}: {subtest}")) {
                counts.excluded += 1;
            } else {
                counts.failed += 1;
                wrong.push(format!("{path}: {subtest}: {}", shorten(&why)));
            }
        }
    }
    counts.note = format!("{ran} files, {left_out} excluded whole");
    report::add("wpt", folder, counts);
    let stale = listed.iter().filter(|exclusion| !used.contains(&exclusion.pattern));
    wrong.extend(stale.map(|exclusion| format!("{}: is listed, and nothing of it fails", exclusion.pattern)));
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn request_of(path: &str, variant: &str) -> Request {
    let test = read(&TESTS.join(path));
    let meta = |key: &str| {
        let beginning = format!("// META: {key}=");
        let values = test.lines().filter_map(|line| line.strip_prefix(&beginning));
        values.map(|value| value.trim().to_owned()).collect::<Vec<String>>()
    };
    let scripts = meta("script");
    let options = serde_json::json!({
        "test": path,
        "variant": variant,
        "title": meta("title").first(),
        "needsMemory": scripts.iter().any(|script| script == "/common/sab.js"),
    });
    let strict = if is_strict(&test) { "'use strict'; " } else { "" };
    let mut source = format!("{strict}require('./wpt.js')({options});\n");
    for script in scripts {
        source.push_str(&read(&script_path(path, &script)));
        source.push('\n');
    }
    source.push_str(&test);
    let mut request = request(Language::Javascript, &source);
    request.program.entry = Entry::Script;
    request.program.modules = vec![
        Module { name: "testharness.js".into(), source: read(&TESTS.join("resources/testharness.js")) },
        Module { name: "wpt.js".into(), source: read(&conformance_file("javascript", "wpt.js")) },
    ];
    request.files = files_for(&source);
    request.limits.wall_time = Some(Duration::from_secs(120));
    request
}

/// Whether it begins, after its comments, with the directive, which counts only where a script begins.
fn is_strict(source: &str) -> bool {
    let code = source.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("//"));
    code.is_some_and(|line| line.starts_with("'use strict'") || line.starts_with("\"use strict\""))
}

/// Where a script of a test lies that is told by its address.
fn script_path(test: &str, address: &str) -> PathBuf {
    match address.strip_prefix('/') {
        Some("resources/WebIDLParser.js") => TESTS.join("resources/webidl2/lib/webidl2.js"),
        Some(path) => TESTS.join(path),
        None => TESTS.join(test).with_file_name(address),
    }
}

/// The data files that a program fetches: those whose names it has, and all descriptions of interfaces if it
/// tests such.
fn files_for(source: &str) -> Vec<File> {
    static DATA: LazyLock<Vec<File>> = LazyLock::new(|| {
        let is_data = |name: &String| {
            (name.ends_with(".json") || name.ends_with(".idl"))
                && !["status/", "wasm/"].iter().any(|folder| name.starts_with(folder))
        };
        let file = |name: String| File {
            content: std::fs::read(TESTS.join(&name)).expect("a data file can be read"),
            path: format!("wpt/{name}"),
        };
        paths_below(&TESTS).into_iter().filter(is_data).map(file).collect()
    });
    let is_read = |file: &&File| match file.path.ends_with(".idl") {
        true => source.contains("idl_test"),
        false => file.path.rsplit('/').next().is_some_and(|name| source.contains(name)),
    };
    DATA.iter().filter(is_read).cloned().collect()
}

/// The subtests of a file of which Node's own list says that they fail in Node, always or at times.
fn fails_in_node(path: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    for (end, _) in path.match_indices('/') {
        let status = TESTS.join(format!("status/{}.json", &path[..end]));
        let Ok(text) = std::fs::read_to_string(&status) else { continue };
        let rules: Value = serde_json::from_str(&text).expect("a status file is JSON");
        let fail = &rules[&path[end + 1..]]["fail"];
        let names = ["expected", "flaky"].into_iter().filter_map(|kind| fail[kind].as_array()).flatten();
        found.extend(names.filter_map(|name| name.as_str().map(str::to_owned)));
    }
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
