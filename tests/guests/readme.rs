//! What README says of languages and libraries is what the images have.

use crate::common;
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::Language;
use ampoule_model::manifest::Manifest;

/// The cells of a row of README's table, Python's and JavaScript's.
fn row<'a>(readme: &'a str, title: &str) -> [&'a str; 2] {
    let start = format!("| {title} | ");
    let line = readme.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix(" |"));
    let (python, javascript) = line.and_then(|line| line.split_once(" | ")).expect("README has the row");
    [python, javascript]
}

/// What a cell says that the manifest does not.
fn wrong(interpreter: &str, packages: &str, name: &str, manifest: &Manifest) -> Vec<String> {
    let mut wrong = Vec::new();
    if !interpreter.starts_with(&format!("{name} {}", manifest.version)) {
        wrong.push(format!("the interpreter is {name} {}", manifest.version));
    }
    let importable: Vec<_> = manifest.packages.iter().filter(|package| !package.modules.is_empty()).collect();
    let (listed, number) = packages.split_once("; ").expect("packages, and their number");
    for entry in listed.split(", ") {
        let (name, version) = entry.split_once(' ').expect("a name and a version");
        match importable.iter().find(|package| package.name == name) {
            None => wrong.push(format!("there is no package '{name}'")),
            // Two parts of a version are enough: `2.5` is true of 2.5.5, and not of 2.50.
            Some(package) if !format!("{}.", package.version).starts_with(&format!("{version}.")) => {
                wrong.push(format!("{name} is {}", package.version));
            }
            Some(_) => {}
        }
    }
    if number != format!("{} in all", importable.len()) {
        wrong.push(format!("there are {} packages", importable.len()));
    }
    wrong
}

#[test]
fn the_table_of_languages_and_libraries_is_that_of_the_images() {
    let readme = std::fs::read_to_string(common::checkout().join("README.md")).unwrap();
    let images = common::load_images(&Engine::new(EngineConfig::default()).expect("the engine starts"));
    let (interpreters, packages) = (row(&readme, "interpreter"), row(&readme, "packages"));
    for (index, (language, name)) in
        [(Language::Python, "CPython"), (Language::Javascript, "QuickJS-ng")].into_iter().enumerate()
    {
        let manifest = images.get(language.name()).expect("it is there").manifest();
        let wrong = wrong(interpreters[index], packages[index], name, manifest);
        assert!(wrong.is_empty(), "README's table of languages and libraries is wrong of {name}: {wrong:#?}");
    }
}
