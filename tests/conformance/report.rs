//! What was run in all, for the end of the test's output.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

/// What became of the tests of one part: a module, a folder.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) skipped: usize,
    /// Where the tests say so.
    pub(crate) skip_reasons: BTreeMap<String, usize>,
    pub(crate) excluded: usize,
    pub(crate) failed: usize,
    pub(crate) cpu_time: Duration,
    pub(crate) peak_memory_bytes: u64,
    /// Whatever else is worth a line.
    pub(crate) note: String,
}

static PARTS: Mutex<BTreeMap<(&'static str, String), Counts>> = Mutex::new(BTreeMap::new());

/// Takes down a part of a suite.
pub(crate) fn add(suite: &'static str, part: &str, counts: Counts) {
    let mut parts = PARTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    parts.insert((suite, part.to_owned()), counts);
}

/// Prints the totals, and the parts too if the environment asks for them.
pub(crate) fn print() {
    let parts = PARTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if std::env::var_os("AMPOULE_CONFORMANCE_REPORT").is_some() {
        for ((suite, part), counts) in parts.iter() {
            println!("{}", line(&format!("{suite} {part}"), counts));
        }
    }
    let mut suites: BTreeMap<&str, (usize, Counts)> = BTreeMap::new();
    for ((suite, _), counts) in parts.iter() {
        let (number, total) = suites.entry(suite).or_default();
        *number += 1;
        total.passed += counts.passed;
        total.skipped += counts.skipped;
        for (reason, number) in &counts.skip_reasons {
            *total.skip_reasons.entry(reason.clone()).or_default() += number;
        }
        total.excluded += counts.excluded;
        total.failed += counts.failed;
        total.cpu_time += counts.cpu_time;
        total.peak_memory_bytes = total.peak_memory_bytes.max(counts.peak_memory_bytes);
    }
    for (suite, (number, total)) in &suites {
        println!("{}", line(&format!("{suite}, {number} parts"), total));
        if std::env::var_os("AMPOULE_CONFORMANCE_REPORT").is_some() {
            for (reason, number) in &total.skip_reasons {
                println!("    {number} {reason}");
            }
        }
    }
}

fn line(name: &str, counts: &Counts) -> String {
    format!(
        "{name}: {} passed, {} skipped, {} excluded, {} failed; {:.1} s, {} MiB {}",
        counts.passed,
        counts.skipped,
        counts.excluded,
        counts.failed,
        counts.cpu_time.as_secs_f64(),
        counts.peak_memory_bytes >> 20,
        counts.note
    )
}
