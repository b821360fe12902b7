//! JSON in and out of a Python program: every text arrives as Python's own `json` reads it, and leaves as it
//! arrived.
//!
//! The guest reads and writes 16 bytes at a time, so texts of all lengths around that, with something to stop
//! at in all places.

use crate::common::compare::describe;
use crate::common::runner::execute;
use crate::common::{request, service_with_slots};
use ampoule_model::{Language, Status};
use serde_json::{Value, json};

/// The input's own JSON stands in it once more as a text, which the program reads by itself.
const PROGRAM: &str = "import json\n\ndef main(values, text):\n    own = json.loads(text)\n    assert own == values, \
    [pair for pair in zip(own, values) if pair[0] != pair[1]][:3]\n    return values\n";

/// What a text may hold besides letters: as JSON writes it.
const PARTS: [&str; 16] = [
    "\\\"",
    "\\\\",
    "\\/",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\u0000",
    "\\u001f",
    "\\u00e9",
    "\\ud83d\\ude00",
    "é",
    "漢",
    "😀",
    "\u{7f}",
];

/// Texts as JSON: letters, and one or two parts in all places.
fn texts() -> Vec<String> {
    let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut texts = Vec::new();
    for length in 0..36 {
        texts.push(format!("\"{}\"", &letters[..length]));
        for (number, part) in PARTS.iter().enumerate() {
            let place = (length * 7 + number * 5) % (length + 1);
            let other = PARTS[(number * 3 + length) % PARTS.len()];
            texts.push(format!("\"{}{part}{}\"", &letters[..place], &letters[place..length]));
            texts.push(format!("\"{}{part}{other}{}\"", &letters[..place], &letters[place..length]));
            texts.push(format!("{{\"{}{part}\": \"{other}\"}}", &letters[..length]));
        }
    }
    texts
}

#[test]
fn texts_arrive_as_json_reads_them_and_leave_as_they_came() {
    let service = service_with_slots(1);
    let list = format!("[{}]", texts().join(", "));
    let values: Value = serde_json::from_str(&list).expect("they are JSON");
    let mut asked = request(Language::Python, PROGRAM);
    asked.input_json = format!("{{\"values\": {list}, \"text\": {}}}", json!(list));
    let outcome = execute(&service, asked).expect("it is admitted");
    assert_eq!(outcome.status, Status::Completed, "{}", describe(&outcome));
    let result: Value = serde_json::from_str(&outcome.result_json).expect("the result is JSON");
    assert_eq!(result, values);
}

#[test]
fn lone_surrogates_arrive() {
    let service = service_with_slots(1);
    for padding in [0, 14, 15, 16, 40] {
        let mut asked = request(
            Language::Python,
            "def main(text):\n    return [len(text), [ord(c) for c in text if not 'a' <= c <= 'z']]\n",
        );
        let letters = "x".repeat(padding);
        asked.input_json = format!("{{\"text\": \"{letters}\\udc00{letters}\\ud800\"}}");
        let outcome = execute(&service, asked).expect("it is admitted");
        assert_eq!(outcome.status, Status::Completed, "{}", describe(&outcome));
        assert_eq!(outcome.result_json, format!("[{},[56320,55296]]", 2 * padding + 2));
    }
}
