//! Every fixture of `tests/fixtures/{seeds,behaviour}`, through the service and through gRPC.
//!
//! One test a case: `cargo test --test programs seeds/001-1.3` runs those of one example.

use crate::common::fixture::{DefaultLimits, Fixture, load};
use crate::common::runner::{Way, check};
use libtest_mimic::{Failed, Trial};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Generous: a fixture that needs seconds on a busy machine is no failure.
const DEFAULTS: DefaultLimits =
    DefaultLimits { wall_time: Duration::from_secs(20), memory_bytes: None, fuel: None };

/// Results seen so far of the cases whose results must differ.
type Seen = Arc<Mutex<HashMap<String, Vec<String>>>>;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for way in ["service", "grpc"] {
        let seen = Seen::default();
        for kind in ["seeds", "behaviour"] {
            trials.extend(load(kind, &DEFAULTS).into_iter().map(|fixture| trial(way, fixture, seen.clone())));
        }
    }
    trials
}

fn trial(way: &'static str, fixture: Fixture, seen: Seen) -> Trial {
    Trial::test(format!("{} by {way}", fixture.name), move || {
        let way = if way == "grpc" { Way::grpc() } else { Way::in_process() };
        let answer = check(&way, &fixture).map_err(Failed::from)?;
        if let (Some(group), Ok(outcome)) = (fixture.results_differ, answer) {
            let mut seen = seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let earlier = seen.entry(group).or_default();
            if earlier.contains(&outcome.result_json) {
                return Err(Failed::from(format!(
                    "{} was the result of another case too",
                    outcome.result_json
                )));
            }
            earlier.push(outcome.result_json);
        }
        Ok(())
    })
}
