//! Fixtures: a folder with `program.py`, `program.js` or `program.ts` and a `case.toml` that says what goes
//! in and what must come out. The format is described in `tests/fixtures/README.md`.

use ampoule_model::{
    Deterministic, Entry, File, Language, Module, Program, Request, RequestedLimits, Status,
    TYPESCRIPT_FILE_NAME, is_typescript,
};
use base64::Engine as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One case of a fixture.
pub(crate) struct Fixture {
    /// `folder`, or `folder/2` where there are several cases.
    pub(crate) name: String,
    /// The request to send.
    pub(crate) request: Request,
    /// What must come out.
    pub(crate) expected: Expected,
    /// How often to run it; all runs must be alike.
    pub(crate) repeats: u32,
    /// Cases of one folder that share this must have results that differ.
    pub(crate) results_differ: Option<String>,
}

/// What must come out. What is absent is not checked.
pub(crate) struct Expected {
    /// The statuses that are right; `None` among them stands for a request that is refused at the door.
    pub(crate) status: Vec<Option<Status>>,
    pub(crate) about: String,
    pub(crate) result: Option<String>,
    pub(crate) result_has: Option<String>,
    pub(crate) result_contains: Vec<String>,
    pub(crate) result_ordered: bool,
    pub(crate) unordered: bool,
    pub(crate) stdout: Option<String>,
    pub(crate) stdout_contains: Vec<String>,
    pub(crate) stdout_truncated: bool,
    pub(crate) stderr: Option<String>,
    pub(crate) stderr_contains: Vec<String>,
    pub(crate) stderr_truncated: bool,
    pub(crate) output_bytes: Option<u64>,
    pub(crate) failure: ExpectedFailure,
    pub(crate) failure_bytes_below: Option<usize>,
    pub(crate) files: Option<Vec<File>>,
    /// Files may come back that do not lie below `out/`.
    pub(crate) asks_for_files: bool,
}

/// What must be said of a failure.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExpectedFailure {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) message_contains: Vec<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    pub(crate) traceback: Option<String>,
    pub(crate) traceback_contains: Vec<String>,
    pub(crate) traceback_lacks: Vec<String>,
}

/// A case as written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    about: String,
    name: String,
    source: Option<String>,
    source_nested: Option<Nested>,
    entry: Option<String>,
    file_name: String,
    bigint: bool,
    input: String,
    input_nested: Option<Nested>,
    input_repeat: Option<Repeat>,
    env: BTreeMap<String, String>,
    modules: Vec<ModuleText>,
    files: Vec<FileText>,
    stdin: String,
    stdin_base64: Option<String>,
    output_files: Vec<String>,
    limits: CaseLimits,
    deterministic: Option<Fixed>,
    repeats: Option<u32>,
    results_differ: bool,
    status: Statuses,
    result: Option<String>,
    result_has: Option<String>,
    result_contains: Vec<String>,
    result_ordered: bool,
    unordered: bool,
    stdout: Option<String>,
    stdout_contains: Vec<String>,
    stdout_truncated: bool,
    stderr: Option<String>,
    stderr_contains: Vec<String>,
    stderr_truncated: bool,
    output_bytes: Option<u64>,
    failure: ExpectedFailure,
    failure_bytes_below: Option<usize>,
    files_out: Option<Vec<FileText>>,
}

/// `before` so many times, `middle`, `after` so many times; as the member `key` of an object if it is an
/// input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nested {
    before: String,
    times: usize,
    #[serde(default)]
    middle: String,
    after: String,
    #[serde(default)]
    key: String,
}

