//! The native interpreters, measured in the same run: built from the same source as the images, and the
//! machine's own `python3` for what spawning costs.

use ampoule_model::Language;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Where the native interpreters are.
#[derive(Clone, Debug)]
pub struct Natives {
    /// CPython built from the image's source.
    pub python: Option<PathBuf>,
    /// The same CPython with pip's NumPy and pandas.
    pub python_with_packages: Option<PathBuf>,
    /// QuickJS-ng built from the image's source.
    pub javascript: Option<PathBuf>,
}

impl Natives {
    pub(crate) fn of(&self, language: Language) -> Option<&Path> {
        match language {
            Language::Python => self.python.as_deref(),
            Language::Javascript => self.javascript.as_deref(),
        }
    }
}

/// Times `main` inside a native interpreter that is already running: the fastest of `turns` calls, in seconds
/// on stdout.
const PYTHON_TIMER: &str = r#"
import sys, json, time
source, data, turns = json.loads(sys.stdin.read())
module = {"__name__": "main"}
exec(compile(source, "main.py", "exec"), module)
times = []
for _ in range(turns):
    started = time.perf_counter()
    module["main"](**data)
    times.append(time.perf_counter() - started)
times.sort()
print(times[0], times[len(times) // 2])
"#;

const JAVASCRIPT_TIMER: &str = r#"
const [source, data, turns] = REQUEST;
(0, eval)(source);
const times = [];
for (let turn = 0; turn < turns; turn++) {
  const started = performance.now();
  main(data);
  times.push((performance.now() - started) / 1000);
}
times.sort((a, b) => a - b);
console.log(times[0], times[times.length >> 1]);
"#;

/// Fastest and median time of `main(input)` in a warm native interpreter.
pub(crate) fn warm_call(
    interpreter: &Path,
    language: Language,
    source: &str,
    input_json: &str,
    turns: u32,
) -> std::io::Result<(Duration, Duration)> {
    let input: serde_json::Value = serde_json::from_str(input_json)?;
    let request = serde_json::json!([source, input, turns]).to_string();
    let mut command = Command::new(interpreter);
    let mut feed = String::new();
    let folder = tempfile::tempdir()?;
    match language {
        Language::Python => {
            command.arg("-c").arg(PYTHON_TIMER);
            feed = request;
        }
        Language::Javascript => {
            let script = folder.path().join("timer.js");
            std::fs::write(&script, JAVASCRIPT_TIMER.replace("REQUEST", &request))?;
            command.arg(script);
        }
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(feed.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut times = text.split_whitespace().map(|word| word.parse().map(Duration::from_secs_f64));
    match (times.next(), times.next()) {
        (Some(Ok(fastest)), Some(Ok(median))) => Ok((fastest, median)),
        _ => Err(std::io::Error::other(format!("{} gave no times: {text}", interpreter.display()))),
    }
}

/// What one run costs today: spawn the interpreter, read the input, call `main`, print the result.
pub(crate) fn spawn_once(interpreter: &Path, source: &str, input_json: &str) -> std::io::Result<Duration> {
    let program = format!("{source}\nimport sys, json\nprint(json.dumps(main(**json.loads(sys.argv[1]))))\n");
    let started = Instant::now();
    let output = Command::new(interpreter).arg("-c").arg(program).arg(input_json).output()?;
    let elapsed = started.elapsed();
    match output.status.success() {
        true => Ok(elapsed),
        false => Err(std::io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned())),
    }
}

/// What one run of a whole script costs by a process of its own; `None` when there is no such interpreter.
pub(crate) fn spawn_script(interpreter: &Path, script: &str) -> std::io::Result<Option<Duration>> {
    let started = Instant::now();
    let spawned = Command::new(interpreter).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        spawned => spawned?,
    };
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let elapsed = started.elapsed();
    match output.status.success() && output.stdout.ends_with(b"<<RESULT>>\n") {
        true => Ok(Some(elapsed)),
        false => Err(std::io::Error::other(format!("{} did not run the script", interpreter.display()))),
    }
}
