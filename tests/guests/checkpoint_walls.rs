//! Nothing of one call is there for the next, nor anything of a checkpoint for a guest that does not start
//! from it.

use crate::common::canary::{self, MARK};
use crate::common::compare::describe;
use crate::common::leaker::{ENDINGS, leaker};
use crate::common::prepared::TestEnvironment;
use crate::common::request;
use crate::common::runner::without_times;
use crate::common::scanner::{scan, scanner};
use ampoule_engine::Checkpoint;
use ampoule_model::{Language, Status};

fn prepared(house: &TestEnvironment, request: &ampoule_model::Request) -> Checkpoint {
    match house.prepare(request, false) {
        Ok(prepared) => prepared.checkpoint,
        Err(outcome) => panic!("{}", describe(&outcome)),
    }
}

#[test]
fn no_byte_of_a_call_is_left_in_its_slot_however_it_ended() {
    let house = TestEnvironment::with_slots(1);
    let scanner = scanner(&house.engine);
    assert_eq!(scan(&house.engine, &scanner, &MARK[..8]), "1", "the scanner is blind");
    for language in Language::ALL {
        for (ending, status) in ENDINGS {
            let request = leaker(language, ending);
            let checkpoint = prepared(&house, &request);
            let outcome = house.call(&checkpoint, &request, true);
            let marked = outcome.stdout.starts_with("marked");
            assert!(
                outcome.status == status && marked,
                "{} {ending}: {}",
                language.name(),
                describe(&outcome)
            );
            let found = scan(&house.engine, &scanner, "");
            assert_eq!(found, "0", "after a {} call that ended by {ending}", language.name());
        }
    }
}

#[test]
fn no_byte_of_a_checkpoint_is_left_in_the_slots_that_it_was_in() {
    let house = TestEnvironment::with_slots(1);
    let scanner = scanner(&house.engine);
    let backwards: String = MARK.chars().rev().collect();
    let sources = [
        (
            Language::Python,
            format!(
                "kept = [('{backwards}' * 1000)[::-1] + str(n) for n in range(1000)]\ndef main(): return len(kept)"
            ),
        ),
        (
            Language::Javascript,
            format!(
                "const kept = Array.from({{length: 1000}}, (_, n) => [...'{backwards}'].reverse().join('').repeat(1000) + n);\nconst main = () => kept.length;"
            ),
        ),
    ];
    for (language, source) in sources {
        let request = request(language, &source);
        let checkpoint = prepared(&house, &request);
        assert!(checkpoint.size() > 20 << 20, "{}", checkpoint.size());
        assert_eq!(scan(&house.engine, &scanner, ""), "0", "after preparing {}", language.name());
        let outcome = house.call(&checkpoint, &request, true);
        assert_eq!(outcome.result_json, "1000", "{}", describe(&outcome));
        assert_eq!(scan(&house.engine, &scanner, ""), "0", "after a call of {}", language.name());
    }
}

#[test]
fn a_canary_called_after_any_other_call_finds_what_it_finds_in_a_fresh_slot() {
    let canaries = Language::ALL.map(canary::request_of);
    let house = TestEnvironment::with_slots(1);
    let checkpoints: Vec<Checkpoint> = canaries.iter().map(|canary| prepared(&house, canary)).collect();
    let look = |house: &TestEnvironment| -> Vec<_> {
        let calls = canaries.iter().zip(&checkpoints);
        calls.map(|(canary, checkpoint)| without_times(&house.call(checkpoint, canary, false))).collect()
    };
    let pristine = look(&TestEnvironment::with_slots(1));
    for outcome in &pristine {
        assert_eq!(outcome.result_json, canary::CLEAN, "{}", describe(outcome));
    }
    for language in Language::ALL {
        for (ending, status) in ENDINGS {
            let request = leaker(language, ending);
            let checkpoint = prepared(&house, &request);
            assert_eq!(house.call(&checkpoint, &request, true).status, status);
            assert_eq!(look(&house), pristine, "after a {} call that ended by {ending}", language.name());
        }
    }
}

#[test]
fn a_checkpoint_from_a_file_is_the_same_checkpoint() {
    let house = TestEnvironment::with_slots(1);
    for language in Language::ALL {
        let canary = canary::request_of(language);
        let checkpoint = prepared(&house, &canary);
        let bytes = checkpoint.to_bytes();
        let read = Checkpoint::from_bytes(&bytes).expect("it was just written");
        assert_eq!(read.to_bytes(), bytes);
        let first = without_times(&house.call(&checkpoint, &canary, false));
        assert_eq!(first.status, Status::Completed);
        assert_eq!(without_times(&house.call(&read, &canary, false)), first);
    }
}
