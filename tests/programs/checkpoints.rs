//! A program in two halves, its top level once and then a call from the checkpoint, is the same program.
//!
//! `same/…`: every fixture with a main comes to the same in two halves as in one run. `calls/…`: the fixtures
//! of `tests/fixtures/checkpoints`, whose cases are calls from one checkpoint.

use crate::common::compare::{describe, differences};
use crate::common::fixture::{DefaultLimits, Fixture, load};
use crate::common::prepared::HOUSE;
use crate::common::runner::{Way, without_times};
use ampoule_model::{Deterministic, Entry, Outcome};
use libtest_mimic::{Failed, Trial};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// Generous: a fixture that needs seconds on a busy machine is no failure.
const DEFAULTS: DefaultLimits =
    DefaultLimits { wall_time: Duration::from_secs(20), memory_bytes: None, fuel: None };

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in ["seeds", "behaviour"] {
        let fixtures = load(kind, &DEFAULTS).into_iter();
        trials.extend(fixtures.filter(is_comparable).map(|fixture| {
            Trial::test(format!("checkpoints/same/{}", fixture.name), move || comes_to_the_same(&fixture))
        }));
    }
    let mut folders: BTreeMap<String, Vec<Fixture>> = BTreeMap::new();
    for fixture in load("checkpoints", &DEFAULTS) {
        let folder = fixture.name.split([' ']).next().unwrap_or_default();
        let folder = folder.trim_start_matches("checkpoints/").split('/').next().unwrap_or_default();
        folders.entry(folder.to_owned()).or_default().push(fixture);
    }
    for (folder, cases) in folders {
        trials.push(Trial::test(format!("checkpoints/calls/{folder}"), move || calls(&cases)));
    }
    trials
}

/// Those with a top level that can be kept, and that are admitted at all.
fn is_comparable(fixture: &Fixture) -> bool {
    fixture.request.program.entry == Entry::Main
        && !fixture.request.program.source.is_empty()
        && fixture.expected.status.iter().all(Option::is_some)
}

/// Both by what the fixture expects and, where randomness and time are fixed, by what a run gives.
fn comes_to_the_same(fixture: &Fixture) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let answer = HOUSE.both(&fixture.request);
    wrong.extend(differences(&fixture.expected, &answer));
    let mut request = fixture.request.clone();
    request
        .deterministic
        .get_or_insert(Deterministic { seed: 1, now_unix_nanos: ampoule_model::DEFAULT_NOW_UNIX_NANOS });
    let whole = Way::in_process().execute(request.clone());
    let both = HOUSE.both(&request);
    if let (Ok(whole), Ok(both)) = (whole, both) {
        let (whole, both) = (without_usage(&whole), without_usage(&both));
        if whole != both {
            wrong.push(format!("in two halves:\n{}\n-- as a run:\n{}", describe(&both), describe(&whole)));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(format!("- {}", wrong.join("\n- ")))) }
}

/// What the halves consume differs: a checkpoint costs memory where it is restored, not the fuel that made
/// it.
fn without_usage(outcome: &Outcome) -> Outcome {
    let mut outcome = without_times(outcome);
    outcome.usage = Default::default();
    outcome
}

fn calls(cases: &[Fixture]) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let mut seen = HashSet::new();
    let prepared = HOUSE.prepare(&cases[0].request, false);
    for case in cases {
        let mut first = None;
        for round in 1..=case.repeats.max(1) {
            let outcome = match &prepared {
                Ok(prepared) => HOUSE.call(&prepared.checkpoint, &case.request, true),
                Err(outcome) => (**outcome).clone(),
            };
            let found = differences(&case.expected, &Ok(outcome.clone()));
            wrong.extend(found.into_iter().map(|found| format!("{}, call {round}: {found}", case.name)));
            if case.results_differ.is_some() && !seen.insert(outcome.result_json.clone()) {
                wrong.push(format!(
                    "{}: {} was the result of another call too",
                    case.name, outcome.result_json
                ));
            }
            let outcome = without_usage(&outcome);
            let first = first.get_or_insert_with(|| outcome.clone());
            if *first != outcome {
                wrong.push(format!(
                    "{}, call {round} differs from the first: {}",
                    case.name,
                    describe(&outcome)
                ));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(format!("- {}", wrong.join("\n- ")))) }
}
