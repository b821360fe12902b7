//! JavaScript test files in the style of test262: what their header asks for, how one is run in the guest and
//! in a native `qjs` of the same sources, and when it has passed.

use crate::common::compare::shorten;
use crate::common::{request, runner};
use crate::{SERVICE, step_output};
use ampoule_model::{Entry, Language, Module, Status};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

/// What an asynchronous test prints in the end.
const ASYNC_COMPLETE: &str = "Test262:AsyncTestComplete";

/// What a test prints that finds out by itself that it failed.
const ASYNC_FAILURE: &str = "Test262:AsyncTestFailure";

/// How the names of files end that are no tests but imported by tests.
pub(crate) const FIXTURE: &str = "_FIXTURE.js";

/// A test whose header says that it is to be interrupted is given so much fuel.
const INTERRUPTED_FUEL: u64 = 300_000_000;

/// The native interpreter, built from the same sources as the guest.
pub(crate) static QJS: LazyLock<PathBuf> =
    LazyLock::new(|| step_output("javascript", "native").join("bin/qjs"));

/// Runs a script in Node as one, not as a CommonJS module.
const NODE_SCRIPT: &str =
    "require('vm').runInThisContext(require('fs').readFileSync(process.argv[1], 'utf8'))";

/// Node, for what QuickJS-ng does not have.
static NODE: LazyLock<PathBuf> = LazyLock::new(|| step_output("javascript", "node").join("bin/node"));

/// One test file.
pub(crate) struct Case {
    /// Path below its suite's folder, which is also the name that the guest shows.
    pub(crate) path: String,
    /// Everything that is run, harness included.
    pub(crate) source: String,
    pub(crate) header: Header,
    /// What it may import, by path.
    pub(crate) modules: Vec<Module>,
    /// Where the file is for the native interpreter; without it the source is written to a file of its own.
    pub(crate) original: Option<PathBuf>,
}

/// What the header of a test says, the part between `/*---` and `---*/`.
#[derive(Default)]
pub(crate) struct Header {
    pub(crate) flags: Vec<String>,
    pub(crate) features: Vec<String>,
    /// The class of the error that it must end in.
    pub(crate) negative: Option<String>,
}

impl Header {
    /// Reads the few fields we need out of the YAML.
    pub(crate) fn of(source: &str) -> Header {
        let Some((_, rest)) = source.split_once("/*---") else { return Header::default() };
        let yaml = rest.split_once("---*/").map_or("", |(yaml, _)| yaml);
        let mut header = Header::default();
        let mut field = "";
        for line in yaml.lines() {
            let text = line.trim();
            if !line.starts_with([' ', '-']) {
                field = text.split(':').next().unwrap_or("");
            }
            let words = || {
                let list = text.trim_start_matches(field).trim_start_matches(':').trim_start_matches('-');
                list.split(['[', ']', ',', ' ']).map(str::to_owned).filter(|word| !word.is_empty())
            };
            match field {
                "flags" => header.flags.extend(words()),
                "features" => header.features.extend(words()),
                "negative" => {
                    if let Some(kind) = text.strip_prefix("type:") {
                        header.negative = Some(kind.trim().to_owned());
                    }
                }
                _ => {}
            }
        }
        header
    }

    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }
}

/// How a test went: what is wrong, if it failed.
pub(crate) type Verdict = Result<(), String>;

impl Case {
    /// Runs it in the guest, by the service, as a script.
    pub(crate) fn run_in_guest(&self) -> (Verdict, Duration) {
        let mut request = request(Language::Javascript, &self.source);
        request.program.entry = Entry::Script;
        request.program.file_name = self.path.clone();
        for module in &self.modules {
            let name = self.with_module_names(&module.name);
            request.program.modules.push(Module { name, source: self.with_module_names(&module.source) });
        }
        let itself = Module { name: self.module_name(), source: self.with_module_names(&self.source) };
        request.program.source = itself.source.clone();
        let name = format!("./{}", file_name(&itself.name));
        let is_imported =
            request.program.modules.iter().chain([&itself]).any(|file| file.source.contains(&name));
        if self.header.has("module") {
            request.program.file_name = "main.js".into();
            request.program.source = format!("import './{}';", itself.name);
        }
        if self.header.has("module") || is_imported {
            request.program.modules.push(itself);
        }
        request.limits.wall_time = Some(Duration::from_secs(300));
        let interrupted = self.header.has("qjs:set-interrupt-handler");
        if interrupted {
            request.limits.fuel = Some(INTERRUPTED_FUEL);
        }
        let outcome = match runner::execute(&SERVICE, request) {
            Ok(outcome) => outcome,
            Err(reason) => return (Err(format!("refused: {reason}")), Duration::ZERO),
        };
        let failure = outcome.failure.clone().unwrap_or_default();
        let told = || {
            let printed = format!("{}{}", outcome.stdout, outcome.stderr);
            let trace = format!("{}\n{}", failure.traceback, shorten(&printed));
            Err(format!("{}: {}: {}\n{trace}", outcome.status.name(), failure.kind, failure.message))
        };
        let right = match (&self.header.negative, outcome.status) {
            (Some(_), Status::FuelExhausted) => interrupted,
            (Some(kind), Status::Raised) => failure.kind == *kind,
            (None, Status::Completed) => self.has_passed(&outcome.stdout),
            _ => false,
        };
        (if right { Ok(()) } else { told() }, outcome.usage.cpu_time)
    }

