//! The tests that come with QuickJS-ng's sources, in the guest. One that fails there is run in a native `qjs`
//! too, to tell a fault of the guest from one of QuickJS.

use crate::javascript::{Case, Header, QJS, files_below};
use crate::lists::{Exclusion, exclusions, lines};
use crate::report::{self, Counts};
use crate::{conformance_file, step_output};
use ampoule_model::Module;
use libtest_mimic::{Failed, Trial};
use std::path::PathBuf;

/// What stands in for the modules and globals of `qjs` and of QuickJS's own test runner.
const SHIM: &str = include_str!("../../runtimes/javascript/conformance/shim.js");

/// Under this name the tests import the shim.
const SHIM_MODULE: &str = "./shim.js";

/// What stands in for the globals of the runner where a test imports nothing.
const RUNNER_GLOBALS: &str = "globalThis.print ??= console.log; globalThis.gc ??= () => {}; ";

/// The modules of `qjs` that the shim stands in for.
const QJS_MODULES: [&str; 2] = ["qjs:std", "qjs:os"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("javascript/quickjs", run)]
}

fn run() -> Result<(), Failed> {
    let tests = QJS.parent().and_then(|bin| bin.parent()).expect("qjs is in bin").join("tests");
    let left_out = left_out();
    let excluded = exclusions(&conformance_file("javascript", "exclusions.txt"));
    let modules = modules(&tests);
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    for path in files_below(&tests) {
        if left_out.contains(&path) {
            continue;
        }
        if excluded.iter().any(|exclusion| exclusion.covers(&format!("quickjs/{path}"))) {
            counts.excluded += 1;
            continue;
        }
        let case = without_functions(case(&tests, path, &modules), &excluded, &mut counts, &mut failures);
        let (verdict, cpu_time) = case.run_in_guest();
        counts.cpu_time += cpu_time;
        match verdict {
            Ok(()) => counts.passed += 1,
            Err(reason) => {
                counts.failed += 1;
                let native =
                    case.run_natively().map_or_else(|why| format!("fails too: {why}"), |()| "passes".into());
                failures.push(format!("{}: {reason}\nthe native qjs {native}", case.path));
            }
        }
    }
    stale(&excluded, &tests, &mut failures);
    report::add("javascript", "quickjs", counts);
    if failures.is_empty() { Ok(()) } else { Err(Failed::from(failures.join("\n\n"))) }
}

/// Takes out the calls of functions that are excluded as `quickjs/<file>:<function>`.
fn without_functions(
    mut case: Case,
    excluded: &[Exclusion],
    counts: &mut Counts,
    failures: &mut Vec<String>,
) -> Case {
    let prefix = format!("quickjs/{}:", case.path);
    for function in excluded.iter().filter_map(|exclusion| exclusion.pattern.strip_prefix(&prefix)) {
        let call = format!("\n{function}();");
        if !case.source.contains(&call) {
            failures.push(format!("the exclusion {prefix}{function} matches no call"));
        }
        case.source = case.source.replace(&call, "\n");
        counts.excluded += 1;
    }
    case
}

/// What QuickJS's own configuration says is no test.
fn left_out() -> Vec<String> {
    let configuration: PathBuf = step_output("javascript", "source").join("quickjs/tests.conf");
    lines(&configuration).iter().filter_map(|line| line.strip_prefix("tests/")).map(str::to_owned).collect()
}

/// Every file of the tests, as what the others can import.
fn modules(tests: &std::path::Path) -> Vec<Module> {
    let mut paths = files_below(tests);
    paths.push("fixture_import_attributes.json".into());
    let read = |path: String| Module { source: in_guest(&read(tests, &path)), name: path };
    let mut modules: Vec<Module> = paths.into_iter().map(read).collect();
    modules.push(Module { name: SHIM_MODULE.trim_start_matches("./").into(), source: SHIM.into() });
    modules
}

fn case(tests: &std::path::Path, path: String, modules: &[Module]) -> Case {
    let source = in_guest(&read(tests, &path));
    let header = Header::of(&source);
    let original = Some(tests.join(&path));
    let modules =
        modules.iter().filter(|module| module.name != path || !header.has("module")).cloned().collect();
    Case { path, source, header, modules, original }
}

/// The source with imports of the shim, and with the global function of the runner. No line is added: tests
/// look at line numbers.
fn in_guest(source: &str) -> String {
    let mut source = source.to_owned();
    if source.contains("print(") || source.contains("gc()") {
        source.insert_str(0, RUNNER_GLOBALS);
    }
    for module in QJS_MODULES {
        source = source.replace(&format!("\"{module}\""), &format!("\"{SHIM_MODULE}\""));
    }
    source
}

fn read(tests: &std::path::Path, path: &str) -> String {
    let file = tests.join(path);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn stale(excluded: &[Exclusion], tests: &std::path::Path, failures: &mut Vec<String>) {
    let paths = files_below(tests);
    let ours = |exclusion: &&Exclusion| {
        exclusion.pattern.starts_with("quickjs/") && !exclusion.pattern.contains(':')
    };
    for exclusion in excluded.iter().filter(ours) {
        if !paths.iter().any(|path| exclusion.covers(&format!("quickjs/{path}"))) {
            failures.push(format!("the exclusion {} matches no test", exclusion.pattern));
        }
    }
}
