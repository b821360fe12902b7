//! A guest that is kept is what a fresh one is: every fixture comes to the same in it, and what it leaves is
//! gone.
//!
//! `same/…`: every fixture of `tests/fixtures/{seeds,behaviour}`, in guests that ran others before, and whose
//! whole memory is compared with the image's each time. `marks/…`: a leaker that answers, and a canary in its
//! guest (tests/guests/isolation.rs says what they are). `default/…`: what the product's defaults keep.

use crate::common::canary;
use crate::common::compare::{describe, differences};
use crate::common::fixture::{DefaultLimits, Fixture, load};
use crate::common::keeping::{TestEnvironment, keeping};
use crate::common::leaker::leaker;
use crate::common::runner::{Way, execute, without_times};
use crate::common::{request, service_with_slots};
use ampoule_engine::{EngineConfig, Image};
use ampoule_model::{Deterministic, Language, Outcome, Request};
use libtest_mimic::{Failed, Trial};
use std::sync::LazyLock;
use std::time::Duration;

/// Generous: a fixture that needs seconds on a busy machine is no failure.
const DEFAULTS: DefaultLimits =
    DefaultLimits { wall_time: Duration::from_secs(20), memory_bytes: None, fuel: None };

/// Its guests are compared; a difference is an error of the execution.
static COMPARED: LazyLock<TestEnvironment> = LazyLock::new(|| {
    TestEnvironment::with(EngineConfig { slots: 8, reused_guests: 2, compare_reused: true, ..keeping() })
});

pub(crate) fn trials() -> Vec<Trial> {
    if !wasmtime::PoolingAllocationConfig::is_pagemap_scan_available() {
        ampoule_testing::cannot_run("the kernel does not tell which pages were written to (Linux 6.7 does)");
        return Vec::new();
    }
    let mut trials = Vec::new();
    for kind in ["seeds", "behaviour"] {
        trials.extend(load(kind, &DEFAULTS).into_iter().map(|fixture| {
            Trial::test(format!("kept/same/{}", fixture.name), move || comes_to_the_same(&fixture))
        }));
    }
    for language in Language::ALL {
        trials.push(Trial::test(format!("kept/marks/{}", language.name()), move || marks(language)));
        trials.push(Trial::test(format!("kept/default/{}", language.name()), move || by_default(language)));
    }
    trials
}

/// After all of them: that anything was kept at all.
pub(crate) fn check_that_guests_were_kept() {
    if !wasmtime::PoolingAllocationConfig::is_pagemap_scan_available() {
        return;
    }
    // Each fixture was run three times in a house that keeps; those that are stopped or grow, and the next,
    // are not.
    let kept: u64 = COMPARED.images.iter().map(Image::kept_executions).sum();
    println!("{kept} executions began in a guest that was kept");
    assert!(kept > 500, "only {kept} executions began in a guest that was kept");
}

/// Both by what the fixture expects and, where randomness and time are fixed, by what a fresh guest gives:
/// fuel and memory, too.
fn comes_to_the_same(fixture: &Fixture) -> Result<(), Failed> {
    let way = Way::InProcess(COMPARED.service.clone());
    let mut wrong = differences(&fixture.expected, &way.execute(fixture.request.clone()));
    let mut request = fixture.request.clone();
    request
        .deterministic
        .get_or_insert(Deterministic { seed: 1, now_unix_nanos: ampoule_model::DEFAULT_NOW_UNIX_NANOS });
    let fresh = fresh(request.clone());
    for _ in 0..2 {
        match (&fresh, way.execute(request.clone())) {
            (Ok(fresh), Ok(kept)) if *fresh != without_times(&kept) => wrong.push(format!(
                "in a guest that was kept:\n{}\n{:?}\n-- in a fresh one:\n{}\n{:?}",
                describe(&kept),
                kept.usage,
                describe(fresh),
                fresh.usage
            )),
            (Ok(_), Err(reason)) => wrong.push(reason),
            _ => {}
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(format!("- {}", wrong.join("\n- ")))) }
}

/// By a service that keeps none.
fn fresh(request: Request) -> Result<Outcome, String> {
    static FRESH: LazyLock<TestEnvironment> = LazyLock::new(|| {
        TestEnvironment::with(EngineConfig { slots: 8, reused_guests: 0, ..EngineConfig::default() })
    });
    execute(&FRESH.service, request).map(|outcome| without_times(&outcome))
}

/// A leaker that leaves no more than a guest that is kept may have dirtied.
fn small_leaker(language: Language, ending: &str) -> Request {
    let mut request = leaker(language, ending);
    let source = &mut request.program.source;
    for (much, little) in match language {
        Language::Python => [("range(2000)", "range(20)"), ("mark * 300_000", "mark * 1_000")],
        Language::Javascript => [("i < 2000", "i < 20"), ("mark.repeat(300000)", "mark.repeat(1000)")],
    } {
        assert!(source.contains(much), "the leaker has no {much}");
        *source = source.replace(much, little);
    }
    request
}

fn marks(language: Language) -> Result<(), Failed> {
    let house = TestEnvironment::with(EngineConfig { compare_reused: true, ..keeping() });
    let pristine = execute(&service_with_slots(1), canary::request_of(language))?;
    for round in 0..3 {
        for ending in ["return", "raise"] {
            let outcome = execute(&house.service, small_leaker(language, ending))?;
            assert!(outcome.stdout.starts_with("marked"), "{}", describe(&outcome));
            assert_eq!(house.kept(language), 1, "after {ending}, round {round}");
            let outcome = execute(&house.service, canary::request_of(language))?;
            assert_eq!(outcome.result_json, canary::CLEAN, "after {ending}: {}", describe(&outcome));
            assert_eq!(without_times(&outcome), without_times(&pristine), "after {ending}");
            assert_eq!(house.kept(language), 1, "after the canary, round {round}");
            // The large one runs in that guest and is too large to be kept in it.
            let outcome = execute(&house.service, leaker(language, ending))?;
            assert!(outcome.stdout.starts_with("marked"), "{}", describe(&outcome));
            assert_eq!(house.kept(language), 0, "after the large leaker, round {round}");
        }
    }
    Ok(())
}

/// A short program is given a fresh guest, a long one gets it again, and there are no more than may be.
fn by_default(language: Language) -> Result<(), Failed> {
    static HOUSE: LazyLock<TestEnvironment> =
        LazyLock::new(|| TestEnvironment::with(EngineConfig { slots: 8, ..EngineConfig::default() }));
    let (short, long) = match language {
        Language::Python => ("def main(): return 1", "def main(): return sum(range(300000))"),
        Language::Javascript => (
            "const main = () => 1",
            "const main = () => { let sum = 0; for (let n = 0; n < 300000; n++) sum += n; return sum }",
        ),
    };
    for _ in 0..3 {
        execute(&HOUSE.service, request(language, short))?;
    }
    assert_eq!(HOUSE.kept(language), 0, "after a short program");
    for _ in 0..3 {
        let outcome = execute(&HOUSE.service, request(language, long))?;
        assert_eq!(outcome.result_json, "44999850000", "{}", describe(&outcome));
    }
    assert_eq!(HOUSE.kept(language), 1, "after a long program");
    Ok(())
}
