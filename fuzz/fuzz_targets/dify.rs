//! What Dify sends: bodies, scripts with its wrapper around them, templates. The first byte says which.
#![no_main]

use ampoule_fuzz::{admitted, bounded};
use ampoule_http::dify::{code_script, fuzzing, request, template_script, tidied, waiting_script};
use ampoule_model::{Entry, Language};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

/// The most that is held for a byte of a script: it, its parts joined, templates with their lines as escapes.
const MOST: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, rest)) = bytes.split_first() else {
        return;
    };
    if mode % 4 == 0 {
        body(rest);
        return;
    }
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    match mode % 4 {
        1 => script(Language::Python, text),
        2 => script(Language::Javascript, text),
        _ => {
            let (code, input) = text.split_once('\0').unwrap_or((text, "{}"));
            wrapped(code, input);
            template(code, input);
        }
    }
});

fn body(bytes: &[u8]) {
    match bounded(bytes.len(), MOST, || fuzzing::asked(bytes)) {
        Ok(request) => drop(admitted(request)),
        Err(problem) => assert!(!problem.is_empty(), "a refusal says why"),
    }
}

/// Any script: what is recognised, put together again, is the script.
fn script(language: Language, text: &str) {
    let recognised = fuzzing::put_together(language, text);
    if let Some(again) = &recognised {
        assert_eq!(again, text);
    }
    assert_eq!(waiting_script(language, text).is_some(), recognised.is_some());
    let asked = bounded(text.len(), MOST, || request(language, text.to_owned()));
    if recognised.is_none() && !(language == Language::Python && fuzzing::template(text).is_some()) {
        assert_eq!(asked.program.source, text, "what does not end as clients write it runs as it is");
        assert!(asked.files.is_empty() && asked.program.entry == Entry::Script);
    }
    let _ = tidied(text);
}

/// Whatever a person's code is, Dify's end behind it is recognised and the inputs come as they are.
fn wrapped(code: &str, input: &str) {
    for language in Language::ALL {
        let script = code_script(language, code, input);
        assert_eq!(fuzzing::put_together(language, &script).as_ref(), Some(&script));
        let asked = request(language, script.clone());
        if asked.program.entry != Entry::Script {
            continue; // Code that is, to the letter, the beginning of a template's script.
        }
        assert!(asked.program.source.starts_with(code), "no line of a person's is changed");
        assert_eq!(asked.program.source.lines().count(), script.lines().count(), "lines keep their numbers");
        if let [file] = &*asked.files {
            assert_eq!(file.content, input.as_bytes());
        }
    }
}

/// A template of any characters is read, and the text in the source is the template.
fn template(template: &str, input: &str) {
    let script = template_script(template, input);
    let Some((source, input_json)) = fuzzing::template(&script) else {
        assert!(serde_json::from_str::<Map<String, Value>>(input).is_err(), "an object is taken");
        return;
    };
    assert_eq!(input_json, input);
    let line = source
        .lines()
        .find_map(|line| line.strip_prefix("    template_code = "))
        .expect("it is in the source");
    assert_eq!(unescaped(line), template);
    assert_eq!(source.lines().count(), script.lines().count());
}

/// A Python literal of the kind that is written into sources, read by other means than it was written.
fn unescaped(literal: &str) -> String {
    let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).expect("it is quoted");
    let (mut text, mut rest) = (String::new(), inner.chars());
    while let Some(character) = rest.next() {
        assert!(character != '\'' && !character.is_control(), "{character:?} would end the literal");
        match (character, if character == '\\' { rest.next() } else { None }) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('r')) => text.push('\r'),
            ('\\', Some('x')) => {
                let digits: String = rest.by_ref().take(2).collect();
                text.push(char::from(u8::from_str_radix(&digits, 16).expect("two hex digits")));
            }
            ('\\', Some(escaped)) => text.push(escaped),
            (plain, _) => text.push(plain),
        }
    }
    text
}
