//! Bytecode made by hand: whatever its operands, it is metered, and leaves its slot as it found it.
//!
//! Every instruction that changes the position (the guest's interpreter says which) with operands around the
//! powers of two where an address of 32 bits wraps, and with such as lead back to the start of a loop by
//! that. Whatever comes of it is right, be it a failure of the guest: but metering ends what does not end,
//! and not the watchdog below it.

use crate::common::compare::describe;
use crate::common::keeping::TestEnvironment;
use crate::common::request;
use crate::common::runner::execute;
use ampoule_engine::EngineConfig;
use ampoule_model::{Language, Outcome, Request, Status};
use serde_json::{Value, json};
use std::time::Duration;

const PROGRAM: &str = include_str!("../bytecode/jump.py");

/// The position is an address of 32 bits, an operand counts two bytes: 2^31 of them are nothing, 2^30 are two
/// gibibytes.
const POWERS: std::ops::RangeInclusive<u32> = 29..=32;

/// Beside a power of two, and so far from it that one sign or the other leads back to the start of the loop.
const BESIDE: [(i64, &str); 5] = [(-1, ""), (0, ""), (1, ""), (0, "-"), (0, "+")];

/// Instructions that stand for others.
const STANDING: [&str; 3] = ["INSTRUMENTED_LINE", "INSTRUMENTED_INSTRUCTION", "INSTRUMENTED_RESUME"];

/// Far above what the wall time allows, for a machine whose clock for threads is coarse.
const MOST_CPU: Duration = Duration::from_millis(1500);

fn one_slot() -> TestEnvironment {
    TestEnvironment::with(EngineConfig { slots: 1, reused_guests: 0, ..EngineConfig::default() })
}

fn asked(input: &Value) -> Request {
    let mut request = request(Language::Python, PROGRAM);
    request.input_json = input.to_string();
    request.limits.wall_time = Some(Duration::from_secs(1));
    request.limits.fuel = Some(2_000_000_000);
    request
}

/// The instructions that change the position.
fn names(house: &TestEnvironment) -> Vec<String> {
    let outcome = execute(&house.service, asked(&json!({}))).expect("it is admitted");
    assert_eq!(outcome.status, Status::Completed, "{}", describe(&outcome));
    serde_json::from_str(&outcome.result_json).expect("names")
}

/// Runs one instruction with all operands. How many of them went round until they were stopped.
fn run(house: &TestEnvironment, kind: &str, name: &str, watched: bool) -> usize {
    let mut rounds = 0;
    for power in POWERS {
        for (beside, back) in BESIDE {
            let operand = (1_i64 << power) + beside;
            let input = json!({
                "kind": kind, "name": name, "operand": operand, "back": back, "watched": watched
            });
            let outcome = execute(&house.service, asked(&input)).expect("it is admitted");
            let stopped = matches!(outcome.status, Status::FuelExhausted | Status::TimedOut);
            rounds += usize::from(stopped);
            assert_eq!(house.service.health().cut_off, 0, "{input} is not metered: {}", describe(&outcome));
            assert!(outcome.usage.cpu_time < MOST_CPU, "{input}: {:?}", outcome.usage);
            next_is_right(house, &input);
        }
    }
    rounds
}

fn next_is_right(house: &TestEnvironment, after: &Value) {
    let program = request(Language::Python, "def main():\n    return sum(n * n for n in range(100))");
    let outcome: Outcome = execute(&house.service, program).expect("it is admitted");
    assert_eq!(outcome.result_json, "328350", "after {after}: {}", describe(&outcome));
}

fn jumps(watched: bool) {
    let house = one_slot();
    for name in names(&house) {
        let rounds = run(&house, "jump", &name, watched);
        // The jump of a generator that ends is kept in 16 bits; the others of these stand for an instruction
        // and jump nowhere.
        let special = name.ends_with("_GEN") || STANDING.contains(&name.as_str());
        assert!(special || rounds > 0, "no operand leads {name} back to the start of its loop");
    }
}

#[test]
fn every_jump_with_every_operand_is_metered() {
    jumps(false);
}

#[test]
fn every_jump_that_a_tool_watches_is_metered() {
    jumps(true);
}

#[test]
fn handlers_of_exceptions_anywhere_are_metered() {
    let house = one_slot();
    for watched in [false, true] {
        assert!(run(&house, "handler", "", watched) > 0, "no handler is the instruction that raises");
    }
}

#[test]
fn generators_that_are_resumed_anywhere_are_metered() {
    let house = one_slot();
    for watched in [false, true] {
        assert!(run(&house, "resumed", "", watched) > 0, "no generator goes on for ever");
    }
}
