//! An outcome against what a fixture expects. Every difference is told, not only the first.

use super::fixture::{Expected, ExpectedFailure};
use super::json::Json;
use ampoule_model::{Failure, File, Outcome};

/// What came back for a request: an outcome, or the reason why it was refused.
pub(crate) type Answer = Result<Outcome, String>;

/// All differences, each in a line or two; none if it is right.
pub(crate) fn differences(expected: &Expected, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let outcome = match answer {
        Ok(outcome) => outcome,
        Err(reason) => {
            if !expected.status.contains(&None) {
                found.push(format!("refused: {reason}"));
            }
            return found;
        }
    };
    if !expected.status.contains(&Some(outcome.status)) {
        let names: Vec<&str> =
            expected.status.iter().map(|status| status.map_or("refused", |known| known.name())).collect();
        found.push(format!("status is {}, expected {}", outcome.status.name(), names.join(" or ")));
        found.push(describe(outcome));
        return found;
    }
    let completed = outcome.failure.is_none();
    if completed {
        result(expected, &outcome.result_json, &mut found);
    } else if !outcome.result_json.is_empty() {
        found.push(format!("a failure has the result {}", shorten(&outcome.result_json)));
    }
    text("stdout", &outcome.stdout, expected.stdout.as_deref(), &expected.stdout_contains, &[], &mut found);
    text("stderr", &outcome.stderr, expected.stderr.as_deref(), &expected.stderr_contains, &[], &mut found);
    for (stream, truncated, wanted) in [
        ("stdout", outcome.stdout_truncated, expected.stdout_truncated),
        ("stderr", outcome.stderr_truncated, expected.stderr_truncated),
    ] {
        // A flood over both streams is cut wherever the limit is met.
        let free = expected.status.contains(&Some(ampoule_model::Status::OutputLimit)) && !wanted;
        if truncated != wanted && !free {
            found.push(format!("{stream}_truncated is {truncated}"));
        }
    }
    if let Some(bytes) = expected.output_bytes
        && outcome.usage.output_bytes != bytes
    {
        found.push(format!("usage.output_bytes is {}, expected {bytes}", outcome.usage.output_bytes));
    }
    if let Some(failed) = &outcome.failure {
        failure(&expected.failure, failed, &mut found);
        let size = failed.message.len() + failed.traceback.len();
        if expected.failure_bytes_below.is_some_and(|most| size > most) {
            found.push(format!("message and traceback take {size} bytes"));
        }
    }
    if let Some(wanted) = &expected.files {
        files(wanted, &outcome.files, &mut found);
    }
    for file in &outcome.files {
        let clean = (file.path.starts_with("out/") || expected.asks_for_files)
            && !file.path.split('/').any(|part| matches!(part, "" | "." | ".."));
        if !clean {
            found.push(format!("a file comes back as {:?}", file.path));
        }
    }
    usage(outcome, &mut found);
    found
}

/// An outcome in a few lines.
pub(crate) fn describe(outcome: &Outcome) -> String {
    let mut lines = vec![format!("status {}", outcome.status.name())];
    if let Some(failure) = &outcome.failure {
        lines.push(format!("{}: {}", failure.kind, shorten(&failure.message)));
        lines.push(shorten(&failure.traceback));
    }
    for (name, text) in
        [("result", &outcome.result_json), ("stdout", &outcome.stdout), ("stderr", &outcome.stderr)]
    {
        if !text.is_empty() {
            lines.push(format!("{name} {}", shorten(text)));
        }
    }
    lines.join("\n")
}

