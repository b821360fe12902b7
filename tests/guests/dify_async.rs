//! Waiting for an `async` main changes the meaning of no other program.
//!
//! Every fixture is put into Dify's wrapper and run twice: as it is, and as the server changes it. Both must
//! end alike, in all but where main returned a promise or a coroutine, which the wrapper alone cannot
//! deliver. The same for code that leaves a quote, a comment or a bracket open, so that Dify's text is not
//! where it seems to be.

use crate::common;
use crate::common::fixture::{DefaultLimits, Fixture, load};
use crate::common::runner::execute;
use ampoule_http::dify;
use ampoule_model::{Deterministic, Entry, Language, Outcome, Program, Request, Status};
use ampoule_service::Service;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

const LIMITS: DefaultLimits =
    DefaultLimits { wall_time: Duration::from_secs(20), memory_bytes: None, fuel: None };

static SERVICE: LazyLock<Service> = LazyLock::new(|| common::service_with_slots(8));

fn as_it_is(language: Language, script: String) -> Request {
    let file_name = String::new();
    Request::of(Program {
        language,
        entry: Entry::Script,
        source: script,
        file_name,
        modules: Vec::new(),
        bigint: false,
    })
}

/// How a script ended, and the same in words that can be compared.
fn ended(fixture: &Fixture, mut request: Request, deterministic: Option<Deterministic>) -> (Outcome, String) {
    let asked = &fixture.request;
    request.program.modules.clone_from(&asked.program.modules);
    request.files.extend(asked.files.iter().cloned());
    request.environment.clone_from(&asked.environment);
    request.limits = asked.limits;
    request.deterministic = asked.deterministic.or(deterministic);
    let mut outcome = execute(&SERVICE, request).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
    if let Some(failure) = &mut outcome.failure {
        failure.traceback = dify::tidied(&failure.traceback);
    }
    let told = format!(
        "{:?}\nstdout {:?}\nstderr {:?}\nfiles {:?}\n{:?}",
        outcome.status, outcome.stdout, outcome.stderr, outcome.files, outcome.failure
    );
    (outcome, told)
}

fn script(fixture: &Fixture) -> String {
    let asked = &fixture.request;
    let input_json = if asked.input_json.is_empty() { "{}" } else { &asked.input_json };
    dify::code_script(asked.program.language, &asked.program.source, input_json)
}

/// As Dify's script says, and waited for; chance and clocks the same in both.
fn both(fixture: &Fixture) -> [(Outcome, String); 2] {
    let language = fixture.request.program.language;
    let fixed = Deterministic { seed: 1, now_unix_nanos: ampoule_model::DEFAULT_NOW_UNIX_NANOS };
    let script = script(fixture);
    let waiting = dify::waiting_script(language, &script).expect("it ends as Dify's do");
    [script, waiting].map(|script| ended(fixture, as_it_is(language, script), Some(fixed)))
}

/// Fixtures that can be in a wrapper: a body is no script, and what admission refuses does not run.
fn fixtures() -> impl Iterator<Item = Fixture> {
    ["seeds", "behaviour"].into_iter().flat_map(|kind| load(kind, &LIMITS)).filter(|fixture| {
        let program = &fixture.request.program;
        program.entry != Entry::Body && !fixture.expected.status.contains(&None) && !program.source.is_empty()
    })
}

/// Whether the wrapper alone could not deliver what main returned.
fn is_lost(language: Language, outcome: &Outcome) -> bool {
    match language {
        Language::Python => outcome
            .failure
            .as_ref()
            .is_some_and(|failure| failure.message == "Object of type coroutine is not JSON serializable"),
        Language::Javascript => outcome.stdout.ends_with("<<RESULT>>{}<<RESULT>>\n"),
    }
}

#[test]
fn fixtures_end_alike_unless_main_is_async() {
    let mut alike = BTreeMap::new();
    let mut delivered = BTreeMap::new();
    let mut changed = Vec::new();
    for fixture in ["seeds", "behaviour"].into_iter().flat_map(|kind| load(kind, &LIMITS)) {
        let program = &fixture.request.program;
        // A body is no script, and what admission refuses does not run.
        if program.entry == Entry::Body
            || fixture.expected.status.contains(&None)
            || program.source.is_empty()
        {
            continue;
        }
        let language = program.language;
        let is_async = program.source.contains("async") || program.source.contains("Promise");
        let [(plain, told_plain), (waited, told_waited)] = both(&fixture);
        if told_plain == told_waited {
            *alike.entry(language.name()).or_insert(0) += 1;
            continue;
        }
        if !(is_async && is_lost(language, &plain)) {
            changed.push(format!("{}:\n{told_plain}\n--- became\n{told_waited}", fixture.name));
        } else if waited.status == Status::Completed {
            *delivered.entry(language.name()).or_insert(0) += 1;
        }
    }
    assert!(changed.is_empty(), "{} changed their meaning:\n{}", changed.len(), changed.join("\n\n"));
    println!("alike: {alike:?}, delivered: {delivered:?}");
    for language in Language::ALL {
        assert!(alike[language.name()] > 50, "{alike:?}");
        assert!(delivered[language.name()] > 2, "{delivered:?}");
    }
}

