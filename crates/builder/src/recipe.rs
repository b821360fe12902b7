//! `runtimes/<name>/recipe.toml`: the format, and everything about it that can be checked before
//! anything runs.

use crate::error::{Error, IoContext, Result};
use ampoule_model::Language;
use ampoule_model::manifest::Package;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Names the builder itself uses for what follows the last step.
const RESERVED_STEPS: [&str; 4] = ["sources", "snapshot", "compile", "manifest"];

/// A checked recipe: every reference resolves, every file exists.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The image's name, also its folder's under `runtimes/`.
    pub name: String,
    /// The language it runs.
    pub language: Language,
    /// The interpreter's version.
    pub version: String,
    /// What is fetched.
    pub sources: Vec<Source>,
    /// What is run, in order.
    pub steps: Vec<Step>,
    /// The `runtimes/` folder.
    pub root: PathBuf,
}

/// The registry a source comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A Debian source package.
    Debian,
    /// A Python package: wheel or sdist.
    Pypi,
    /// A JavaScript package.
    Npm,
    /// A Rust crate.
    Crates,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Origin::Debian => "debian",
            Origin::Pypi => "pypi",
            Origin::Npm => "npm",
            Origin::Crates => "crates",
        })
    }
}

/// One file from a registry, pinned by version and sha256.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// How steps refer to it.
    pub id: String,
    /// Its registry.
    pub from: Origin,
    /// Its name there.
    pub package: String,
    /// Its version there.
    pub version: String,
    /// The name of the one file that is wanted.
    pub file: String,
    /// That file's sha256, lower-case hex.
    pub sha256: String,
    /// SPDX expression.
    pub licence: String,
    /// Upstream's own address of the same bytes, if the registry fails.
    pub alternative: Option<String>,
    /// Whether it ends up in the image, or is only a build tool.
    pub shipped: bool,
    /// Whether compiled code of it ends up in the image; else it is pure, written in the image's language.
    #[serde(default)]
    pub native: bool,
    /// What programs import of it; none for what they do not.
    #[serde(default)]
    pub modules: Vec<String>,
    /// Those of its modules that are imported before the snapshot, for the step that asks for the recipe
    /// itself; without any, programs import it on demand.
    #[serde(default)]
    pub preimported: Vec<String>,
}

