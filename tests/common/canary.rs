//! Canaries: programs that look around for traces of an earlier run in their slot.

use super::request;
use ampoule_model::{Deterministic, Language, Request};

/// What earlier runs leave wherever they can. The canaries are given it backwards, so that they hold it only
/// while they look.
pub(crate) const MARK: &str = "AMPOULE-LEAK-7f3a91c4d2";

/// The result of a canary that found nothing.
pub(crate) const CLEAN: &str = "[]";

/// The canary of a language, in deterministic mode: everything it reports must be the same in every slot.
pub(crate) fn request_of(language: Language) -> Request {
    let source = match language {
        Language::Python => include_str!("../fixtures/canary/canary.py"),
        Language::Javascript => include_str!("../fixtures/canary/canary.js"),
    };
    let backwards: String = MARK.chars().rev().collect();
    let mut request = request(language, source);
    request.program.file_name = format!("canary.{}", if language == Language::Python { "py" } else { "js" });
    request.input_json = format!("{{\"kram\": \"{backwards}\"}}");
    request.deterministic = Some(Deterministic { seed: 1, now_unix_nanos: 1_700_000_000_000_000_000 });
    request
}