/// What a program says that lists its folder, where the inputs are then among the rest.
const LISTS: [&str; 7] = ["listdir", "scandir", "iterdir", "walk(", "glob", "listFiles", "readdir"];

/// What a program says that hides what Dify's script decodes its inputs by: such a program fails there by
/// itself.
const HIDES: &str = "const Buffer = ";

/// Reading the inputs from a file takes a look at the clock, so this holds for what ends alike without one.
#[test]
fn where_the_inputs_lie_changes_nothing() {
    let mut compared = BTreeMap::new();
    let mut changed = Vec::new();
    for fixture in fixtures() {
        let language = fixture.request.program.language;
        let source = &fixture.request.program.source;
        if LISTS.iter().chain([&HIDES]).any(|word| source.contains(word)) {
            continue;
        }
        let script = script(&fixture);
        let waiting = dify::waiting_script(language, &script).expect("it ends as Dify's do");
        let [one, other] = [(); 2].map(|()| ended(&fixture, as_it_is(language, waiting.clone()), None).1);
        if one == other && fixture.request.deterministic.is_none() {
            let (_, told) = ended(&fixture, dify::request(language, script), None);
            if one != told {
                changed.push(format!("{}:\n{one}\n--- became\n{told}", fixture.name));
            }
            *compared.entry(language.name()).or_insert(0) += 1;
        }
    }
    assert!(changed.is_empty(), "{} changed their meaning:\n{}", changed.len(), changed.join("\n\n"));
    println!("compared: {compared:?}");
    assert!(
        compared.len() == Language::ALL.len() && compared.values().all(|count| *count > 50),
        "{compared:?}"
    );
}

/// Code that ends within something, or that changes what Dify's text, or the text added to it, is made of.
const ODD: [(Language, &[&str]); 2] = [
    (
        Language::Python,
        &[
            "x = '''",
            "x = \"\"\"",
            "x = f'''",
            "x = '",
            "x = (",
            "x = [1,",
            "if True:",
            "def main(**inputs):",
            "def main():\n    return 1\n\\",
            "def main():\n    return {}\n# ''' \"\"\"",
            "async def main():",
            "@property",
            "type = inspect = isinstance = 1\ndef main():\n    return {'a': 1}",
            "import json\njson.dumps = lambda *a, **k: 'mine'\ndef main():\n    return {}",
            "class coroutine(dict):\n    pass\ndef main():\n    return coroutine(a=1)",
            "class Loud(dict):\n    def __getattribute__(self, name):\n        print('asked for', name)\n        \
             return super().__getattribute__(name)\ndef main():\n    return Loud(a=1)",
            "class Meta(type):\n    def __getattribute__(self, name):\n        print('asked for', name)\n        \
             return super().__getattribute__(name)\nclass Of(dict, metaclass=Meta):\n    pass\ndef main():\n    \
             return Of(a=1)",
            "def main():\n    yield 1",
            "main = 1",
            "print = None\ndef main():\n    return 1",
            "import sys\nsys.setprofile(lambda frame, event, arg: print(event, frame.f_code.co_name))\ndef main():\n    \
             sys.setprofile(None)\n    return 1",
        ],
    ),
    (
        Language::Javascript,
        &[
            "x = `",
            "x = '",
            "/*",
            "//",
            "x = /",
            "x = (",
            "function main() {",
            "if (false)",
            "function main() { return {} }\nfor (const i of [1, 2])",
            "`${`",
            "'use strict'\nfunction main() { return {} }",
            "function main() { return {} }\nlet output_obj = 1",
            "function main() { return {} }\nconst result = 1",
            "function main() { return {} }\nlet then = 1, value = 2, Promise = null",
            "function main() { return {} }\nPromise = undefined",
            "function main() { return Object.create(Promise.prototype) }",
            "function main() { return new Proxy({}, { get(o, k) { console.log('get', k); return o[k] }, getPrototypeOf(o) { \
             console.log('prototype'); return Promise.prototype } }) }",
            "function main() { return { get then() { console.log('then'); return () => {} } } }",
            "function main() { return { then(ok) { console.log('called'); ok(1) } } }",
            "function main() { return Object.defineProperty({}, 'then', { get() { console.log('asked') } }) }",
            "function main() { return { constructor: Promise, __proto__: Promise.prototype } }",
            "JSON.stringify = () => '{}'\nfunction main() { return 5 }",
            "console.log = (text) => process.stdout.write('mine ' + text)\nfunction main() { return {} }",
            "Object.defineProperty(Promise, Symbol.hasInstance, { value() { console.log('asked'); return true } })\nfunction \
             main() { return {} }",
            "function main() { Promise.resolve().then(() => console.log('later')); setTimeout(() => console.log('last')); return {} }",
            "function main() { return new Map([[1, 2]]) }",
            "const main = () => ({})\nmodule.exports = main",
            "throw new Error('early')",
        ],
    ),
];

