//! What preparing tells, refuses and counts, in both languages.

use crate::common::compare::describe;
use crate::common::prepared::HOUSE;
use crate::common::request;
use ampoule_engine::Prepared;
use ampoule_model::{Deterministic, Entry, Language, Outcome, Request, Status};
use std::time::{Duration, Instant};

fn prepare(request: &Request) -> Result<Prepared, Box<Outcome>> {
    HOUSE.prepare(request, true)
}

fn prepared(language: Language, source: &str) -> Prepared {
    prepare(&request(language, source)).unwrap_or_else(|outcome| panic!("{}", describe(&outcome)))
}

fn refused(language: Language, source: &str) -> Outcome {
    match prepare(&request(language, source)) {
        Ok(_) => panic!("it was prepared: {source}"),
        Err(outcome) => *outcome,
    }
}

fn signature(language: Language, source: &str) -> serde_json::Value {
    let text = prepared(language, source).signature_json;
    text.map_or(serde_json::Value::Null, |text| serde_json::from_str(&text).expect("it is JSON"))
}

#[test]
fn a_python_signature_tells_names_defaults_and_annotations() {
    let source = "
from __future__ import annotations
from decimal import Decimal

def main(a, b: int = 2, /, *rest, c: list[str], d: Decimal = Decimal('1.50'), e: 'dict' = {'k': [1, None]}, f=object(), **more) -> float | None:
    '''Adds.

    Twice.'''
";
    // `a` can be given by position only, so that nobody can call this by names.
    assert_eq!(signature(Language::Python, source), serde_json::Value::Null);
    let source = source.replace("a, b: int = 2, /", "a, b: int = 2");
    let expected = serde_json::json!({
        "parameters": [
            {"name": "a", "required": true},
            {"name": "b", "required": false, "default": 2, "annotation": "int"},
            {"name": "c", "required": true, "annotation": "list[str]"},
            {"name": "d", "required": false, "default": "1.50", "annotation": "Decimal"},
            {"name": "e", "required": false, "default": {"k": [1, null]}, "annotation": "'dict'"},
            {"name": "f", "required": false},
        ],
        "open": true,
        "returns": "float | None",
        "doc": "Adds.\n\nTwice.",
    });
    assert_eq!(signature(Language::Python, &source), expected);
    let plain = "import typing\ndef main(n: int, when: typing.Optional[str] = None, who: 'Person' = 1): pass";
    let expected = serde_json::json!({
        "parameters": [
            {"name": "n", "required": true, "annotation": "int"},
            {"name": "when", "required": false, "default": null, "annotation": "Optional[str]"},
            {"name": "who", "required": false, "default": 1, "annotation": "Person"},
        ],
        "open": false,
    });
    assert_eq!(signature(Language::Python, plain), expected);
    // What only looks like one, and what raises when it is looked at.
    assert_eq!(signature(Language::Python, "main = 3"), serde_json::Value::Null);
    let raising = "class M:\n    @property\n    def __signature__(self): raise KeyError\n    def __call__(self): return 1\nmain = M()";
    assert_eq!(signature(Language::Python, raising), serde_json::Value::Null);
}

#[test]
fn a_javascript_signature_tells_the_names_that_the_input_is_taken_apart_into() {
    let named = |name: &str| serde_json::json!({"name": name, "required": true});
    let given = |name: &str, default: serde_json::Value| serde_json::json!({"name": name, "required": false, "default": default});
    let told =
        |parameters: Vec<serde_json::Value>| serde_json::json!({"parameters": parameters, "open": true});
    let cases = [
        (
            "function main({ a, b = 2, c: d = 'x', ...rest }) {}",
            told(vec![named("a"), given("b", 2.into()), given("c", "x".into())]),
        ),
        (
            "const main = async ({ a /* first */, // and\n b = -1.5, }) => a",
            told(vec![named("a"), given("b", (-1.5).into())]),
        ),
        (
            "module.exports = { main({ $a, _b = null } = {}) {} }",
            told(vec![named("$a"), given("_b", serde_json::Value::Null)]),
        ),
        ("export default async function ({ on = true }) {}", told(vec![given("on", true.into())])),
        ("function main() {}", told(vec![])),
    ];
    for (source, expected) in cases {
        assert_eq!(signature(Language::Javascript, source), expected, "{source}");
    }
    for unsure in [
        "function main(input) {}",
        "function main({ a: { b } }) {}",
        "function main({ a = f() }) {}",
        "function main({ a = 1 + 1 }) {}",
        "function main({ a = 01 }) {}",
        "function main({ a = 1n }) {}",
        "function main({ ['a']: b }) {}",
        "function main({ a }, more) {}",
        "function main({ a } = { a: 1 }) {}",
        "const main = input => input",
        "const main = (({ a }) => a).bind(null)",
    ] {
        assert_eq!(signature(Language::Javascript, unsure), serde_json::Value::Null, "{unsure}");
    }
}

