//! Hostile programs: each must end in the status its fixture names, and leave its slot as it found it.
//!
//! After each of them a canary of both languages runs in the very same slot: its engine has only one. The
//! canaries look around (`tests/fixtures/canary`) and run in deterministic mode, so their whole outcome, fuel
//! and memory included, must be what it was in a slot that never saw anything else. `… kept`: the same where
//! guests are kept, so that a canary is in the very guest of a program that has answered.

use crate::common::canary;
use crate::common::compare::describe;
use crate::common::fixture::{DefaultLimits, Fixture, load};
use crate::common::keeping::{TestEnvironment, keeping};
use crate::common::runner::{Way, check, execute, without_times};
use crate::common::service_with_slots;
use ampoule_engine::EngineConfig;
use ampoule_model::{Language, Outcome};
use ampoule_service::Service;
use libtest_mimic::{Failed, Trial};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

/// Small, so that what only a limit ends is ended soon; the wall time is far above what the fuel lasts.
const DEFAULTS: DefaultLimits = DefaultLimits {
    wall_time: Duration::from_secs(60),
    memory_bytes: Some(128 << 20),
    fuel: Some(1_000_000_000),
};

/// Houses that wait for their next program: of one slot, and such that keep guests.
static IDLE: [Mutex<Vec<TestEnvironment>>; 2] = [const { Mutex::new(Vec::new()) }; 2];

/// What the canaries answer in a slot that saw nothing before.
static PRISTINE: LazyLock<Vec<Outcome>> = LazyLock::new(|| {
    let pristine = |language| {
        let outcome =
            execute(&service_with_slots(1), canary::request_of(language)).expect("a canary is admitted");
        assert_eq!(outcome.result_json, canary::CLEAN, "{}", describe(&outcome));
        without_times(&outcome)
    };
    Language::ALL.into_iter().map(pristine).collect()
});

pub(crate) fn trials() -> Vec<Trial> {
    let fixtures = load("hostile", &DEFAULTS);
    let trials = fixtures.into_iter().map(Arc::new).flat_map(|fixture| {
        let kept = Arc::clone(&fixture);
        let names = [fixture.name.clone(), format!("{} kept", fixture.name)];
        let [slot, guest] = names;
        [Trial::test(slot, move || run(&fixture, false)), Trial::test(guest, move || run(&kept, true))]
    });
    trials.collect()
}

fn run(fixture: &Fixture, kept: bool) -> Result<(), Failed> {
    let idle = || IDLE[usize::from(kept)].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let house = idle().pop();
    let one_slot = || EngineConfig { slots: 1, reused_guests: 0, ..EngineConfig::default() };
    let house = house.unwrap_or_else(|| TestEnvironment::with(if kept { keeping() } else { one_slot() }));
    let checked = check(&Way::InProcess(house.service.clone()), fixture);
    for (pristine, language) in PRISTINE.iter().zip(Language::ALL) {
        after(&house.service, (pristine, language), fixture)?;
        // What the canary was in is what the next program is in.
        if wasmtime::PoolingAllocationConfig::is_pagemap_scan_available() {
            assert_eq!(house.kept(language), usize::from(kept), "after the canary in {}", language.name());
        }
    }
    idle().push(house);
    checked.map(drop).map_err(Failed::from)
}

fn after(
    service: &Service,
    (pristine, language): (&Outcome, Language),
    fixture: &Fixture,
) -> Result<(), Failed> {
    let outcome = execute(service, canary::request_of(language)).map_err(Failed::from)?;
    let outcome = without_times(&outcome);
    if outcome == *pristine {
        return Ok(());
    }
    Err(Failed::from(format!(
        "the {} canary after {} sees something else (fuel {} instead of {}):\n{}\n-- instead of:\n{}",
        language.name(),
        fixture.name,
        outcome.usage.fuel,
        pristine.usage.fuel,
        describe(&outcome),
        describe(pristine)
    )))
}
