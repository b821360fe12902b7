//! Leakers: programs that leave their mark in everything they can reach, and then end in one of the ways
//! there are.

use super::canary::MARK;
use super::request;
use ampoule_model::{Language, Request, Status};
use std::time::Duration;

/// The ways a leaker ends, and what is then seen.
pub(crate) const ENDINGS: [(&str, Status); 7] = [
    ("return", Status::Completed),
    ("raise", Status::Raised),
    ("fuel", Status::FuelExhausted),
    ("wall", Status::TimedOut),
    ("memory", Status::OutOfMemory),
    ("output", Status::OutputLimit),
    ("exit", Status::Raised),
];

/// The leaker of a language.
pub(crate) fn leaker(language: Language, ending: &str) -> Request {
    let source = match language {
        Language::Python => include_str!("../fixtures/canary/leaker.py"),
        Language::Javascript => include_str!("../fixtures/canary/leaker.js"),
    };
    let mut request = request(language, source);
    request.input_json = format!("{{\"mark\": \"{MARK}\", \"ending\": \"{ending}\"}}");
    request.environment = vec![(MARK.into(), MARK.into())];
    request.stdin = format!("{MARK}\n").repeat(1000).into();
    request.output_files = vec!["**".into(), MARK.into()];
    request.files = vec![ampoule_model::File { path: format!("{MARK}.txt"), content: MARK.into() }];
    request.limits.fuel = Some(20_000_000_000);
    request.limits.memory_bytes = Some(192 << 20);
    match ending {
        "fuel" => request.limits.fuel = Some(1_500_000_000),
        "wall" => request.limits.wall_time = Some(Duration::from_secs(2)),
        _ => {}
    }
    request
}