fn result(expected: &Expected, found_json: &str, found: &mut Vec<String>) {
    let value = match Json::parse(found_json) {
        Ok(value) => value,
        Err(reason) => return found.push(format!("the result is {reason}: {}", shorten(found_json))),
    };
    if let Some(wanted) = &expected.result {
        let wanted_value =
            Json::parse(wanted).unwrap_or_else(|reason| panic!("the expected result is {reason}"));
        let same = if expected.result_ordered {
            value == wanted_value
        } else {
            value.clone().normalised(expected.unordered) == wanted_value.normalised(expected.unordered)
        };
        if !same {
            found.push(format!("result is  {}\n  expected {}", shorten(found_json), shorten(wanted)));
        }
    }
    if let Some(wanted) = &expected.result_has {
        let Ok(Json::Object(members)) = Json::parse(wanted) else { panic!("result_has must be an object") };
        for (key, wanted) in members {
            let has = value.member(&key).cloned().map(|value| value.normalised(false));
            if has != Some(wanted.normalised(false)) {
                found.push(format!(
                    "result.{} differs in {}",
                    String::from_utf16_lossy(&key),
                    shorten(found_json)
                ));
            }
        }
    }
    contains("result", found_json, &expected.result_contains, found);
}

fn failure(expected: &ExpectedFailure, failed: &Failure, found: &mut Vec<String>) {
    if let Some(kind) = &expected.kind
        && failed.kind != *kind
    {
        found.push(format!(
            "failure.type is {}, expected {kind}; {}",
            shorten(&failed.kind),
            shorten(&failed.message)
        ));
    }
    text(
        "failure.message",
        &failed.message,
        expected.message.as_deref(),
        &expected.message_contains,
        &[],
        found,
    );
    for (name, is, wanted) in
        [("line", failed.line, expected.line), ("column", failed.column, expected.column)]
    {
        if let Some(wanted) = wanted
            && is != wanted
        {
            found.push(format!(
                "failure.{name} is {is}, expected {wanted}; traceback: {}",
                shorten(&failed.traceback)
            ));
        }
    }
    text(
        "failure.traceback",
        &failed.traceback,
        expected.traceback.as_deref(),
        &expected.traceback_contains,
        &expected.traceback_lacks,
        found,
    );
}

fn text(
    name: &str,
    is: &str,
    exact: Option<&str>,
    parts: &[String],
    lacks: &[String],
    found: &mut Vec<String>,
) {
    if let Some(exact) = exact
        && is != exact
    {
        found.push(format!(
            "{name} is  {}\n  expected {}",
            shorten(&format!("{is:?}")),
            shorten(&format!("{exact:?}"))
        ));
    }
    contains(name, is, parts, found);
    for part in lacks.iter().filter(|part| is.contains(part.as_str())) {
        found.push(format!("{name} holds {part:?}: {}", shorten(is)));
    }
}

fn contains(name: &str, is: &str, parts: &[String], found: &mut Vec<String>) {
    for part in parts.iter().filter(|part| !is.contains(part.as_str())) {
        found.push(format!("{name} lacks {part:?}: {}", shorten(is)));
    }
}

fn files(wanted: &[File], is: &[File], found: &mut Vec<String>) {
    let mut is: Vec<&File> = is.iter().collect();
    let mut wanted: Vec<&File> = wanted.iter().collect();
    is.sort_by_key(|file| &file.path);
    wanted.sort_by_key(|file| &file.path);
    if is != wanted {
        let names = |files: &[&File]| {
            files.iter().map(|file| format!("{} ({})", file.path, file.content.len())).collect::<Vec<_>>()
        };
        found.push(format!("files are {:?}, expected {:?}", names(&is), names(&wanted)));
    }
}

/// What holds for every execution.
fn usage(outcome: &Outcome, found: &mut Vec<String>) {
    let usage = &outcome.usage;
    let printed = (outcome.stdout.len() + outcome.stderr.len()) as u64;
    let replaced = outcome.stdout.contains('\u{FFFD}') || outcome.stderr.contains('\u{FFFD}');
    if usage.output_bytes < printed && !replaced {
        found.push(format!("usage.output_bytes is {}, but {printed} came back", usage.output_bytes));
    }
    if usage.fuel == 0 {
        found.push("usage.fuel is 0".into());
    }
}

/// A text that fits a report.
pub(crate) fn shorten(text: &str) -> String {
    const MOST: usize = 1200;
    match text.char_indices().nth(MOST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
    }
}
