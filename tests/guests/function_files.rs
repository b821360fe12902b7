//! Files and environment variables of functions: there at the top level and in every call, under what a call
//! brings along.

use crate::functions::{TestEnvironment, call, put, python};
use ampoule_model::{File, FunctionCall, Language, PutFunction, Status};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

fn file(path: &str, content: &str) -> File {
    File { path: path.into(), content: content.into() }
}

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// The result of a call that must complete.
fn result(house: &TestEnvironment, call: FunctionCall) -> String {
    let outcome = house.call(call).unwrap().outcome;
    assert_eq!(outcome.status, Status::Completed, "{:?}", outcome.failure);
    outcome.result_json
}

const SEEN: &str = "
import os
early = [open('data/table.txt').read(), os.environ.get('STAGE')]
def main():
    return [*early, open('data/table.txt').read(), os.environ.get('STAGE'), os.environ.get('EXTRA'), sorted(os.listdir('data'))]
";

fn seeing() -> PutFunction {
    PutFunction {
        files: vec![file("data/table.txt", "one")],
        environment: variables(&[("STAGE", "prod")]),
        ..python("f", SEEN)
    }
}

const PLAIN: &str = r#"["one","prod","one","prod",null,["table.txt"]]"#;

#[test]
fn the_top_level_and_calls_find_them_and_what_a_call_brings_goes_on_top() {
    let house = TestEnvironment::new();
    house.keep(seeing());
    assert_eq!(house.result("f", "{}"), PLAIN);
    let on_top = FunctionCall {
        files: vec![file("data/table.txt", "2"), file("data/more.txt", "")],
        environment: variables(&[("STAGE", "test"), ("EXTRA", "x")]),
        ..call("f", "{}")
    };
    let seen = r#"["one","prod","2","test","x",["more.txt","table.txt"]]"#;
    assert_eq!(result(&house, on_top), seen);
    // What one call has brought is gone with it.
    assert_eq!(house.result("f", "{}"), PLAIN);
    let source = "const early = process.env.STAGE; function main() { return [early, process.env.STAGE, process.env.EXTRA ?? null]; }";
    house.keep(PutFunction {
        environment: variables(&[("STAGE", "prod")]),
        ..put("js", Language::Javascript, source)
    });
    assert_eq!(house.result("js", "{}"), r#"["prod","prod",null]"#);
    let environment = variables(&[("STAGE", "test"), ("EXTRA", "x")]);
    assert_eq!(result(&house, FunctionCall { environment, ..call("js", "{}") }), r#"["prod","test","x"]"#);
}

#[test]
fn a_top_level_that_is_run_again_finds_them_again() {
    let house = TestEnvironment::new();
    house.keep(seeing());
    let objects = house.folder.path().join("objects/functions/open/f");
    std::fs::remove_dir_all(objects.join("checkpoints")).unwrap();
    let house = house.restarted();
    assert_eq!(house.result("f", "{}"), PLAIN);
    // Without its files it is not run.
    std::fs::remove_dir_all(objects.join("checkpoints")).unwrap();
    let kept = std::fs::read_dir(objects.join("files")).unwrap().next().unwrap().unwrap().path();
    let damaged = std::fs::read_to_string(&kept).unwrap().replace("one", "two");
    std::fs::write(&kept, damaged).unwrap();
    let house = house.restarted();
    let error = house.call(call("f", "{}")).unwrap_err();
    assert_eq!(error.to_string(), "the function store failed: try again later");
}

/// A wheel of `tests/fixtures/behaviour/wheels-py`.
fn wheel(name: &str) -> File {
    let case: toml::Table =
        toml::from_str(include_str!("../fixtures/behaviour/wheels-py/case.toml")).unwrap();
    let files = case["files"].as_array().unwrap();
    let text = |file: &toml::Value, key: &str| file[key].as_str().unwrap().to_owned();
    let found = files.iter().find(|file| text(file, "path").contains(name)).unwrap();
    File { path: text(found, "path"), content: STANDARD.decode(text(found, "base64")).unwrap() }
}

#[test]
fn wheels_are_importable_at_the_top_level_in_calls_and_beside_those_of_a_call() {
    let house = TestEnvironment::new();
    let source = "
import greeting
def main(who):
    from greeting import words
    try:
        import tool
        loud = tool.LOUD
    except ModuleNotFoundError:
        loud = None
    return [greeting.greet(who), loud]
";
    let put = PutFunction { files: vec![wheel("greeting")], ..python("f", source) };
    house.keep(put);
    let input = "{\"who\": \"you\"}";
    assert_eq!(house.result("f", input), r#"["Hello, you!",null]"#);
    let beside = FunctionCall { files: vec![wheel("tool")], ..call("f", input) };
    assert_eq!(result(&house, beside), r#"["Hello, you!","HELLO, TOOL!"]"#);
    assert_eq!(house.result("f", input), r#"["Hello, you!",null]"#);
    let house = house.restarted();
    assert_eq!(house.result("f", input), r#"["Hello, you!",null]"#);
}
