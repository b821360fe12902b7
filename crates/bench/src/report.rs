//! The table that `ampoule bench` prints: one row a promise, with what was reached and whether it holds.

use std::fmt::Write;

/// One measured promise.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What was reached, in words and numbers.
    pub reached: String,
    /// The promise.
    pub promise: String,
    /// Whether it holds on this machine, now.
    pub holds: bool,
}

/// All rows, in the order of SPECIFICATION.md.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The promises.
    pub rows: Vec<Row>,
    /// Further numbers that explain a row, e.g. the programs behind a mean.
    pub details: Vec<String>,
}

impl Report {
    pub(crate) fn row(&mut self, what: &str, reached: String, promise: &str, holds: bool) {
        eprintln!("  {what}: {reached} (promise: {promise}){}", if holds { "" } else { "  MISSED" });
        self.rows.push(Row { what: what.into(), reached, promise: promise.into(), holds });
    }

    /// A Markdown table, as it stands in SPECIFICATION.md.
    pub fn to_markdown(&self) -> String {
        let mut text = String::from("| what | reached | promise | holds |\n|---|---|---|---|\n");
        for row in &self.rows {
            let holds = if row.holds { "yes" } else { "no" };
            let _ = writeln!(text, "| {} | {} | {} | {holds} |", row.what, row.reached, row.promise);
        }
        for detail in &self.details {
            let _ = write!(text, "\n{detail}\n");
        }
        text
    }
}
