//! What the manifest says of packages is so: each can be imported, is the version it claims, and is imported
//! at the snapshot or on demand; and nothing is importable that the manifest does not list.

use crate::common::compare::describe;
use crate::common::runner::execute;
use crate::common::{load_images, request, service_with_slots};
use ampoule_engine::{Engine, EngineConfig};
use ampoule_model::manifest::Package;
use ampoule_model::{Language, Status};
use ampoule_service::Service;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static SERVICE: LazyLock<Service> = LazyLock::new(|| service_with_slots(2));

/// Asked before anything is imported: which of the modules are there already.
const LOOK: &str = "
import sys

def main(name, modules):
    there = [module in sys.modules for module in modules]
    import importlib, importlib.metadata
    files = [importlib.import_module(module).__file__ for module in modules]
    return {'there': there, 'version': importlib.metadata.version(name), 'files': files}
";

const LIST: &str = "
import os

def main():
    site = '/usr/lib/python3.13/site-packages'
    names = [name.removesuffix('.py') for name in os.listdir(site) if not name.endswith('.dist-info')]
    return [name for name in names if not name.startswith('_')]
";

/// What a JavaScript program finds of the modules, and what it is told there is.
const REQUIRE: &str = "
function main({ modules }) {
  const found = modules.map((name) => typeof require(name));
  try { require('no such module'); } catch (error) { return { found, told: error.message.split('available: ')[1].split(', ') }; }
}
";

fn packages() -> Vec<Package> {
    packages_of(Language::Python)
}

fn packages_of(language: Language) -> Vec<Package> {
    let engine = Engine::new(EngineConfig::default()).expect("the engine starts");
    let images = load_images(&engine);
    images.get(language.name()).expect("it is there").manifest().packages.clone()
}

fn answer(source: &str, input: &serde_json::Value) -> Result<serde_json::Value, String> {
    answer_in(Language::Python, source, input)
}

fn answer_in(
    language: Language,
    source: &str,
    input: &serde_json::Value,
) -> Result<serde_json::Value, String> {
    let mut asked = request(language, source);
    asked.input_json = input.to_string();
    let outcome = execute(&SERVICE, asked)?;
    match outcome.status {
        Status::Completed => Ok(serde_json::from_str(&outcome.result_json).expect("results are JSON")),
        _ => Err(describe(&outcome)),
    }
}

#[test]
fn every_package_is_what_the_manifest_says() {
    let mut wrong = Vec::new();
    let importable: Vec<Package> =
        packages().into_iter().filter(|package| !package.modules.is_empty()).collect();
    assert!(importable.len() > 30, "{importable:?}");
    for package in importable {
        let input = serde_json::json!({ "name": package.name, "modules": package.modules });
        match answer(LOOK, &input) {
            Err(said) => wrong.push(format!("{}: {said}", package.name)),
            Ok(found) => {
                let there = vec![package.preimported; package.modules.len()];
                if found["there"] != serde_json::json!(there) || found["version"] != package.version.as_str()
                {
                    wrong.push(format!("{package:?}: found {found}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_importable_that_the_manifest_does_not_list() {
    let packages = packages();
    let listed: BTreeSet<&str> = packages
        .iter()
        .flat_map(|package| &package.modules)
        .filter_map(|module| module.split('.').next())
        .collect();
    let found = answer(LIST, &serde_json::json!({})).expect("it lists");
    let found: BTreeSet<&str> =
        found.as_array().expect("an array").iter().filter_map(|name| name.as_str()).collect();
    assert_eq!(found, listed);
}

#[test]
fn every_javascript_module_of_the_manifest_can_be_required_and_is_told() {
    let listed: BTreeSet<String> =
        packages_of(Language::Javascript).into_iter().flat_map(|package| package.modules).collect();
    assert!(listed.len() > 40, "{listed:?}");
    let plain: Vec<&String> = listed.iter().filter(|name| !name.contains('*')).collect();
    let found = answer_in(Language::Javascript, REQUIRE, &serde_json::json!({ "modules": plain }))
        .expect("all are there");
    let types = found["found"].as_array().expect("an array");
    assert!(types.iter().all(|found| found == "object" || found == "function"), "{found}");
    let told: BTreeSet<&str> =
        found["told"].as_array().expect("an array").iter().filter_map(|name| name.as_str()).collect();
    for name in plain.iter().filter(|name| !name.contains('/')) {
        assert!(told.contains(name.as_str()), "{name} is not told: {told:?}");
    }
}

#[test]
fn every_package_of_a_registry_is_pinned() {
    for package in packages()
        .into_iter()
        .chain(packages_of(Language::Javascript))
        .filter(|package| !package.modules.is_empty())
    {
        let hex = package.sha256.len() == 64 && package.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(hex && !package.licence.is_empty(), "{package:?}");
    }
}