/// An input of one array that holds `item` so many times.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Repeat {
    key: String,
    item: String,
    times: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleText {
    name: String,
    file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileText {
    path: String,
    #[serde(default)]
    text: String,
    base64: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CaseLimits {
    wall_ms: Option<u64>,
    memory_mib: Option<u64>,
    fuel: Option<u64>,
    output_bytes: Option<u64>,
    result_bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixed {
    seed: u64,
    now: toml::Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Statuses {
    One(String),
    Several(Vec<String>),
}

impl Default for Statuses {
    fn default() -> Self {
        Statuses::One("completed".into())
    }
}

/// What a kind of fixture gets for a limit that its case leaves open.
pub(crate) struct DefaultLimits {
    pub(crate) wall_time: Duration,
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) fuel: Option<u64>,
}

/// All fixtures of `tests/fixtures/<kind>`, sorted by name.
pub(crate) fn load(kind: &str, defaults: &DefaultLimits) -> Vec<Fixture> {
    let root = super::checkout().join("tests/fixtures").join(kind);
    let entries = std::fs::read_dir(&root).unwrap_or_else(|error| panic!("{}: {error}", root.display()));
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    folders.sort();
    folders
        .iter()
        .flat_map(|folder| {
            load_folder(kind, folder, defaults)
                .unwrap_or_else(|reason| panic!("{}: {reason}", folder.display()))
        })
        .collect()
}

fn load_folder(kind: &str, folder: &Path, defaults: &DefaultLimits) -> Result<Vec<Fixture>, String> {
    let text = read(&folder.join("case.toml"))?;
    let mut shared: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let cases = match shared.remove("case") {
        None => vec![toml::Table::new()],
        Some(cases) => cases.try_into().map_err(|error: toml::de::Error| error.to_string())?,
    };
    let name = format!("{kind}/{}", folder.file_name().unwrap_or_default().to_string_lossy());
    let single = cases.len() == 1;
    let mut fixtures = Vec::new();
    for (index, own) in cases.into_iter().enumerate() {
        let merged = merge(shared.clone(), own);
        let case: Case = merged.try_into().map_err(|error: toml::de::Error| error.to_string())?;
        let mut name = if single { name.clone() } else { format!("{name}/{}", index + 1) };
        if !case.name.is_empty() {
            name = format!("{name} ({})", case.name);
        }
        fixtures.push(fixture(name, folder, case, defaults)?);
    }
    Ok(fixtures)
}

/// A case over what the file says for all its cases; tables (limits, failure) by their members.
fn merge(mut shared: toml::Table, own: toml::Table) -> toml::Table {
    for (key, value) in own {
        match (shared.get_mut(&key), value) {
            (Some(toml::Value::Table(table)), toml::Value::Table(members)) => {
                table.extend(members);
            }
            (_, value) => {
                shared.insert(key, value);
            }
        }
    }
    shared
}

fn fixture(name: String, folder: &Path, case: Case, defaults: &DefaultLimits) -> Result<Fixture, String> {
    let (language, path) = program_of(folder)?;
    let source = match (&case.source, &case.source_nested) {
        (Some(source), _) => source.clone(),
        (None, Some(nested)) => nested.text(),
        (None, None) => read(&path)?,
    };
    let program = Program {
        language,
        entry: case.entry.as_deref().unwrap_or("main").parse::<Entry>()?,
        source,
        file_name: match case.file_name.is_empty() && is_typescript(&path.to_string_lossy()) {
            true => TYPESCRIPT_FILE_NAME.to_owned(),
            false => case.file_name.clone(),
        },
        modules: case
            .modules
            .iter()
            .map(|module| {
                let source = read(&folder.join(&module.file))?;
                Ok(Module { name: module.name.clone(), source })
            })
            .collect::<Result<_, String>>()?,
        bigint: case.bigint,
    };
    let mut request = Request::of(program);
    request.input_json = input(&case);
    request.files = files(&case.files)?;
    request.environment = case.env.clone().into_iter().collect();
    request.stdin = match &case.stdin_base64 {
        None => case.stdin.clone().into_bytes(),
        Some(text) => base64_of(text)?,
    };
    request.output_files = case.output_files.clone();
    request.limits = RequestedLimits {
        wall_time: Some(case.limits.wall_ms.map_or(defaults.wall_time, Duration::from_millis)),
        cpu_time: None,
        memory_bytes: case.limits.memory_mib.map(|mebibytes| mebibytes << 20).or(defaults.memory_bytes),
        fuel: case.limits.fuel.or(defaults.fuel),
        output_bytes: case.limits.output_bytes,
        result_bytes: case.limits.result_bytes,
        file_bytes: (),
    };
    request.deterministic = case.deterministic.as_ref().map(fixed).transpose()?;
    let results_differ = case.results_differ.then(|| folder.display().to_string());
    let repeats = case.repeats.unwrap_or(1);
    Ok(Fixture { name, request, expected: expected(case)?, repeats, results_differ })
}

fn expected(case: Case) -> Result<Expected, String> {
    let statuses = match case.status {
        Statuses::One(status) => vec![status],
        Statuses::Several(statuses) => statuses,
    };
    Ok(Expected {
        status: statuses.iter().map(|name| status(name)).collect::<Result<_, String>>()?,
        about: case.about,
        result: case.result,
        result_has: case.result_has,
        result_contains: case.result_contains,
        result_ordered: case.result_ordered,
        unordered: case.unordered,
        stdout: case.stdout,
        stdout_contains: case.stdout_contains,
        stdout_truncated: case.stdout_truncated,
        stderr: case.stderr,
        stderr_contains: case.stderr_contains,
        stderr_truncated: case.stderr_truncated,
        output_bytes: case.output_bytes,
        failure: case.failure,
        failure_bytes_below: case.failure_bytes_below,
        asks_for_files: !case.output_files.is_empty(),
        files: case.files_out.map(|expected| files(&expected)).transpose()?,
    })
}

fn status(name: &str) -> Result<Option<Status>, String> {
    const ALL: [Status; 8] = [
        Status::Completed,
        Status::Raised,
        Status::InvalidResult,
        Status::FuelExhausted,
        Status::TimedOut,
        Status::OutOfMemory,
        Status::OutputLimit,
        Status::Internal,
    ];
    if name == "refused" {
        return Ok(None);
    }
    ALL.into_iter()
        .find(|status| status.name() == name)
        .map(Some)
        .ok_or_else(|| format!("unknown status '{name}'"))
}

impl Nested {
    fn text(&self) -> String {
        format!("{}{}{}", self.before.repeat(self.times), self.middle, self.after.repeat(self.times))
    }
}

fn input(case: &Case) -> String {
    if let Some(nested) = &case.input_nested {
        return format!("{{\"{}\": {}}}", nested.key, nested.text());
    }
    if let Some(repeat) = &case.input_repeat {
        return format!("{{\"{}\": [{}]}}", repeat.key, vec![repeat.item.as_str(); repeat.times].join(", "));
    }
    case.input.clone()
}

fn program_of(folder: &Path) -> Result<(Language, PathBuf), String> {
    let names = ["program.py", "program.js", "program.ts"];
    let mut found = names.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
    let (Some(path), None) = (found.next(), found.next()) else {
        return Err(format!("it needs one of {}", names.join(", ")));
    };
    let language = Language::of_file_name(&path.to_string_lossy()).expect("the names' endings are known");
    Ok((language, path))
}

fn base64_of(text: &str) -> Result<Vec<u8>, String> {
    base64::engine::general_purpose::STANDARD.decode(text).map_err(|error| error.to_string())
}

fn files(given: &[FileText]) -> Result<Vec<File>, String> {
    let content = |file: &FileText| match &file.base64 {
        None => Ok(file.text.clone().into_bytes()),
        Some(text) => base64_of(text),
    };
    given.iter().map(|file| Ok(File { path: file.path.clone(), content: content(file)? })).collect()
}

fn fixed(fixed: &Fixed) -> Result<Deterministic, String> {
    let seconds = match &fixed.now {
        toml::Value::Integer(seconds) => *seconds as f64,
        toml::Value::Float(seconds) => *seconds,
        other => return Err(format!("deterministic.now is {other}, it must be seconds since the epoch")),
    };
    Ok(Deterministic { seed: fixed.seed, now_unix_nanos: (seconds * 1e9) as i64 })
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
