//! The tests of numpy and pandas in the guest, by pytest: one test a line of
//! `runtimes/python/conformance/packages.txt`.
//!
//! A line's folder is run a few files at a time, each time in a fresh guest. The guest gets the tests of the
//! whole package, as they import from each other; `run_pytest.py` runs those asked for.

use crate::answer::Answer;
use crate::common::compare::describe;
use crate::common::{request, runner};
use crate::lists::{Exclusion, exclusions, lines};
use crate::report::{self, Counts};
use crate::{SERVICE, conformance_file, step_output};
use ampoule_model::{File, Language, Outcome, Request};
use ampoule_service::default_caps;
use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Of pandas, what `pandas.test()` leaves out; and its sdist comes without many files that tests read, which
/// those then say.
const PANDAS_OPTIONS: [&str; 3] = ["-m", "not network and not db", "--no-strict-data-files"];

const MEMORY_MIB: u64 = 1024;

/// A guest gets files of about so many bytes to run; a longer one has a guest of its own.
const BYTES_A_GUEST: u64 = 256 << 10;

/// pytest and the packages' tests, as in site-packages.
static SITE: LazyLock<PathBuf> = LazyLock::new(|| step_output("python", "pytest").join("site"));

/// A line of the list.
struct Part {
    /// A folder of tests, or one file.
    path: String,
    /// So many tests must pass: else a part of the package may be missing and its tests skip themselves
    /// unseen.
    least: usize,
    /// Part of the ordinary test suite.
    quick: bool,
    /// Those of folders and files below it that have lines of their own.
    others: Vec<String>,
}

/// What pytest's `main` returns when no test was left to run.
const NO_TESTS: i64 = 5;

/// And when it could not do its work, beyond what is told of single tests.
const WENT_WRONG: [i64; 2] = [3, 4];

pub(crate) fn trials() -> Vec<Trial> {
    let excluded = Arc::new(exclusions(&conformance_file("python", "packages-exclusions.txt")));
    let parts = parts(&lines(&conformance_file("python", "packages.txt")));
    for exclusion in excluded.iter() {
        let listed = parts.iter().any(|part| part.covers(file_of(exclusion)));
        assert!(listed, "the exclusion {} is about nothing of the list", exclusion.pattern);
    }
    let trial = |part: Part| {
        let excluded = excluded.clone();
        let quick = part.quick;
        Trial::test(format!("python/{}", part.path), move || part.run(&excluded)).with_ignored_flag(!quick)
    };
    parts.into_iter().map(trial).collect()
}

fn parts(lines: &[String]) -> Vec<Part> {
    let parse = |line: &String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (path, least, quick) = match words[..] {
            [path, least] => (path, least, false),
            [path, least, "quick"] => (path, least, true),
            _ => panic!("not `path least [quick]`: {line}"),
        };
        let least = least.parse().unwrap_or_else(|_| panic!("no number of tests: {line}"));
        Part { path: path.to_owned(), least, quick, others: Vec::new() }
    };
    let mut parts: Vec<Part> = lines.iter().map(parse).collect();
    let paths: Vec<String> = parts.iter().map(|part| part.path.clone()).collect();
    for part in &mut parts {
        part.others =
            paths.iter().filter(|path| **path != part.path && is_in(path, &part.path)).cloned().collect();
    }
    parts
}

