//! What the test runners inside a guest answer: `run_tests.py` of CPython's own tests, `run_pytest.py` of a
//! package's.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What became of the tests of one guest. A runner leaves out what it has no word for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Answer {
    /// What pytest's `main` returned.
    pub(crate) status: i64,
    /// Why a module was skipped as a whole; empty if it was not.
    pub(crate) skipped_whole: String,
    pub(crate) passed: usize,
    pub(crate) expected_failures: usize,
    pub(crate) skipped: usize,
    pub(crate) skip_reasons: BTreeMap<String, usize>,
    pub(crate) excluded: usize,
    stale_exclusions: Vec<String>,
    pub(crate) failures: Vec<FailedTest>,
    /// Seconds.
    pub(crate) slowest: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
pub(crate) struct FailedTest {
    test: String,
    kind: String,
    traceback: String,
}

impl Answer {
    /// Tests that failed, and exclusions that are about none.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let failed = |failed: &FailedTest| format!("{} ({})\n{}", failed.test, failed.kind, failed.traceback);
        let stale = |pattern: &String| format!("the exclusion {pattern} matches no test");
        self.failures.iter().map(failed).chain(self.stale_exclusions.iter().map(stale)).collect()
    }
}
