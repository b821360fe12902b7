//! test262, the conformance tests of ECMAScript: one test a folder of
//! `runtimes/javascript/conformance/test262.txt`.
//!
//! The files are those that SpiderMonkey's sources carry (Debian's source package `mozjs128`, the newest
//! published copy there is). What fails in the guest is run in a native `qjs` of the same sources, or in Node
//! where it is about Intl: what fails there too is what QuickJS-ng, or Node, itself does not do, and only
//! counted.

use crate::javascript::{Case, FIXTURE, Header, files_below};
use crate::lists::{Exclusion, exclusions, lines};
use crate::report::{self, Counts};
use crate::{conformance_file, step_output};
use ampoule_model::Module;
use libtest_mimic::{Failed, Trial};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static TESTS: LazyLock<PathBuf> = LazyLock::new(|| step_output("javascript", "test262").join("test262"));

/// The harness of a folder and of those above it lies in files of this name.
const HARNESS: &str = "shell.js";

/// From here on SpiderMonkey's harness is about its own shell.
const HOST_PART: &str = "// file: test262-host.js";

/// What the harness wants of its host.
const HOST: &str = r#"
globalThis.print ??= console.log;
function reportCompare() {}
function $DONE(error) {
  print(error ? 'Test262:AsyncTestFailure:' + (error.stack ? error + ' ' + error.stack : error) : 'Test262:AsyncTestComplete');
}
"#;

/// Words of tests that need another realm, an agent or a detached buffer, which only an engine's own shell
/// can make.
const HOST_NEEDED: [&str; 3] = ["$262", "$DETACHBUFFER", "createRealm"];

/// The folder of what QuickJS-ng does not have and the guest does: Intl. The other interpreter is Node there.
const INTL: &str = "intl402";

/// Features that QuickJS-ng's configuration for test262 has.
static FEATURES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let lines = lines(&step_output("javascript", "source").join("quickjs/test262.conf"));
    let features =
        lines.iter().skip_while(|line| *line != "[features]").take_while(|line| *line != "[exclude]");
    features
        .filter(|line| !line.ends_with("=skip"))
        .map(|line| line.trim_end_matches("=!tcc").to_owned())
        .collect()
});

pub(crate) fn trials() -> Vec<Trial> {
    let folders = lines(&conformance_file("javascript", "test262.txt"));
    let trial = |folder: String| {
        Trial::test(format!("javascript/test262/{folder}"), move || run(&folder)).with_ignored_flag(true)
    };
    folders.into_iter().map(trial).collect()
}

fn run(folder: &str) -> Result<(), Failed> {
    let excluded = exclusions(&conformance_file("javascript", "exclusions.txt"));
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    let mut also_natively = 0;
    for name in files_below(&TESTS.join(folder)) {
        let path = format!("{folder}/{name}");
        if path.ends_with(HARNESS) || path.ends_with("browser.js") || path.ends_with(FIXTURE) {
            continue;
        }
        if is_excluded(&path, &excluded) {
            counts.excluded += 1;
            continue;
        }
        let Some(case) = case(&path) else {
            counts.skipped += 1;
            continue;
        };
        let (verdict, cpu_time) = case.run_in_guest();
        counts.cpu_time += cpu_time;
        let Err(reason) = verdict else {
            counts.passed += 1;
            continue;
        };
        let (other, verdict) = match path.starts_with(INTL) {
            true => ("Node", case.run_in_node()),
            false => ("the native qjs", case.run_natively()),
        };
        match verdict {
            Err(_) => also_natively += 1,
            Ok(()) => failures.push(format!("{path} passes in {other}, but here: {reason}")),
        }
    }
    counts.skipped += also_natively;
    counts.failed = failures.len();
    counts.note = format!("{also_natively} of those skipped fail in the native interpreter too");
    report::add("test262", folder, counts);
    if failures.is_empty() { Ok(()) } else { Err(Failed::from(failures.join("\n\n"))) }
}

fn is_excluded(path: &str, excluded: &[Exclusion]) -> bool {
    let name = format!("test262/{path}");
    excluded.iter().any(|exclusion| exclusion.covers(&name))
}

/// The test with its harness before it; none if QuickJS-ng says that it lacks a feature, or no program can
/// run it.
fn case(path: &str) -> Option<Case> {
    let test = read(path)?;
    let header = Header::of(&test);
    let has = |feature: &String| FEATURES.contains(feature) || feature.starts_with("Intl");
    let lacks = header.features.iter().any(|feature| !has(feature));
    if lacks || HOST_NEEDED.iter().any(|word| test.contains(word)) {
        return None;
    }
    let raw = header.has("raw");
    let strict = header.has("onlyStrict") || path.ends_with("-strict.js");
    let harness = if raw { String::new() } else { harness(path) };
    let source = format!("{}{harness}\n{test}", if strict && !raw { "'use strict';\n" } else { "" });
    let modules = if header.has("module") || test.contains("import") { fixtures(path) } else { Vec::new() };
    Some(Case { path: path.to_owned(), source, header, modules, original: None })
}

/// The harness files of the folders on the way to the test.
fn harness(path: &str) -> String {
    let root = std::fs::read_to_string(TESTS.join(HARNESS)).expect("the suite has a harness");
    let mut harness = root.split(HOST_PART).next().unwrap_or("").to_owned() + HOST;
    for (end, _) in path.match_indices('/') {
        harness += &read(&format!("{}/{HARNESS}", &path[..end])).unwrap_or_default();
    }
    harness
}

/// The files beside a test that it can import.
fn fixtures(path: &str) -> Vec<Module> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let names = files_below(&TESTS.join(folder));
    let paths = names.iter().filter(|name| name.ends_with(FIXTURE)).map(|name| format!("{folder}/{name}"));
    paths.filter_map(|name| Some(Module { source: read(&name)?, name })).take(200).collect()
}

/// A file's text; none if it is not UTF-8, which a program must be.
fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(TESTS.join(Path::new(path))).ok()
}
