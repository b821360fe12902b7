//! Looks at the input without building it: whether it is one JSON object, and which keys it has.

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// What is wrong with an input, without a word of the input itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAnObject(pub(crate) String);

/// Checks that `json` is one JSON object.
pub(crate) fn check_object(json: &str) -> Result<(), NotAnObject> {
    read(json, |_| true)
}

/// The most keys of an input that are variables of a body: far more than anybody writes, and sorted within a
/// millisecond.
const MOST_VARIABLES: usize = 1000;

/// The object's keys as an object of their own, sorted, with null values: all that compiling a body
/// depends on.
pub(crate) fn keys_only(json: &str) -> Result<String, NotAnObject> {
    let mut keys = BTreeSet::new();
    let mut too_many = false;
    let read = read(json, |key| {
        keys.insert(key);
        too_many = keys.len() > MOST_VARIABLES;
        !too_many
    });
    if too_many {
        let reason = format!(
            "has more than {MOST_VARIABLES} keys, and with the entry body each is a variable: use the entry main, or put them into one object"
        );
        return Err(NotAnObject(reason));
    }
    read?;
    let nulls: serde_json::Map<_, _> = keys.into_iter().map(|key| (key, serde_json::Value::Null)).collect();
    Ok(serde_json::Value::Object(nulls).to_string())
}

/// Calls `key` with each key, as long as it answers that it wants more.
fn read(json: &str, key: impl FnMut(String) -> bool) -> Result<(), NotAnObject> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer
        .deserialize_map(Keys { key })
        .and_then(|()| deserializer.end())
        .map_err(|error| NotAnObject(format!("is not a JSON object: {}", reason(json, &error))))
}

/// serde_json's own text may quote the input, so only its position and kind are told.
fn reason(json: &str, error: &serde_json::Error) -> String {
    let is_object = json.trim_start_matches([' ', '\t', '\n', '\r']).starts_with('{');
    let position = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        _ if !is_object => {
            let kind = match json.trim_start().as_bytes().first() {
                Some(b'[') => "an array",
                Some(b'"') => "a string",
                Some(b'0'..=b'9' | b'-') => "a number",
                Some(b't' | b'f' | b'n') => "a literal",
                _ => "something else",
            };
            format!("it begins with {kind}; wrap the value in an object")
        }
        serde_json::error::Category::Eof => format!("the text ends within it, at {position}"),
        _ => format!("the JSON is malformed at {position}"),
    }
}

struct Keys<F> {
    key: F,
}

impl<'de, F: FnMut(String) -> bool> Visitor<'de> for Keys<F> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key()? {
            if !(self.key)(key) {
                return Err(serde::de::Error::custom("enough"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_pass_however_deep_or_large_their_numbers() {
        let deep = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for good in [
            "{}",
            " {\"a\": 1e999, \"a\": 123456789012345678901234567890}\n",
            &deep,
            "{\"ключ\": \"\\ud83d\\ude00\"}",
        ] {
            assert_eq!(check_object(good), Ok(()));
        }
    }

    #[test]
    fn what_is_no_object_is_told_without_quoting_it() {
        let cases = [
            ("[1]", "it begins with an array; wrap the value in an object"),
            ("\"secret\"", "it begins with a string; wrap the value in an object"),
            ("12", "it begins with a number; wrap the value in an object"),
            ("null", "it begins with a literal; wrap the value in an object"),
            ("secret", "it begins with something else; wrap the value in an object"),
            ("{\"secret\": 1", "the text ends within it, at line 1, column 12"),
            ("{\"a\": secret}", "the JSON is malformed at line 1, column 7"),
            ("{} {}", "the JSON is malformed at line 1, column 4"),
            ("{'a': 1}", "the JSON is malformed at line 1, column 2"),
            ("{\"a\": NaN}", "the JSON is malformed at line 1, column 7"),
        ];
        for (json, expected) in cases {
            assert_eq!(
                check_object(json),
                Err(NotAnObject(format!("is not a JSON object: {expected}"))),
                "{json}"
            );
        }
    }

    #[test]
    fn keys_are_sorted_and_unique() {
        assert_eq!(
            keys_only("{\"b\": [1], \"a\": {\"c\": 2}, \"b\": 3}").unwrap(),
            "{\"a\":null,\"b\":null}"
        );
        assert_eq!(keys_only("{}").unwrap(), "{}");
    }

    #[test]
    fn no_more_keys_are_read_than_a_body_can_have() {
        let object = |keys: usize, end: &str| {
            let members: Vec<String> = (0..keys).map(|key| format!("\"k{key}\": 1")).collect();
            format!("{{{}{end}", members.join(","))
        };
        assert!(keys_only(&object(MOST_VARIABLES, "}")).is_ok());
        // What is wrong behind them is not seen any more.
        let refused = keys_only(&object(MOST_VARIABLES + 1, ", nonsense")).unwrap_err();
        assert!(refused.0.starts_with("has more than 1000 keys"), "{refused:?}");
        assert!(check_object(&object(2 * MOST_VARIABLES, "}")).is_ok());
        // One key, however often it comes, is one variable.
        let repeated = format!("{{{}\"a\": 1}}", "\"a\": 1,".repeat(2 * MOST_VARIABLES));
        assert!(keys_only(&repeated).is_ok());
    }
}
