//! Wycheproof's vectors against `node:crypto`: the sets of `runtimes/javascript/conformance/wycheproof.txt`,
//! each an input file of the program `wycheproof.js`. A vector that does not come out as it says has its
//! reason in `exclusions.txt`.

use crate::common::{request, runner};
use crate::lists::{exclusions, lines};
use crate::report::{self, Counts};
use crate::{SERVICE, conformance_file, step_output};
use ampoule_model::{File, Language, Status};
use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use std::time::Duration;

/// What the program returns.
#[derive(Deserialize)]
struct Found {
    right: usize,
    /// The set's name and the vector's number, and what it is about.
    wrong: Vec<String>,
}

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("javascript/wycheproof", run)]
}

fn run() -> Result<(), Failed> {
    let sets = step_output("javascript", "wycheproof");
    let excluded = exclusions(&conformance_file("javascript", "exclusions.txt"));
    let program = std::fs::read_to_string(conformance_file("javascript", "wycheproof.js"))?;
    let mut counts = Counts::default();
    let mut wrong = Vec::new();
    for name in lines(&conformance_file("javascript", "wycheproof.txt")) {
        let file = format!("{name}_test.json");
        let mut request = request(Language::Javascript, &program);
        request.files =
            vec![File { path: format!("vectors/{file}"), content: std::fs::read(sets.join(&file))? }];
        request.limits.wall_time = Some(Duration::from_secs(300));
        let outcome = runner::execute(&SERVICE, request)?;
        counts.cpu_time += outcome.usage.cpu_time;
        if outcome.status != Status::Completed {
            counts.failed += 1;
            let why = outcome.failure.map_or_else(String::new, |failure| failure.traceback);
            wrong.push(format!("{name}: {}: {why}", outcome.status.name()));
            continue;
        }
        let found: Found = serde_json::from_str(&outcome.result_json)?;
        counts.passed += found.right;
        for line in found.wrong {
            let vector = format!("wycheproof/{}", line.split(' ').next().unwrap_or_default());
            if excluded.iter().any(|exclusion| exclusion.covers(&vector)) {
                counts.excluded += 1;
            } else {
                counts.failed += 1;
                wrong.push(line);
            }
        }
    }
    report::add("wycheproof", "all", counts);
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}
