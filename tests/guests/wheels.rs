//! Wheels among a request's files: what their modules take is taken once.

use crate::common::{block_on, request, service_with_slots};
use ampoule_model::{File, Language, Outcome, Status};
use ampoule_service::Service;

/// Writes a wheel of a package with three hundred functions, of some 400 KB of source.
const MAKE: &str = r#"
import zipfile


def main(word):
    function = "def f{n}(a, b=1, *c, **d):\n" + "".join(f"    x{i} = [a, b, {{'k{i}': a}}] if b else (c, d)\n" for i in range(40)) + "    return a, {n}\n"
    with zipfile.ZipFile("out/heavy-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("heavy/__init__.py", f"from .inner.parts import f299\nWORD = {word!r}\n")
        wheel.writestr("heavy/inner/__init__.py", "")
        wheel.writestr("heavy/inner/parts.py", "".join(function.replace("{n}", str(n)) for n in range(300)))
        wheel.writestr("heavy/broken.py", "def (")
"#;

const USE: &str = r#"
import importlib

import heavy


def main(broken=False):
    if broken:
        importlib.import_module("heavy.broken")
    from heavy.inner import parts
    return [heavy.WORD, heavy.f299(1), parts.__file__, type(parts.__loader__).__name__]
"#;

fn wheel(service: &Service, word: &str) -> File {
    let mut making = request(Language::Python, MAKE);
    making.input_json = format!("{{\"word\": \"{word}\"}}");
    let mut made = block_on(service.execute(making)).unwrap().outcome;
    assert_eq!(made.status, Status::Completed, "{:?}", made.failure);
    let File { path, content } = made.files.remove(0);
    File { path: path.replace("out/", "wheels/"), content }
}

fn using(service: &Service, wheel: &File, input: &str) -> Outcome {
    let mut using = request(Language::Python, USE);
    using.files = vec![wheel.clone()];
    using.input_json = input.into();
    block_on(service.execute(using)).unwrap().outcome
}

#[test]
fn the_modules_of_a_wheel_are_compiled_once() {
    let service = service_with_slots(2);
    let (one, other) = (wheel(&service, "one"), wheel(&service, "other"));
    let expected = |word: &str| {
        format!(
            "[\"{word}\",[1,299],\"/work/wheels/heavy-1.0-py3-none-any.whl/heavy/inner/parts.py\",\"Wheel\"]"
        )
    };
    let first = using(&service, &one, "{}");
    assert_eq!(
        first.result_json.replace(": ", ":").replace(", ", ","),
        expected("one"),
        "{:?}",
        first.failure
    );
    let later = (0..5).map(|_| using(&service, &one, "{}")).min_by_key(|later| later.usage.cpu_time).unwrap();
    assert_eq!(later.result_json, first.result_json);
    assert!(
        later.usage.cpu_time * 4 < first.usage.cpu_time,
        "{:?} and then {:?}",
        first.usage.cpu_time,
        later.usage.cpu_time
    );
    // Another wheel of the same name is another one.
    let another = using(&service, &other, "{}");
    assert_eq!(another.result_json.replace(": ", ":").replace(", ", ","), expected("other"));
    assert_eq!(using(&service, &one, "{}").result_json, first.result_json);
    // What cannot be compiled fails where it is imported, and nowhere else.
    let broken = using(&service, &one, "{\"broken\": true}");
    let failure = broken.failure.unwrap();
    assert_eq!((broken.status, failure.kind.as_str()), (Status::Raised, "SyntaxError"));
    assert!(failure.traceback.contains("heavy/broken.py"), "{}", failure.traceback);
}
