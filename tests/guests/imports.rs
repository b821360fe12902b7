//! What images may ask of the host: the written list, no more and no less; and nothing of the host's files.

use crate::common::runner::execute;
use crate::common::{images_folder, load_images, request, service_with_slots};
use ampoule_model::imports::{HOST_FUNCTIONS, MODULE, REQUIRED_EXPORTS};
use ampoule_model::{Language, Status};
use std::collections::BTreeSet;

/// The list as it is promised to operators. It stands here a second time so that widening it takes two
/// changes.
const WRITTEN: [&str; 6] = [
    "ampoule.clock_now",
    "ampoule.exit",
    "ampoule.output_write",
    "ampoule.random_fill",
    "ampoule.refuel",
    "ampoule.sleep",
];

/// The one that no guest calls by itself: metering adds its calls when the image is built.
const METERING: &str = "ampoule.refuel";

#[test]
fn the_host_functions_are_the_written_list() {
    let functions: Vec<String> =
        HOST_FUNCTIONS.iter().map(|function| format!("{MODULE}.{}", function.name)).collect();
    assert_eq!(functions, WRITTEN);
}

#[test]
fn the_abi_header_declares_the_same_functions() {
    let header = include_str!("../../runtimes/guest/abi.h");
    let declared: BTreeSet<String> = header
        .match_indices("AMPOULE_IMPORT(")
        .filter_map(|(start, found)| header[start + found.len()..].split_once(')'))
        .filter(|(name, _)| *name != "name")
        .map(|(name, _)| format!("{MODULE}.{name}"))
        .collect();
    let written: Vec<&str> = WRITTEN.into_iter().filter(|name| *name != METERING).collect();
    assert_eq!(declared.iter().map(String::as_str).collect::<Vec<_>>(), written);
}

#[test]
fn every_image_imports_the_written_list_and_nothing_else() {
    let engine =
        ampoule_engine::Engine::new(ampoule_engine::EngineConfig::default()).expect("the engine starts");
    let images = load_images(&engine);
    assert_eq!(images.iter().count(), Language::ALL.len());
    for image in images.iter() {
        let manifest = image.manifest();
        let mut imports: Vec<&str> = manifest.imports.iter().map(String::as_str).collect();
        imports.sort_unstable();
        assert_eq!(imports, WRITTEN, "{}", manifest.name);
        for export in REQUIRED_EXPORTS {
            assert!(manifest.exports.iter().any(|name| name == export), "{} lacks {export}", manifest.name);
        }
        assert!(!manifest.packages.is_empty(), "{} lists no packages", manifest.name);
        for package in &manifest.packages {
            let whole =
                !package.name.is_empty() && !package.version.is_empty() && !package.licence.is_empty();
            assert!(whole, "{}: {package:?}", manifest.name);
        }
    }
}

#[test]
fn the_manifest_tells_what_the_code_imports() {
    // The manifest is only text: the module itself is asked by loading it with a linker of these functions
    // and nothing else, which is what the engine does. An image with one more import does not load.
    let engine =
        ampoule_engine::Engine::new(ampoule_engine::EngineConfig::default()).expect("the engine starts");
    for language in Language::ALL {
        let folder =
            ampoule_service::image_folder(&images_folder(), language.name()).expect("the image is there");
        assert_eq!(engine.load(&folder).expect("the image loads").language(), language);
    }
}

#[test]
fn no_folder_of_the_host_is_open_to_a_guest() {
    let source = "
import os

def main():
    top = sorted(os.listdir('/'))
    seen = []
    for number in range(3, 64):
        try:
            seen.append((number, os.fstat(number).st_size))
        except OSError:
            pass
    return {'top': top, 'descriptors': seen, 'size': sum(len(names) for _, _, names in os.walk('/work'))}
";
    let outcome = execute(&service_with_slots(1), request(Language::Python, source)).expect("it is admitted");
    assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    let result: serde_json::Value = serde_json::from_str(&outcome.result_json).expect("the result is JSON");
    assert_eq!(result["size"], 0);
    // 3 is the root of the guest's own tree, in its own memory.
    let descriptors = result["descriptors"].as_array().expect("a list");
    assert!(descriptors.iter().all(|descriptor| descriptor[0] == 3), "{result}");
    let top: Vec<&str> =
        result["top"].as_array().expect("a list").iter().filter_map(|name| name.as_str()).collect();
    for host in ["etc", "home", "root", "proc", "sys", "boot", "run", "var"] {
        assert!(!top.contains(&host), "/{host} is there: {top:?}");
    }
}