#[test]
fn what_the_top_level_prints_is_told_once() {
    let sources = [
        (
            Language::Python,
            "import sys\nprint('top')\nprint('wrong', file=sys.stderr)\nsys.stdout.write('no line')\ndef main(): print('call')",
        ),
        (
            Language::Javascript,
            "console.log('top'); console.error('wrong'); process.stdout.write('no line');\nfunction main() { console.log('call'); }",
        ),
    ];
    for (language, source) in sources {
        let prepared = prepared(language, source);
        assert_eq!(prepared.outcome.stdout, "top\nno line");
        assert_eq!(prepared.outcome.stderr, "wrong\n");
        let outcome = HOUSE.call(&prepared.checkpoint, &request(language, source), false);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("call\n", ""));
    }
    // A buffer of the program's own before stdout.
    let source = "import sys, io\nsys.stdout = io.TextIOWrapper(io.BufferedWriter(sys.stdout.buffer if hasattr(sys.stdout, 'raw') else open(1, 'wb', 0, closefd=False), 10000), 'utf-8')\nprint('top')\ndef main(): print('call', flush=True)";
    let prepared = prepared(Language::Python, source);
    assert_eq!(prepared.outcome.stdout, "top\n");
    let outcome = HOUSE.call(&prepared.checkpoint, &request(Language::Python, source), false);
    assert_eq!(outcome.stdout, "call\n");
}

#[test]
fn what_cannot_be_prepared_says_why() {
    for language in Language::ALL {
        for entry in [Entry::Body, Entry::Script] {
            let mut request = request(language, "1");
            request.program.entry = entry;
            let outcome = prepare(&request).expect_err("it has no top level");
            let message = outcome.failure.expect("a failure").message;
            assert!(outcome.status == Status::Raised && message.contains("entry is main"), "{message}");
        }
    }
    let cases = [
        (Language::Python, "import sys\nsys.exit(0)", "SystemExit", "at its top level"),
        (Language::Python, "import sys\nsys.exit(3)", "SystemExit", "3"),
        (Language::Python, "def other(): pass", "NameError", "no function named main"),
        (Language::Python, "def main(:", "SyntaxError", "invalid syntax"),
        (Language::Javascript, "process.exit(0)", "ProcessExit", "at its top level"),
        (Language::Javascript, "process.exit(3)", "ProcessExit", "process.exit(3)"),
        (Language::Javascript, "const other = 1", "TypeError", "no function named main"),
        (
            Language::Javascript,
            "await new Promise(() => {}); export const main = () => 1",
            "Error",
            "never settle",
        ),
    ];
    for (language, source, kind, message) in cases {
        let failure = refused(language, source).failure.expect("a failure");
        assert!(failure.kind == kind && failure.message.contains(message), "{source}: {failure:?}");
    }
}

#[test]
fn exit_functions_are_the_calls() {
    let source = "import atexit\natexit.register(lambda: print('the end'))\ndef main(): print('call')";
    let prepared = prepared(Language::Python, source);
    assert_eq!(prepared.outcome.stdout, "");
    let outcome = HOUSE.call(&prepared.checkpoint, &request(Language::Python, source), false);
    assert_eq!(outcome.stdout, "call\nthe end\n");
    let failing =
        refused(Language::Python, &source.replace("def main", "print('so far')\nraise ValueError\ndef main"));
    assert_eq!(failing.stdout, "so far\nthe end\n");
}

#[test]
fn a_deterministic_call_is_the_same_every_time() {
    let sources = [
        (
            Language::Python,
            "import random, time\nrandom.random()\ndef main(): return [random.random(), time.time(), time.monotonic()]",
        ),
        (
            Language::Javascript,
            "Math.random();\nconst main = () => [Math.random(), Date.now(), performance.now()]",
        ),
    ];
    for (language, source) in sources {
        let mut request = request(language, source);
        let prepared = prepare(&request).expect("it is sound");
        request.deterministic =
            Some(Deterministic { seed: 3, now_unix_nanos: ampoule_model::DEFAULT_NOW_UNIX_NANOS });
        let first = HOUSE.call(&prepared.checkpoint, &request, false);
        assert_eq!(first.status, Status::Completed, "{}", describe(&first));
        for _ in 0..3 {
            let next = HOUSE.call(&prepared.checkpoint, &request, false);
            assert_eq!((&next.result_json, next.usage.fuel), (&first.result_json, first.usage.fuel));
        }
        request.deterministic =
            Some(Deterministic { seed: 4, now_unix_nanos: ampoule_model::DEFAULT_NOW_UNIX_NANOS });
        assert_ne!(HOUSE.call(&prepared.checkpoint, &request, false).result_json, first.result_json);
    }
}

#[test]
fn a_call_does_not_pay_for_the_top_level() {
    let sources = [
        (
            Language::Python,
            "table = {str(n): n * n for n in range(200_000)}\ntable = len(table)\ndef main(): return table",
        ),
        (
            Language::Javascript,
            "const table = new Map(); for (let n = 0; n < 400000; n++) table.set(`${n}`, n * n);\nconst size = table.size; table.clear();\nconst main = () => size",
        ),
    ];
    for (language, source) in sources {
        let request = request(language, source);
        let whole = HOUSE.both(&request).expect("it is admitted");
        let prepared = prepare(&request).expect("it is sound");
        let mut fastest = Duration::MAX;
        for _ in 0..10 {
            let started = Instant::now();
            let outcome = HOUSE.call(&prepared.checkpoint, &request, false);
            fastest = fastest.min(started.elapsed());
            assert_eq!(outcome.result_json, whole.result_json);
            assert!(outcome.usage.fuel * 20 < prepared.outcome.usage.fuel, "{} units", outcome.usage.fuel);
        }
        let top_level = prepared.outcome.usage.wall_time;
        assert!(fastest * 2 < top_level, "a call takes {fastest:?}, the top level took {top_level:?}");
    }
}
