//! Converts values to declared types by Dify's rule: by what Python's own constructors make of them, and
//! something else where they fail.
//!
//! The table is `convert_input` of seed 001, section 3.2: a number from a text of digits by `int`, from all
//! else by `float`, and 0 if that fails; an array from a text as JSON, else its parts between commas; all
//! others by `str`, `bool`, `list` and `dict`, and None where they fail. Here a number stays the number it
//! was, with all of its digits; what JSON has no word for (an infinite number, a key that is no text) counts
//! as a failure.

use super::contract::{Kind, kind_of};
use super::convert::Unconvertible;
use super::members;
use super::python_text::{TooDeep, float_repr, str_of, text_of};
use ampoule_model::VariableType;
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::convert::Infallible;

/// Python's own limit for the digits of an int.
const MOST_DIGITS: usize = 4300;

/// `json`, which is not of type `kind`, as a JSON text that is, or null.
pub(super) fn convert(kind: VariableType, json: &str) -> Result<String, Unconvertible> {
    let json = json.trim_ascii();
    Ok(match kind {
        VariableType::String => {
            let text = str_of(json).map_err(|TooDeep| {
                Unconvertible("is nested too deeply to become a string: send a string".into())
            })?;
            quote(&text)
        }
        VariableType::Number => number(json),
        VariableType::Boolean => truth(json).to_string(),
        VariableType::Array => array(json),
        VariableType::Object | VariableType::File => object(json),
    })
}

fn number(json: &str) -> String {
    const FAILED: &str = "0";
    match kind_of(json) {
        Kind::Number => json.to_owned(),
        Kind::Boolean => if json == "true" { "1.0" } else { "0.0" }.to_owned(),
        Kind::String => {
            let text = text_of(json);
            if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
                if text.len() > MOST_DIGITS {
                    return FAILED.into();
                }
                let digits = text.trim_start_matches('0');
                return if digits.is_empty() { "0" } else { digits }.to_owned();
            }
            match float(&text) {
                Some(number) => float_repr(number),
                None => FAILED.into(),
            }
        }
        Kind::Object | Kind::Array | Kind::Null => FAILED.into(),
    }
}

/// What Python's `float` makes of a text, if JSON has a word for it. Underscores are allowed between digits.
fn float(text: &str) -> Option<f64> {
    let text = text.trim();
    let mut plain = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    for (at, character) in text.char_indices() {
        if character == '_' {
            let is_digit =
                |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
            if !is_digit(at.checked_sub(1)) || !is_digit(Some(at + 1)) {
                return None;
            }
            continue;
        }
        plain.push(character);
    }
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

fn truth(json: &str) -> bool {
    match kind_of(json) {
        Kind::Boolean => json == "true",
        Kind::Null => false,
        Kind::String => json.len() > 2,
        Kind::Number => {
            let mantissa = json.split(['e', 'E']).next().unwrap_or_default();
            // Too small for a float is zero, however many digits say otherwise.
            mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) && json.parse() != Ok(0.0)
        }
        Kind::Object | Kind::Array => !json[1..json.len() - 1].trim_ascii().is_empty(),
    }
}

fn array(json: &str) -> String {
    match kind_of(json) {
        Kind::Array => json.to_owned(),
        Kind::String => {
            let text = text_of(json);
            if kind_of(&text) == Kind::Array && serde_json::from_str::<&RawValue>(&text).is_ok() {
                return text;
            }
            joined(text.split(',').map(|part| quote(part.trim())))
        }
        Kind::Object => {
            let (mut seen, mut keys) = (HashSet::new(), Vec::new());
            let _ = members::each(json, |key, _| {
                if seen.insert(key.to_owned()) {
                    keys.push(quote(key));
                }
                Ok::<_, Infallible>(())
            });
            joined(keys.into_iter())
        }
        Kind::Number | Kind::Boolean | Kind::Null => "null".into(),
    }
}

/// `dict` takes pairs: arrays of two, and texts of two characters.
fn object(json: &str) -> String {
    match kind_of(json) {
        Kind::Object => json.to_owned(),
        Kind::String if json == "\"\"" => "{}".into(),
        Kind::Array => pairs(json).unwrap_or_else(|| "null".into()),
        Kind::String | Kind::Number | Kind::Boolean | Kind::Null => "null".into(),
    }
}

fn pairs(json: &str) -> Option<String> {
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    let mut members = Vec::with_capacity(items.len());
    for item in items {
        let (key, value) = match kind_of(item.get()) {
            Kind::Array => {
                let (key, value) = serde_json::from_str::<(&RawValue, &RawValue)>(item.get()).ok()?;
                if kind_of(key.get()) != Kind::String {
                    return None;
                }
                (key.get().to_owned(), value.get().to_owned())
            }
            Kind::String => {
                let text = text_of(item.get());
                let mut characters = text.chars();
                let (key, value) = (characters.next()?, characters.next()?);
                if characters.next().is_some() {
                    return None;
                }
                (quote(&key.to_string()), quote(&value.to_string()))
            }
            _ => return None,
        };
        members.push(format!("{key}:{value}"));
    }
    Some(format!("{{{}}}", members.join(",")))
}

fn joined(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_has_no_word_for_is_a_failure() {
        let cases = [
            (VariableType::Number, "\"inf\"", "0"),
            (VariableType::Number, "\"1e999\"", "0"),
            (VariableType::Object, "[[1, 2]]", "null"),
        ];
        for (kind, json, expected) in cases {
            assert_eq!(convert(kind, json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn a_number_keeps_its_digits() {
        for json in ["-5", "123456789012345678901234567890", "1.10"] {
            assert_eq!(convert(VariableType::Number, json).unwrap(), json);
        }
    }
}
