//! Running a registry's client.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines of a failed client's output that are shown.
const SHOWN_LINES: usize = 12;

/// What a client answered.
pub(super) type Answer<T> = Result<T, Refusal>;

/// Why a client brought nothing.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    /// Asking again cannot help.
    pub(super) is_final: bool,
}

impl Refusal {
    pub(super) fn again(message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), is_final: false }
    }

    pub(super) fn finally(message: impl Into<String>) -> Refusal {
        Refusal { message: message.into(), is_final: true }
    }
}

/// Runs a client to its end; its stdout, or its last words.
pub(super) fn run(command: &mut Command) -> Answer<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(std::process::Stdio::null()).output();
    let output = output.map_err(|error| {
        Refusal::finally(format!("`{program}` cannot be started ({error}); is it installed?"))
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n  ");
    let message = format!("`{program}` failed ({}):\n  {shown}", output.status);
    Err(Refusal::again(message))
}

/// The file a client was to leave.
pub(super) fn left(folder: &Path, file: &str) -> Answer<PathBuf> {
    let path = folder.join(file);
    if path.is_file() {
        return Ok(path);
    }
    let there = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<String> = there.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    Err(Refusal::finally(format!("the registry has {}, not {file}", names.join(", "))))
}

/// Upstream's own address of a file.
pub(super) fn curl(address: &str, to: &Path) -> Answer<PathBuf> {
    let mut curl = Command::new("curl");
    // A download that stands still for a minute is dead.
    curl.args([
        "--fail",
        "--location",
        "--silent",
        "--show-error",
        "--proto",
        "=https",
        "--connect-timeout",
        "30",
    ]);
    curl.args(["--speed-limit", "1", "--speed-time", "60", "--output"]).arg(to).arg(address);
    run(&mut curl)?;
    Ok(to.to_path_buf())
}
