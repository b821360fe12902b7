//! Nothing of one run is visible to the next, however the first one ended.
//!
//! A *leaker* leaves its mark in everything it can reach and then ends in one of the ways an execution can
//! end. The next guest in the same slot (the engine has only one) is a canary, which looks around, or a
//! scanner: a guest of our own that reads every byte of its linear memory.

use crate::common::canary::{self, MARK};
use crate::common::compare::describe;
use crate::common::leaker::{ENDINGS, leaker};
use crate::common::runner::{execute, without_times};
use crate::common::scanner::{scan, scanner};
use crate::common::{block_on, load_images, request, service_with_slots};
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::{Language, Outcome, Status};
use ampoule_service::{Service, ServiceConfig};
use std::time::Duration;

fn leak(service: &Service, language: Language, ending: &str, status: Status) {
    let outcome = execute(service, leaker(language, ending)).expect("the leaker is admitted");
    let marked = outcome.stdout.starts_with("marked");
    assert!(outcome.status == status && marked, "{} {ending}: {}", language.name(), describe(&outcome));
}

/// What a canary answers here, and that it found nothing.
fn clean(service: &Service, language: Language, after: &str) -> Outcome {
    let outcome = execute(service, canary::request_of(language)).expect("the canary is admitted");
    assert_eq!(
        outcome.result_json,
        canary::CLEAN,
        "{} after {after}: {}",
        language.name(),
        describe(&outcome)
    );
    without_times(&outcome)
}

fn nothing_is_left_of(leaking: Language) {
    let pristine = Language::ALL.map(|language| clean(&service_with_slots(1), language, "nothing"));
    let service = service_with_slots(1);
    for (ending, status) in ENDINGS {
        leak(&service, leaking, ending, status);
        for (language, pristine) in Language::ALL.into_iter().zip(&pristine) {
            let outcome = clean(&service, language, ending);
            assert_eq!(
                outcome,
                *pristine,
                "the {} canary after {} {ending}",
                language.name(),
                leaking.name()
            );
        }
    }
}

/// Leaker and canary in one and the same guest: a canary that finds nothing here would prove nothing
/// elsewhere.
#[test]
fn a_canary_does_see_what_a_leaker_leaves() {
    let service = service_with_slots(1);
    for language in Language::ALL {
        let mut both = canary::request_of(language);
        let looks = both.program.source.clone();
        both.program.source = match language {
            Language::Python => {
                let source = include_str!("../fixtures/canary/leaker.py").to_owned();
                both.program.modules = vec![ampoule_model::Module { name: "leaker".into(), source }];
                format!(
                    "{looks}\n_look = main\nimport leaker\n\ndef main(kram):\n    leaker.mark_everything(kram[::-1])\n    return _look(kram)\n"
                )
            }
            Language::Javascript => {
                let leaks = include_str!("../fixtures/canary/leaker.js")
                    .replace("async function main", "async function leak");
                format!("{looks}\n{leaks}\nmarkEverything('{MARK}');\n")
            }
        };
        let outcome = execute(&service, both).expect("it is admitted");
        // Its own tools are spoilt too: it may fail instead of telling what it found. Clean it is not.
        assert_ne!(
            outcome.result_json,
            canary::CLEAN,
            "{} is blind: {}",
            language.name(),
            describe(&outcome)
        );
        println!("{}: {}", language.name(), describe(&outcome));
    }
}

#[test]
fn nothing_is_left_of_a_python_run_however_it_ended() {
    nothing_is_left_of(Language::Python);
}

#[test]
fn nothing_is_left_of_a_javascript_run_however_it_ended() {
    nothing_is_left_of(Language::Javascript);
}

#[test]
fn runs_at_the_same_time_do_not_see_each_other() {
    let service = service_with_slots(4);
    let pristine = Language::ALL.map(|language| clean(&service_with_slots(1), language, "nothing"));
    block_on(async {
        let mut leakers = tokio::task::JoinSet::new();
        for round in 0..3 {
            for language in Language::ALL {
                let (ending, _) = ENDINGS[round % 2];
                let service = service.clone();
                leakers.spawn(async move {
                    service.execute(leaker(language, ending)).await.expect("it is admitted")
                });
            }
        }
        for _ in 0..6 {
            for (language, pristine) in Language::ALL.into_iter().zip(&pristine) {
                let execution = service.execute(canary::request_of(language)).await.expect("it is admitted");
                assert_eq!(without_times(&execution.outcome), *pristine, "{}", describe(&execution.outcome));
            }
        }
        while let Some(ended) = leakers.join_next().await {
            ended.expect("no panic");
        }
    });
}

#[test]
fn a_request_that_is_given_up_leaves_nothing() {
    let service = service_with_slots(1);
    let pristine = Language::ALL.map(|language| clean(&service, language, "nothing"));
    for language in Language::ALL {
        block_on(async {
            let given_up =
                tokio::time::timeout(Duration::from_millis(700), service.execute(leaker(language, "wall")))
                    .await;
            assert!(given_up.is_err(), "the leaker ended before it was given up");
        });
        for (language, pristine) in Language::ALL.into_iter().zip(&pristine) {
            assert_eq!(clean(&service, language, "a run that was given up"), *pristine);
        }
    }
}

#[test]
fn randomness_and_time_are_fresh_in_every_run() {
    let service = service_with_slots(1);
    let sources = [
        (
            Language::Python,
            "import random, os, uuid, secrets\ndef main(): return [random.random(), random.getrandbits(64), os.urandom(8).hex(), str(uuid.uuid4()), secrets.token_hex(8)]",
        ),
        (
            Language::Javascript,
            "const main = () => [Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(8))]]",
        ),
    ];
    for (language, source) in sources {
        let results: std::collections::HashSet<String> = (0..20)
            .map(|_| execute(&service, request(language, source)).expect("it is admitted"))
            .map(|outcome| outcome.result_json)
            .collect();
        assert_eq!(results.len(), 20, "{} repeats itself", language.name());
    }
}

#[test]
fn no_byte_of_an_earlier_guest_is_left_in_the_slots_memory() {
    let config = EngineConfig { slots: 1, reused_guests: 0, ..EngineConfig::default() };
    let engine = Engine::new(config.clone()).expect("the engine starts");
    let scanner = scanner(&engine);
    let service = Service::new(
        ServiceConfig { engine: config, ..ServiceConfig::default() },
        engine.clone(),
        load_images(&engine),
    );
    // The scanner does find the mark where it is: in the request that carries it unflipped.
    assert_eq!(scan(&engine, &scanner, &MARK[..8]), "1", "the scanner is blind");
    for language in Language::ALL {
        for (ending, status) in ENDINGS {
            leak(&service, language, ending, status);
            let found = scan(&engine, &scanner, "");
            assert_eq!(found, "0", "after a {} run that ended by {ending}", language.name());
        }
    }
}