    /// Its name as a module.
    fn module_name(&self) -> String {
        self.path.trim_end_matches(".js").to_owned() + ".mjs"
    }

    /// Paths, or a source, in which the files that are imported as ES modules have names of such: a `.js`
    /// that could be CommonJS too is that in a guest, as in Node.
    fn with_module_names(&self, text: &str) -> String {
        let changes = [
            (FIXTURE.to_owned(), FIXTURE.replace(".js", ".mjs")),
            (format!("./{}", file_name(&self.path)), format!("./{}", file_name(&self.module_name()))),
        ];
        let mut text = text.to_owned();
        for (from, to) in changes {
            if text.ends_with(&from) {
                text.replace_range(text.len() - from.len().., &to);
            }
            for quote in ["'", "\"", "`"] {
                text = text.replace(&format!("{from}{quote}"), &format!("{to}{quote}"));
            }
        }
        text
    }

    /// Runs it in the native interpreter.
    pub(crate) fn run_natively(&self) -> Verdict {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut qjs = Command::new("timeout");
        qjs.arg("300").arg(&*QJS);
        if self.header.has("module") {
            qjs.arg("--module");
        } else if self.original.is_none() {
            qjs.arg("--script");
        }
        let file = self.original.clone().unwrap_or_else(|| self.write_to(folder.path()));
        self.verdict_of(qjs.arg(&file))
    }

    /// Runs it in Node.
    pub(crate) fn run_in_node(&self) -> Verdict {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut node = Command::new("timeout");
        node.arg("300").arg(&*NODE).args(["--harmony-intl-duration-format", "-e", NODE_SCRIPT]);
        self.verdict_of(node.arg(self.write_to(folder.path())).env("TZ", "UTC"))
    }

    fn verdict_of(&self, command: &mut Command) -> Verdict {
        let output = command.stdin(Stdio::null()).output().expect("the interpreter starts");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let right = match &self.header.negative {
            Some(kind) => stderr.trim_start().starts_with(kind.as_str()),
            None => output.status.success() && self.has_passed(&stdout),
        };
        if right { Ok(()) } else { Err(shorten(&format!("{stdout}{stderr}"))) }
    }

    /// Writes it and what it may import to a folder; where it is then.
    fn write_to(&self, folder: &Path) -> PathBuf {
        let modules = self.modules.iter().map(|module| (&module.name, &module.source));
        for (path, source) in modules.chain([(&self.path, &self.source)]) {
            let file = folder.join(path);
            std::fs::create_dir_all(file.parent().expect("it is in a folder"))
                .expect("the folder can be made");
            std::fs::write(&file, source).expect("it can be written");
        }
        folder.join(&self.path)
    }

    fn has_passed(&self, stdout: &str) -> bool {
        !stdout.contains(ASYNC_FAILURE) && (!self.header.has("async") || stdout.contains(ASYNC_COMPLETE))
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// All files below a folder whose names end in `.js`, as paths relative to it, in order.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    paths_below(folder).into_iter().filter(|name| name.ends_with(".js")).collect()
}

/// All files below a folder, in order.
pub(crate) fn paths_below(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, below: &str, found: &mut Vec<String>) {
        let entries =
            std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.expect("the folder can be read").path();
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            let below = format!("{below}{name}");
            if path.is_dir() {
                walk(&path, &format!("{below}/"), found);
            } else {
                found.push(below);
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, "", &mut found);
    found.sort();
    found
}