/// One script and everything it reads.
#[derive(Clone, Debug)]
pub struct Step {
    /// Shown in the progress.
    pub name: String,
    /// The script, relative to the `runtimes/` folder.
    pub script: PathBuf,
    /// Ids of the sources it reads.
    pub sources: Vec<String>,
    /// Names of the earlier steps whose output it reads.
    pub needs: Vec<String>,
    /// All files it reads, its script included, relative to the `runtimes/` folder; sorted.
    pub files: Vec<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipeFile {
    image: ImageTable,
    #[serde(default, rename = "source")]
    sources: Vec<Source>,
    #[serde(default, rename = "step")]
    steps: Vec<StepTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageTable {
    name: String,
    language: Language,
    version: String,
    /// Files that hold further sources, relative to the recipe. A step that names one reads all of its
    /// sources.
    #[serde(default)]
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourcesFile {
    #[serde(rename = "source")]
    sources: Vec<Source>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepTable {
    name: String,
    script: String,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
}

impl Recipe {
    /// Names of all recipes under `root`, sorted.
    pub fn list(root: &Path) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(root).doing("read", root)? {
            let entry = entry.doing("read", root)?;
            if entry.path().join("recipe.toml").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Reads and checks the recipe of image `name`.
    pub fn load(root: &Path, name: &str) -> Result<Recipe> {
        let root = &root.canonicalize().doing("find", root)?;
        let file = root.join(name).join("recipe.toml");
        if !is_name(name) || !file.is_file() {
            return Err(Error::UnknownImage { name: name.to_owned(), known: Recipe::list(root)? });
        }
        let text = fs::read_to_string(&file).doing("read", &file)?;
        let parsed = toml::from_str(&text).map_err(|error| error.to_string());
        parsed
            .and_then(|parsed| gather(root, name, parsed))
            .and_then(|parsed| check(root, name, parsed))
            .map_err(|message| Error::Recipe { file, message })
    }

    /// The source with this id; a checked recipe has it.
    pub(crate) fn source(&self, id: &str) -> &Source {
        let found = self.sources.iter().find(|source| source.id == id);
        found.expect("a checked recipe names only sources it has")
    }
}

/// The recipe with the sources of its other files in it, and the names of those files in steps replaced by
/// their ids.
fn gather(root: &Path, name: &str, mut recipe: RecipeFile) -> std::result::Result<RecipeFile, String> {
    for file in &recipe.image.sources {
        let path = within(Path::new(name), file)
            .ok_or_else(|| format!("image.sources `{file}` leads out of runtimes/"))?;
        let text = fs::read_to_string(root.join(path))
            .map_err(|error| format!("image.sources `{file}`: {error}"))?;
        let more: SourcesFile =
            toml::from_str(&text).map_err(|error| format!("image.sources `{file}`: {error}"))?;
        for step in &mut recipe.steps {
            if let Some(at) = step.sources.iter().position(|source| source == file) {
                step.sources.splice(at..=at, more.sources.iter().map(|source| source.id.clone()));
            }
        }
        recipe.sources.extend(more.sources);
    }
    Ok(recipe)
}

/// Everything after the syntax. Errors name the field.
fn check(root: &Path, name: &str, parsed: RecipeFile) -> std::result::Result<Recipe, String> {
    let image = parsed.image;
    if image.name != name {
        return Err(format!("image.name is `{}`, but the folder is called `{name}`", image.name));
    }
    let mut ids = BTreeSet::new();
    for source in &parsed.sources {
        check_source(source)?;
        if !ids.insert(source.id.as_str()) {
            return Err(format!("source.id `{}` occurs twice", source.id));
        }
    }
    if parsed.steps.is_empty() {
        return Err("there is no [[step]]".to_owned());
    }
    let mut steps: Vec<Step> = Vec::new();
    for table in parsed.steps {
        let step = check_step(root, name, table, &ids, &steps)?;
        steps.push(step);
    }
    let used: BTreeSet<&str> = steps.iter().flat_map(|step| &step.sources).map(String::as_str).collect();
    if let Some(unused) = ids.difference(&used).next() {
        return Err(format!("source `{unused}` is used by no step"));
    }
    Ok(Recipe {
        name: image.name,
        language: image.language,
        version: image.version,
        sources: parsed.sources,
        steps,
        root: root.to_path_buf(),
    })
}

fn check_source(source: &Source) -> std::result::Result<(), String> {
    let id = &source.id;
    if !is_name(id) {
        return Err(format!("source.id `{id}` is not of the form [a-z][a-z0-9-]*"));
    }
    let plain = |text: &str| {
        !text.is_empty() && !text.starts_with(['-', '.']) && !text.contains(['/', '\\', '\0', '\n'])
    };
    // An npm scope is the one place where a slash belongs.
    if !plain(&source.package.replacen('/', "", usize::from(source.package.starts_with('@')))) {
        return Err(format!("source `{id}`: package `{}` is not a package name", source.package));
    }
    if !plain(&source.version) {
        return Err(format!("source `{id}`: version `{}` is not a version", source.version));
    }
    if !plain(&source.file) {
        return Err(format!("source `{id}`: file `{}` is not a file name", source.file));
    }
    let is_digest = source.sha256.len() == 64
        && source.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_digest {
        return Err(format!("source `{id}`: sha256 is not 64 lower-case hex digits"));
    }
    if source.licence.is_empty() {
        return Err(format!("source `{id}`: licence is empty"));
    }
    if !source.shipped && (source.native || !source.modules.is_empty()) {
        return Err(format!("source `{id}`: native and modules are about what is shipped, and it is not"));
    }
    let own = |name: &String| {
        source.modules.iter().any(|module| {
            name.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    if let Some(foreign) = source.preimported.iter().find(|name| !own(name)) {
        return Err(format!("source `{id}`: preimported names `{foreign}`, which is in none of its modules"));
    }
    if source.alternative.as_ref().is_some_and(|address| !address.starts_with("https://")) {
        return Err(format!("source `{id}`: alternative is not an https address"));
    }
    Ok(())
}

fn check_step(
    root: &Path,
    image: &str,
    table: StepTable,
    sources: &BTreeSet<&str>,
    earlier: &[Step],
) -> std::result::Result<Step, String> {
    let name = table.name;
    if !is_name(&name) || RESERVED_STEPS.contains(&name.as_str()) {
        return Err(format!("step.name `{name}` is reserved or not of the form [a-z][a-z0-9-]*"));
    }
    if earlier.iter().any(|step| step.name == name) {
        return Err(format!("step.name `{name}` occurs twice"));
    }
    if let Some(unknown) = table.sources.iter().find(|id| !sources.contains(id.as_str())) {
        return Err(format!("step `{name}`: sources names `{unknown}`, which is no source.id"));
    }
    if let Some(unknown) = table.needs.iter().find(|need| !earlier.iter().any(|step| step.name == **need)) {
        return Err(format!("step `{name}`: needs names `{unknown}`, which is no earlier step"));
    }
    let script = within(Path::new(image), &table.script)
        .filter(|script| root.join(script).is_file())
        .ok_or_else(|| format!("step `{name}`: script `{}` is not a file below runtimes/", table.script))?;
    let mut files = BTreeSet::from([script.clone()]);
    for pattern in &table.files {
        let found = matches(root, image, pattern)
            .map_err(|message| format!("step `{name}`: files `{pattern}` {message}"))?;
        files.extend(found);
    }
    Ok(Step { name, script, sources: table.sources, needs: table.needs, files: files.into_iter().collect() })
}

/// The files a pattern of recipe `image` matches, relative to `root`.
fn matches(root: &Path, image: &str, pattern: &str) -> std::result::Result<Vec<PathBuf>, String> {
    let relative = within(Path::new(image), pattern).ok_or("leads out of runtimes/")?;
    let mut absolute = Path::new(&glob::Pattern::escape(&root.to_string_lossy())).join(relative);
    if absolute.ends_with("**") {
        // On its own it matches only folders.
        absolute.push("*");
    }
    // Editors' and Python's droppings beside the sources are not part of them.
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let paths = glob::glob_with(&absolute.to_string_lossy(), options)
        .map_err(|error| format!("is not a pattern: {error}"))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|error| format!("cannot be read: {error}"))?;
        let dropping = path.components().any(|part| part.as_os_str() == "__pycache__");
        if path.is_file() && !dropping {
            let inside = path.strip_prefix(root).map_err(|_| "leads out of runtimes/")?;
            found.push(inside.to_path_buf());
        }
    }
    if found.is_empty() {
        return Err("matches no file".to_owned());
    }
    Ok(found)
}

/// `base/path` with `..` resolved, or nothing when it leads above the top.
fn within(base: &Path, path: &str) -> Option<PathBuf> {
    let mut resolved = base.to_path_buf();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => resolved.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !resolved.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(resolved)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// `ids` as the scripts see them: upper case, `-` as `_`.
pub(crate) fn variable(prefix: &str, id: &str) -> String {
    format!("{prefix}_{}", id.to_uppercase().replace('-', "_"))
}

/// The packages that go into the manifest from the recipe's side, by name.
pub(crate) fn packages(recipe: &Recipe) -> BTreeMap<String, Package> {
    let package = |source: &Source| Package {
        name: source.package.clone(),
        version: source.version.clone(),
        licence: source.licence.clone(),
        sha256: source.sha256.clone(),
        native: source.native,
        modules: source.modules.clone(),
        preimported: !source.preimported.is_empty(),
    };
    let shipped = recipe.sources.iter().filter(|source| source.shipped);
    shipped.map(|source| (source.package.clone(), package(source))).collect()
}
