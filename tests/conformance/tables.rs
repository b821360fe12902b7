//! Tables of what a script prints: `runtimes/javascript/conformance/<table>.js` in the guest against
//! `<table>.expected`, which Node printed. Lines are compared one by one; one that differs needs an
//! exclusion, and an exclusion a difference.

use crate::SERVICE;
use crate::common::{request, runner};
use crate::lists::exclusions;
use crate::report::{self, Counts};
use crate::{conformance_file, step_output};
use ampoule_model::{Entry, Language, Status};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

/// A line's name and its value are parted by this; the name is what exclusions speak of, after `<table>/`.
const EQUALS: &str = " = ";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("javascript/table/environment", || compare("environment", false)),
        Trial::test("javascript/table/inspect", || compare("inspect", false)),
        Trial::test("javascript/table/intl", || compare("intl", true)),
        Trial::test("javascript/table/bytes", || compare("bytes", true)),
        Trial::test("javascript/table/crypto", || compare("crypto", true)),
        Trial::test("javascript/table/dates", || compare("dates", true)),
        Trial::test("javascript/table/messages", || compare("messages", true)),
        Trial::test("javascript/table/intl is what node prints", node_prints).with_ignored_flag(true),
    ]
}

fn read(name: &str) -> String {
    let path = conformance_file("javascript", name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What the guest prints against what is expected; `has_names`: line by line, by the lines' names.
fn compare(table: &'static str, has_names: bool) -> Result<(), Failed> {
    let mut request = request(Language::Javascript, &read(&format!("{table}.js")));
    request.program.entry = Entry::Script;
    request.limits.wall_time = Some(Duration::from_secs(60));
    let outcome = runner::execute(&SERVICE, request)?;
    if outcome.status != Status::Completed || outcome.stdout_truncated {
        let failure = outcome.failure.map(|failure| failure.traceback).unwrap_or_default();
        return Err(format!("{table}.js ends as {}: {failure}", outcome.status.name()).into());
    }
    let expected = read(&format!("{table}.expected"));
    let (expected, printed) = if has_names {
        (named(&expected), named(&outcome.stdout))
    } else {
        (numbered(&expected), numbered(&outcome.stdout))
    };
    let excluded = exclusions(&conformance_file("javascript", "exclusions.txt"));
    let mut counts = Counts { cpu_time: outcome.usage.cpu_time, ..Counts::default() };
    let mut wrong = Vec::new();
    let names = expected.keys().chain(printed.keys().filter(|name| !expected.contains_key(*name)));
    for name in names {
        let (there, here) = (expected.get(name), printed.get(name));
        let is_excluded = excluded.iter().any(|exclusion| exclusion.covers(&format!("{table}/{name}")));
        match (there == here, is_excluded) {
            (true, false) => counts.passed += 1,
            (false, true) => counts.excluded += 1,
            (true, true) => wrong.push(format!("{table}/{name} is excluded and does not differ")),
            (false, false) => wrong.push(format!("{table}/{name}\n  node: {there:?}\n  here: {here:?}")),
        }
    }
    counts.failed = wrong.len();
    report::add("tables", table, counts);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn named(text: &str) -> BTreeMap<String, &str> {
    let parts = text.lines().map(|line| line.split_once(EQUALS).unwrap_or((line, "")));
    parts.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn numbered(text: &str) -> BTreeMap<String, &str> {
    text.lines().enumerate().map(|(at, line)| (format!("line {:05}", at + 1), line)).collect()
}

/// The expected file is what the recipe's Node prints today.
fn node_prints() -> Result<(), Failed> {
    let node = step_output("javascript", "node").join("bin/node");
    let mut command = Command::new(node);
    command.arg(conformance_file("javascript", "intl.js"));
    let output = command.env("TZ", "UTC").env("LC_ALL", "en_US.UTF-8").output().expect("node starts");
    let printed = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && printed == read("intl.expected") {
        return Ok(());
    }
    Err("node prints something else: make intl.expected anew".into())
}
