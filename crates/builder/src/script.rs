//! Runs a step's script: an empty folder, exactly the declared files, a clean environment.

use crate::cache::{Cache, create_folder};
use crate::error::{Error, IoContext, Result};
use crate::key;
use crate::plan::{ScriptPlan, StepPlan, file_label};
use crate::recipe::{Recipe, variable};
use crate::schedule::Stop;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
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

/// Copies exactly the declared files to the step's scratch folder, so that reading an undeclared one fails.
/// Done for all steps before the first one runs: a file that is edited during a long build counts for the
/// next one.
pub(crate) fn stage(cache: &Cache, recipe: &Recipe, step: &StepPlan, script: &ScriptPlan) -> Result<()> {
    let root = staged(&cache.scratch(&recipe.name, &step.name));
    for file in &script.files {
        let (from, to) = (recipe.root.join(file), root.join(file));
        create_folder(to.parent().expect("a file is in a folder"))?;
        fs::copy(&from, &to).doing("copy", &from)?;
        // The key was computed a moment ago; an output must never be kept under the key of other files.
        if step.inputs.get(&file_label(file)) != Some(&key::of_file(&to)?) {
            let message = "was changed at the very moment the build started; start it again".to_owned();
            return Err(Error::Recipe { file: from, message });
        }
    }
    Ok(())
}

/// The copy of `runtimes/` a script sees.
fn staged(scratch: &Path) -> PathBuf {
    scratch.join("runtimes")
}

/// Runs the staged step in its scratch folder and returns the folder its output is in.
pub(crate) fn run(
    cache: &Cache,
    recipe: &Recipe,
    step: &StepPlan,
    script: &ScriptPlan,
    jobs: usize,
    stop: &Stop,
) -> Result<PathBuf> {
    let scratch = cache.scratch(&recipe.name, &step.name);
    let (work, out, temporary) = (scratch.join("work"), scratch.join("out"), scratch.join("tmp"));
    for folder in [&work, &out, &temporary, &cache.tools()] {
        create_folder(folder)?;
    }
    let log = cache.log(&recipe.name, &step.name)?;
    let output = File::create(&log).doing("create", &log)?;
    let errors = output.try_clone().doing("open", &log)?;

    let root = staged(&scratch);
    let mut bash = Command::new("bash");
    bash.args(["-c", LAUNCHER, "ampoule-step"]).arg(root.join(&script.script));
    bash.current_dir(&work).env_clear().envs(environment(cache, recipe, step, script));
    bash.env("TMPDIR", &temporary).env("OUT", &out).env("JOBS", jobs.to_string());
    bash.env("RECIPE", root.join(&recipe.name)).env("RECIPE_ROOT", &root);
    bash.stdin(Stdio::piped()).stdout(output).stderr(errors).process_group(0);
    let status = run_until_stopped(&mut bash, stop).doing("run", Path::new("bash"))?;
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

/// What a script is told, except for its own folders.
fn environment(
    cache: &Cache,
    recipe: &Recipe,
    step: &StepPlan,
    script: &ScriptPlan,
) -> BTreeMap<String, OsString> {
    let mut told: BTreeMap<String, OsString> = BTreeMap::new();
    for name in PASSED_ON {
        told.extend(std::env::var_os(name).map(|value| (name.to_owned(), value)));
    }
    let fixed = [("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH)];
    told.extend(fixed.map(|(name, value)| (name.to_owned(), value.into())));
    told.insert("AMPOULE_TOOL_CACHE".to_owned(), cache.tools().into());
    for id in &script.sources {
        let source = recipe.source(id);
        told.insert(variable("SRC", id), cache.source(&source.sha256, &source.file).into());
    }
    for (name, key) in &step.needs {
        told.insert(variable("STEP", name), cache.output(&recipe.name, name, key).into());
    }
    told
}

/// Runs a command that ends when its stdin closes: because it was asked to stop, or because we are gone.
fn run_until_stopped(command: &mut Command, stop: &Stop) -> std::io::Result<ExitStatus> {
    let mut child = command.spawn()?;
    let mut held_open = child.stdin.take();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if stop.is_asked() {
            held_open.take();
        }
        std::thread::sleep(POLL);
    }
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