/// Whether a path is `folder`, or below it.
fn is_in(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The file whose tests an exclusion is about.
fn file_of(exclusion: &Exclusion) -> &str {
    exclusion.pattern.split("::").next().expect("a text has a beginning")
}

/// Whether an exclusion is about a whole file, which is then not even imported.
fn is_whole(exclusion: &Exclusion) -> bool {
    !exclusion.pattern.contains("::")
}

impl Part {
    fn covers(&self, file: &str) -> bool {
        is_in(file, &self.path) && !self.others.iter().any(|other| is_in(file, other))
    }

    fn package(&self) -> &'static str {
        if is_in(&self.path, "numpy") { "numpy" } else { "pandas" }
    }

    fn run(&self, excluded: &[Exclusion]) -> Result<(), Failed> {
        let mut files = Vec::new();
        test_files(&self.path, &mut files);
        files.retain(|file| self.covers(file));
        let mut counts = Counts::default();
        let mut wrong = Vec::new();
        for exclusion in
            excluded.iter().filter(|exclusion| is_whole(exclusion) && self.covers(file_of(exclusion)))
        {
            match files.iter().position(|file| *file == exclusion.pattern) {
                Some(at) => drop(files.remove(at)),
                None => wrong.push(format!("the exclusion {} is about no file", exclusion.pattern)),
            }
            counts.excluded += 1;
        }
        for files in in_groups(files) {
            let about = |exclusion: &&Exclusion| files.iter().any(|file| file == file_of(exclusion));
            let patterns: Vec<&str> =
                excluded.iter().filter(about).map(|exclusion| exclusion.pattern.as_str()).collect();
            let outcome = runner::execute(&SERVICE, self.request(&files, &patterns)).map_err(Failed::from)?;
            match serde_json::from_str::<Answer>(&outcome.result_json) {
                Ok(answer) => {
                    wrong.extend(complaints(&answer, &files));
                    add(&mut counts, answer, &outcome);
                }
                Err(_) => {
                    let last = outcome.stderr.lines().last().unwrap_or("(none)");
                    wrong.push(format!("in the test {last}: {}", describe(&outcome)));
                }
            }
        }
        if counts.passed < self.least && std::env::var_os("AMPOULE_CONFORMANCE_ONLY").is_none() {
            wrong.push(format!(
                "{} tests pass, {} are expected; skipped: {:?}",
                counts.passed, self.least, counts.skip_reasons
            ));
        }
        report::add(self.package(), &self.path, counts);
        if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
    }

    fn request(&self, files: &[String], exclusions: &[&str]) -> Request {
        let program =
            std::fs::read_to_string(conformance_file("python", "run_pytest.py")).expect("it is there");
        let mut request = request(Language::Python, &program);
        request.program.file_name = "run_pytest.py".into();
        let only: Option<Vec<String>> =
            std::env::var("AMPOULE_CONFORMANCE_ONLY").ok().map(|pattern| vec![pattern]);
        let options: &[&str] = if self.package() == "pandas" { &PANDAS_OPTIONS } else { &[] };
        request.input_json = serde_json::json!({
            "targets": files,
            "options": options,
            "exclude": if only.is_none() { exclusions } else { &[] },
            "only": only,
        })
        .to_string();
        let other = if self.package() == "numpy" { "pandas" } else { "numpy" };
        for entry in std::fs::read_dir(&*SITE).expect("the step leaves a folder") {
            let name =
                entry.expect("the folder can be read").file_name().into_string().expect("names are UTF-8");
            if name != other {
                add_files(&format!("site/{name}"), &SITE.join(&name), &mut request.files);
            }
        }
        request.limits.memory_bytes = Some(MEMORY_MIB << 20);
        request.limits.fuel = Some(default_caps().fuel);
        request.limits.wall_time = Some(Duration::from_secs(1200));
        request.limits.output_bytes = Some(16 << 20);
        request
    }
}

/// The test files at and below a path, in order.
fn test_files(path: &str, found: &mut Vec<String>) {
    let place = SITE.join(path);
    if !place.is_dir() {
        assert!(place.exists(), "{} is not there", place.display());
        found.push(path.to_owned());
        return;
    }
    let entries = std::fs::read_dir(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry.expect("the folder can be read").file_name().into_string().expect("names are UTF-8")
        })
        .collect();
    names.sort();
    for name in names {
        let below = format!("{path}/{name}");
        if name.starts_with("test_") && name.ends_with(".py")
            || SITE.join(&below).is_dir() && name != "__pycache__"
        {
            test_files(&below, found);
        }
    }
}

/// Files that go into one guest each.
fn in_groups(files: Vec<String>) -> Vec<Vec<String>> {
    let mut groups: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for file in files {
        let bytes = std::fs::metadata(SITE.join(&file)).expect("it was just listed").len();
        match groups.last_mut() {
            Some(group) if bytes <= room => group.push(file),
            _ => {
                groups.push(vec![file]);
                room = BYTES_A_GUEST;
            }
        }
        room = room.saturating_sub(bytes);
    }
    groups
}

/// Adds a file, or all files below a folder.
fn add_files(path: &str, from: &Path, files: &mut Vec<File>) {
    if from.is_dir() {
        for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
            let name =
                entry.expect("the folder can be read").file_name().into_string().expect("names are UTF-8");
            add_files(&format!("{path}/{name}"), &from.join(&name), files);
        }
        return;
    }
    let content = std::fs::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    files.push(File { path: path.to_owned(), content });
}

fn complaints(answer: &Answer, files: &[String]) -> Vec<String> {
    let mut wrong = answer.complaints();
    if WENT_WRONG.contains(&answer.status)
        || answer.status == NO_TESTS && answer.skipped + answer.excluded == 0
    {
        wrong.push(format!("pytest ends with {} for {files:?}", answer.status));
    }
    wrong
}

fn add(counts: &mut Counts, answer: Answer, outcome: &Outcome) {
    counts.passed += answer.passed;
    // Apart from what passes: what the package itself knows to be wrong with it is no pass.
    counts.skipped += answer.skipped + answer.expected_failures;
    counts.excluded += answer.excluded;
    counts.failed += answer.failures.len();
    counts.cpu_time += outcome.usage.cpu_time;
    counts.peak_memory_bytes = counts.peak_memory_bytes.max(outcome.usage.peak_memory_bytes);
    for (reason, number) in answer.skip_reasons {
        *counts.skip_reasons.entry(reason).or_default() += number;
    }
    for (test, seconds) in answer.slowest.into_iter().filter(|(_, seconds)| *seconds > 2.0) {
        counts.note += &format!("; {test} {seconds} s");
    }
}
