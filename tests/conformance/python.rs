//! CPython's `Lib/test` in the guest: one test a module of `runtimes/python/conformance/modules.txt`.
//!
//! A module is sent with its files below the working directory; `run_tests.py` imports it and runs it with
//! unittest.

use crate::answer::Answer;
use crate::common::compare::describe;
use crate::common::{request, runner};
use crate::lists::{Exclusion, exclusions, lines};
use crate::report::{self, Counts};
use crate::{SERVICE, conformance_file, step_output};
use ampoule_model::{File, Language, Outcome, Request};
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

/// What every module needs.
const SHARED: [&str; 2] = ["__init__.py", "support"];

/// What a module gets unless its line says otherwise.
const MEMORY_MIB: u64 = 384;

/// CPython's `Lib/test`.
static LIB_TEST: LazyLock<PathBuf> =
    LazyLock::new(|| step_output("python", "source").join("cpython/Lib/test"));

/// A line of the list.
struct Module {
    name: String,
    /// So many tests must pass: else a part of the interpreter may be missing and its tests skip themselves
    /// unseen.
    least: usize,
    /// Part of the ordinary test suite.
    quick: bool,
    /// Files and folders of `Lib/test` that it needs beside its own.
    needs: Vec<String>,
    stubs: Vec<String>,
    sockets: bool,
    memory_mib: u64,
}

pub(crate) fn trials() -> Vec<Trial> {
    let excluded = exclusions(&conformance_file("python", "exclusions.txt"));
    let lines = lines(&conformance_file("python", "modules.txt"));
    let modules: Vec<Module> = lines.iter().map(|line| Module::parse(line)).collect();
    for exclusion in &excluded {
        let listed = modules.iter().any(|module| exclusion.covers_module(&module.name));
        assert!(listed, "the exclusion {} is about no module of the list", exclusion.pattern);
    }
    let trial = |module: Module| {
        let patterns = excluded.iter().filter(|exclusion| exclusion.covers_module(&module.name));
        let patterns: Vec<String> = patterns.map(|exclusion| exclusion.pattern.clone()).collect();
        let quick = module.quick;
        Trial::test(format!("python/{}", module.name), move || run(&module, &patterns))
            .with_ignored_flag(!quick)
    };
    modules.into_iter().map(trial).collect()
}

impl Exclusion {
    fn covers_module(&self, module: &str) -> bool {
        self.pattern
            .strip_prefix("test.")
            .and_then(|rest| rest.strip_prefix(module))
            .is_some_and(|rest| rest.starts_with('.'))
    }
}

impl Module {
    fn parse(line: &str) -> Module {
        let mut words = line.split_whitespace();
        let mut module = Module {
            name: words.next().expect("a line has a word").to_owned(),
            least: words
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or_else(|| panic!("no number of tests: {line}")),
            quick: false,
            needs: Vec::new(),
            stubs: Vec::new(),
            sockets: false,
            memory_mib: MEMORY_MIB,
        };
        for word in words {
            match word.split_once('=') {
                Some(("stub", name)) => module.stubs.push(name.to_owned()),
                Some(("memory", mib)) => module.memory_mib = mib.parse().expect("memory=MiB"),
                None if word == "quick" => module.quick = true,
                None if word == "sockets" => module.sockets = true,
                None => module.needs.push(word.to_owned()),
                Some(_) => panic!("unknown option {word}: {line}"),
            }
        }
        module
    }

    fn request(&self, exclusions: &[String]) -> Request {
        let program =
            std::fs::read_to_string(conformance_file("python", "run_tests.py")).expect("it is there");
        let mut request = request(Language::Python, &program);
        request.program.file_name = "run_tests.py".into();
        let only: Option<Vec<String>> =
            std::env::var("AMPOULE_CONFORMANCE_ONLY").ok().map(|pattern| vec![pattern]);
        request.input_json = serde_json::json!({
            "module": self.name,
            "exclude": if only.is_none() { exclusions } else { &[] },
            "only": only,
            "stubs": self.stubs,
            "sockets": self.sockets,
        })
        .to_string();
        // Of a package's module, the whole package.
        let first = self.name.split('.').next().expect("a name has a part");
        let own =
            [first.to_owned(), format!("{first}.py")].into_iter().find(|name| LIB_TEST.join(name).exists());
        let own = own.unwrap_or_else(|| panic!("Lib/test has no {first}"));
        for path in SHARED.into_iter().chain([own.as_str()]).chain(self.needs.iter().map(String::as_str)) {
            add_files(path, &LIB_TEST.join(path), &mut request.files);
        }
        request.limits.memory_bytes = Some(self.memory_mib << 20);
        request.limits.wall_time = Some(Duration::from_secs(1200));
        request.limits.output_bytes = Some(16 << 20);
        request
    }
}

/// Adds a file, or all files below a folder, as `test/<path>`, unless it is there already.
fn add_files(path: &str, from: &Path, files: &mut Vec<File>) {
    if from.is_dir() {
        let entries = std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        for entry in entries {
            let name =
                entry.expect("the folder can be read").file_name().into_string().expect("names are UTF-8");
            if name != "__pycache__" {
                add_files(&format!("{path}/{name}"), &from.join(&name), files);
            }
        }
        return;
    }
    let path = format!("test/{path}");
    if files.iter().all(|file| file.path != path) {
        let content = std::fs::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        files.push(File { path, content });
    }
}

fn run(module: &Module, exclusions: &[String]) -> Result<(), Failed> {
    let outcome = runner::execute(&SERVICE, module.request(exclusions)).map_err(Failed::from)?;
    let Ok(answer) = serde_json::from_str::<Answer>(&outcome.result_json) else {
        return Err(Failed::from(describe(&outcome)));
    };
    let wrong = wrong(module, &answer, &outcome);
    report::add("python", &module.name, counts(&answer, &outcome));
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

fn wrong(module: &Module, answer: &Answer, outcome: &Outcome) -> Vec<String> {
    let mut wrong = answer.complaints();
    if !wrong.is_empty() {
        wrong.push(format!("stderr: {}", outcome.stderr));
    }
    if !answer.skipped_whole.is_empty() {
        wrong.push(format!("the whole module is skipped: {}", answer.skipped_whole));
    } else if answer.passed < module.least && std::env::var_os("AMPOULE_CONFORMANCE_ONLY").is_none() {
        wrong.push(format!(
            "{} tests pass, {} are expected; skipped: {:?}",
            answer.passed, module.least, answer.skip_reasons
        ));
    }
    wrong
}

fn counts(answer: &Answer, outcome: &Outcome) -> Counts {
    Counts {
        // An expected failure is what CPython itself knows to be wrong with it.
        passed: answer.passed + answer.expected_failures,
        skipped: answer.skipped,
        skip_reasons: answer.skip_reasons.clone(),
        excluded: answer.excluded,
        failed: answer.failures.len(),
        cpu_time: outcome.usage.cpu_time,
        peak_memory_bytes: outcome.usage.peak_memory_bytes,
        note: format!("slowest {:?}", answer.slowest),
    }
}
