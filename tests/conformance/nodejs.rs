//! Node's own tests (`test/parallel` of the sources whose JavaScript the prelude takes), those of
//! `runtimes/javascript/conformance/node.txt`. A test is a CommonJS module of the request; what Node's test
//! library asks of a machine is answered by the stand-ins of `conformance/node/`. One that is not to pass has
//! its reason in `exclusions.txt`.

use crate::common::compare::shorten;
use crate::common::{request, runner};
use crate::javascript::{files_below, paths_below};
use crate::lists::{exclusions, lines};
use crate::report::{self, Counts};
use crate::{SERVICE, conformance_file, step_output};
use ampoule_model::{Entry, File, Language, Module, Request, Status};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Where Node's tests and their library lie in a request, as in its sources.
const TESTS: &str = "test/parallel";

/// What is answered by modules of `conformance/node/`, which have names without a prefix.
const STAND_INS: [&str; 4] = ["child_process", "cluster", "net", "test"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("javascript/node", run)]
}

fn run() -> Result<(), Failed> {
    let tests = step_output("javascript", "nodetests").join("test");
    let excluded = exclusions(&conformance_file("javascript", "exclusions.txt"));
    let library = library(&tests);
    let files = fixtures(&tests);
    let mut parts: BTreeMap<String, Counts> = BTreeMap::new();
    let mut wrong = Vec::new();
    for name in lines(&conformance_file("javascript", "node.txt")) {
        let part = name.split('-').nth(1).unwrap_or("").trim_end_matches(".js").to_owned();
        let counts = parts.entry(part).or_default();
        let outcome = runner::execute(&SERVICE, request_of(&tests, &name, &library, &files))?;
        counts.cpu_time += outcome.usage.cpu_time;
        let passes = outcome.status == Status::Completed;
        let skips = outcome.stdout.contains("1..0 # Skipped");
        let is_excluded = excluded.iter().any(|exclusion| exclusion.covers(&format!("node/{name}")));
        match (passes, is_excluded) {
            (true, false) if skips => counts.skipped += 1,
            (true, false) => counts.passed += 1,
            (false, true) => counts.excluded += 1,
            (true, true) => wrong.push(format!("node/{name} is excluded and passes")),
            (false, false) => {
                counts.failed += 1;
                let why = outcome.failure.map_or_else(String::new, |failure| failure.traceback);
                wrong.push(format!(
                    "{name}: {}: {}{}",
                    outcome.status.name(),
                    shorten(&outcome.stdout),
                    shorten(&why)
                ));
            }
        }
    }
    for (part, counts) in parts {
        report::add("node", &part, counts);
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n\n"))) }
}

fn request_of(tests: &Path, name: &str, library: &[Module], files: &[File]) -> Request {
    let mut source = read(&tests.join("parallel").join(name));
    for stand_in in STAND_INS {
        source = source.replace(&format!("'node:{stand_in}'"), &format!("'{stand_in}'"));
    }
    let path = format!("{TESTS}/{name}");
    let mut request =
        request(Language::Javascript, &format!("globalThis.gc ??= () => {{}}; require('./{path}');"));
    request.program.entry = Entry::Script;
    request.program.modules = library.to_vec();
    request.program.modules.push(Module { name: path.clone(), source: source.clone() });
    let required = |file: &&File| {
        let Some(name) = file.path.trim_start_matches("test/fixtures/").strip_suffix(".js") else {
            return false;
        };
        source.contains(&format!("fixtures/{name}")) || source.contains(&format!("fixtures.path('{name}.js"))
    };
    request.program.modules.extend(files.iter().filter(required).map(|file| Module {
        name: file.path.clone(),
        source: String::from_utf8_lossy(&file.content).into_owned(),
    }));
    request.files = files.to_vec();
    request.files.push(File { path, content: source.into_bytes() });
    request.environment.push(("NODE_TEST_KNOWN_GLOBALS".into(), "0".into()));
    request.limits.wall_time = Some(Duration::from_secs(60));
    request
}

/// Node's test library, and what stands in for modules that it asks for and a sandbox has not.
fn library(tests: &Path) -> Vec<Module> {
    let stand_ins = conformance_file("javascript", "node");
    let module = |folder: &Path, name: String, place: &str| Module {
        source: read(&folder.join(&name)),
        name: format!("{place}{name}"),
    };
    let common = tests.join("common");
    let mut modules: Vec<Module> =
        files_below(&common).into_iter().map(|name| module(&common, name, "test/common/")).collect();
    modules.extend(files_below(&stand_ins).into_iter().map(|name| module(&stand_ins, name, "")));
    modules
}

fn fixtures(tests: &Path) -> Vec<File> {
    let folder = tests.join("fixtures");
    let file = |name: String| File {
        content: std::fs::read(folder.join(&name)).expect("a fixture can be read"),
        path: format!("test/fixtures/{name}"),
    };
    paths_below(&folder).into_iter().map(file).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
