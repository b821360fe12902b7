//! Runs a step's script: an empty folder, exactly the declared files, a clean environment.

use crate::cache::{Cache, create_folder};
use crate::error::{Error, IoContext, Result};
use crate::plan::{ScriptPlan, StepPlan};
use crate::recipe::{Recipe, variable};
use crate::schedule::Stop;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Lines of a failed step's log that are shown.
const TAIL_LINES: usize = 40;

/// Bytes from a log's end that are looked at for them.
const TAIL_BYTES: u64 = 16 << 10;

/// How often a script at work is looked at.
const POLL: Duration = Duration::from_millis(20);

/// What a script sees of our own environment. The rest could change its output unnoticed.
const PASSED_ON: [&str; 4] = ["PATH", "HOME", "USER", "LOGNAME"];

/// 1980-01-01, the earliest time that zip files can hold: for tools that would write the current
/// time into their output.
const SOURCE_DATE_EPOCH: &str = "315532800";

/// Runs before the script, in the same process. stdin is a pipe from the builder and nothing is
/// ever written to it: when the builder dies, however it dies, the pipe closes and the watcher ends
/// the whole process group, compilers included. `exec` keeps the group's id.
const LAUNCHER: &str = r#"
exec 3<&0 </dev/null
( while read -r _ <&3; do :; done; kill -KILL -- -$$ ) >/dev/null 2>&1 &
exec 3<&-
exec bash -e -u -o pipefail "$1"
"#;

/// Runs the step in its scratch folder and returns the folder its output is in.
pub(crate) fn run(
    cache: &Cache,
    recipe: &Recipe,
    step: &StepPlan,
    script: &ScriptPlan,
    jobs: usize,
    stop: &Stop,
) -> Result<PathBuf> {
    let scratch = cache.scratch(&recipe.name, &step.name);
    let (work, out, root, temporary) =
        (scratch.join("work"), scratch.join("out"), scratch.join("runtimes"), scratch.join("tmp"));
    for folder in [&work, &out, &root, &temporary, &cache.tools()] {
        create_folder(folder)?;
    }
    copy_files(&recipe.root, &script.files, &root)?;

    let mut command = Command::new("bash");
    command.args(["-c", LAUNCHER, "ampoule-step"]).arg(root.join(&script.script));
    command.current_dir(&work).env_clear();
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.envs([("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH)]);
    command.env("TMPDIR", &temporary).env("OUT", &out);
    command.env("RECIPE", root.join(&recipe.name)).env("RECIPE_ROOT", &root);
    command.env("JOBS", jobs.to_string()).env("AMPOULE_TOOL_CACHE", cache.tools());
    for id in &script.sources {
        let source = recipe.source(id);
        command.env(variable("SRC", id), cache.source(&source.sha256, &source.file));
    }
    for (name, key) in &step.needs {
        command.env(variable("STEP", name), cache.output(&recipe.name, name, key));
    }

    let log = cache.log(&recipe.name, &step.name)?;
    let output = File::create(&log).doing("create", &log)?;
    let errors = output.try_clone().doing("open", &log)?;
    command.stdin(Stdio::piped()).stdout(output).stderr(errors).process_group(0);
    let mut child = command.spawn().doing("start", Path::new("bash"))?;
    let mut held_open = child.stdin.take();
    let status = loop {
        if let Some(status) = child.try_wait().doing("wait for", Path::new("bash"))? {
            break status;
        }
        if stop.is_asked() {
            held_open = None;
        }
        std::thread::sleep(POLL);
    };
    drop(held_open);
    if !status.success() {
        return Err(Error::Step {
            image: recipe.name.clone(),
            step: step.name.clone(),
            status: status.to_string(),
            tail: tail(&log),
            log,
        });
    }
    Ok(out)
}

/// Copies exactly the declared files, so that reading an undeclared one fails.
fn copy_files(from: &Path, files: &[PathBuf], to: &Path) -> Result<()> {
    for file in files {
        let target = to.join(file);
        create_folder(target.parent().expect("a file is in a folder"))?;
        fs::copy(from.join(file), &target).doing("copy", &from.join(file))?;
    }
    Ok(())
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> String {
    let text = end_of(log);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// The last line of a log that says something.
pub(crate) fn last_line(log: &Path) -> String {
    let text = end_of(log);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
    // A compiler's command line can be pages long.
    line.trim().chars().filter(|character| !character.is_control()).take(200).collect()
}

fn end_of(log: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    // The log only illustrates: not being able to read it must not hide the failure itself.
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}