fn bare(language: Language, code: &str) -> Fixture {
    let mut fixtures = load("seeds", &LIMITS);
    let mut fixture = fixtures.swap_remove(0);
    fixture.request = as_it_is(language, code.to_owned());
    fixture.name = code.to_owned();
    fixture
}

#[test]
fn odd_code_ends_alike() {
    let mut changed = Vec::new();
    for (language, codes) in ODD {
        for code in codes {
            let [(_, plain), (_, waited)] = both(&bare(language, code));
            if plain != waited {
                changed.push(format!("{code}\n{plain}\n--- became\n{waited}"));
            }
        }
    }
    assert!(changed.is_empty(), "{} changed their meaning:\n{}", changed.len(), changed.join("\n\n"));
}

#[test]
fn what_does_not_end_as_clients_write_it_is_not_touched() {
    for language in Language::ALL {
        let script = dify::code_script(language, "code", "{}");
        let quoted = format!("text = {script:?}");
        let changed = [
            format!("{script}more()"),
            script.replace("main(", "other("),
            script.replacen("inputs_obj", "inputs_object", 1),
            script.replace("<<RESULT>>", "<RESULT>"),
            quoted,
        ];
        for other in changed {
            assert_eq!(dify::request(language, other.clone()), as_it_is(language, other));
        }
        let other_language =
            Language::ALL.into_iter().find(|other| *other != language).expect("there are two");
        assert_eq!(dify::request(other_language, script.clone()), as_it_is(other_language, script));
    }
}

/// Ends of other clients: other names, blanks, line ends.
fn reworded(script: &str) -> [String; 4] {
    [
        format!("{script}\n"),
        script.replace("main(", "main( ").replace(" = ", "   ="),
        script.replace("inputs_obj", "given").replace("output_json", "text_of_it"),
        script.replace('\n', "\r\n"),
    ]
}

#[test]
fn other_ends_of_the_same_shape_end_alike_unless_main_is_async() {
    let fixed = Deterministic { seed: 1, now_unix_nanos: ampoule_model::DEFAULT_NOW_UNIX_NANOS };
    let codes = ODD.into_iter().flat_map(|(language, codes)| codes.iter().map(move |code| (language, *code)));
    let mut changed = Vec::new();
    for (language, code) in codes {
        let fixture = bare(language, code);
        for script in reworded(&script(&fixture)) {
            let Some(waiting) = dify::waiting_script(language, &script) else { continue };
            let [(_, plain), (_, waited)] = [script.clone(), waiting]
                .map(|script| ended(&fixture, as_it_is(language, script), Some(fixed)));
            if plain != waited {
                changed.push(format!("{script}\n{plain}\n--- became\n{waited}"));
            }
        }
    }
    assert!(changed.is_empty(), "{} changed their meaning:\n{}", changed.len(), changed.join("\n\n"));
}

#[test]
fn async_mains_in_ends_of_the_same_shape_are_waited_for() {
    let codes = [
        (Language::Python, "async def main(a):\n    return {'a': a}\n", "{\n    \"a\": 1\n}"),
        (Language::Javascript, "async function main({ a }) { return { a } }", "{\"a\":1}"),
    ];
    for (language, code, result) in codes {
        let fixture = bare(language, code);
        for script in reworded(&dify::code_script(language, code, "{\"a\": 1}")) {
            let (outcome, told) = ended(&fixture, dify::request(language, script.clone()), None);
            assert_eq!(outcome.stdout, format!("<<RESULT>>{result}<<RESULT>>\n"), "{script}\n{told}");
        }
    }
}

#[test]
fn a_script_within_a_script_keeps_its_own_end() {
    for language in Language::ALL {
        let inner = dify::code_script(language, "function main() { return {} }", "{}");
        let request = dify::request(language, dify::code_script(language, &inner, "{}"));
        assert!(request.program.source.starts_with(&inner));
    }
}
