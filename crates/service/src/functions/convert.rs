//! Converts values to declared types strictly: only where they say the same in another form, as texts from
//! forms and tables do.
//!
//! | declared | taken |
//! |---|---|
//! | number | a text that is a number in JSON: all of its digits are kept |
//! | boolean | the texts `true` and `false`, in any case |
//! | string | a number or boolean, as JSON writes it |
//! | array | a text that is an array in JSON |
//! | object, file | a text that is an object in JSON |
//!
//! Everything else is an error. Nothing of a value is in its text: it may be secret.

use super::contract::{Kind, file_mismatch, kind_of, listed};
use super::python_text::text_of;
use ampoule_model::{Variable, VariableType};
use serde_json::value::RawValue;

/// A value that cannot be converted, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unconvertible(pub(super) String);

/// `json`, which is not what `variable` declares, as a JSON text that is.
pub(super) fn convert(variable: &Variable, json: &str) -> Result<String, Unconvertible> {
    let json = json.trim_ascii();
    let kind = kind_of(json);
    match (variable.kind, kind) {
        (VariableType::String, Kind::Number | Kind::Boolean) => Ok(format!("\"{json}\"")),
        (VariableType::Number, Kind::String) => {
            read(json, Kind::Number, "a string that is no number", variable)
        }
        (VariableType::Boolean, Kind::String) => {
            let text = text_of(json).trim().to_ascii_lowercase();
            match text.as_str() {
                "true" | "false" => Ok(text),
                _ => Err(wrong("a string other than true and false", variable)),
            }
        }
        (VariableType::Array, Kind::String) => {
            read(json, Kind::Array, "a string that is no array in JSON", variable)
        }
        (VariableType::Object, Kind::String) => {
            read(json, Kind::Object, "a string that is no object in JSON", variable)
        }
        (VariableType::File, Kind::String) => {
            let object = read(json, Kind::Object, "a string that is no object in JSON", variable)?;
            match file_mismatch(&object) {
                None => Ok(object),
                Some(what) => Err(Unconvertible(format!("{what}, the function takes {}", listed(variable)))),
            }
        }
        (VariableType::File, Kind::Object) => {
            let what = file_mismatch(json).unwrap_or_default();
            Err(Unconvertible(format!("{what}, the function takes {}", listed(variable))))
        }
        _ => {
            let what = kind.is_a();
            Err(Unconvertible(format!(
                "{what} and cannot be converted, the function takes {}",
                listed(variable)
            )))
        }
    }
}

/// What a string says, if that is JSON of the kind that is wanted.
fn read(json: &str, wanted: Kind, otherwise: &str, variable: &Variable) -> Result<String, Unconvertible> {
    let text = text_of(json);
    let text = text.trim();
    if kind_of(text) == wanted && serde_json::from_str::<&RawValue>(text).is_ok() {
        return Ok(text.to_owned());
    }
    Err(wrong(otherwise, variable))
}

fn wrong(what: &str, variable: &Variable) -> Unconvertible {
    Unconvertible(format!("is {what}, the function takes {}", listed(variable)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(kind: VariableType, json: &str) -> Result<String, String> {
        let variable = Variable { name: "v".into(), kind, optional: false, description: String::new() };
        convert(&variable, json).map_err(|Unconvertible(why)| why)
    }

    #[test]
    fn what_says_the_same_in_another_form_is_converted() {
        let cases = [
            (VariableType::Number, "\"42\"", "42"),
            (VariableType::Number, "\" 1.10\\n\"", "1.10"),
            (VariableType::Number, "\"123456789012345678901234567890\"", "123456789012345678901234567890"),
            (VariableType::Number, "\"-2.5e3\"", "-2.5e3"),
            (VariableType::Boolean, "\"True\"", "true"),
            (VariableType::Boolean, "\"false \"", "false"),
            (VariableType::String, "1.10", "\"1.10\""),
            (VariableType::String, "true", "\"true\""),
            (VariableType::Array, "\"[1, \\\"a,b\\\"]\"", "[1, \"a,b\"]"),
            (VariableType::Object, "\"{\\\"a\\\": 1}\"", "{\"a\": 1}"),
            (VariableType::File, "\"{\\\"name\\\": null}\"", "{\"name\": null}"),
        ];
        for (kind, json, expected) in cases {
            assert_eq!(converted(kind, json).as_deref(), Ok(expected), "{json}");
        }
    }

    #[test]
    fn everything_else_is_an_error_without_the_value() {
        let no_number = "is a string that is no number, the function takes a number";
        let numbers = [
            "abc", "", " ", "1,5", "1_000", "0x10", "007", "+5", ".5", "inf", "NaN", "1 2", "true", "[1]",
            "1e",
        ];
        for text in numbers {
            let json = serde_json::Value::from(text).to_string();
            assert_eq!(converted(VariableType::Number, &json).unwrap_err(), no_number, "{json}");
        }
        let cases = [
            (
                VariableType::Number,
                "true",
                "is a boolean and cannot be converted, the function takes a number",
            ),
            (VariableType::Number, "null", "is null and cannot be converted, the function takes a number"),
            (
                VariableType::Boolean,
                "\"yes\"",
                "is a string other than true and false, the function takes a boolean",
            ),
            (VariableType::Boolean, "1", "is a number and cannot be converted, the function takes a boolean"),
            (VariableType::String, "[1]", "is an array and cannot be converted, the function takes a string"),
            (VariableType::String, "null", "is null and cannot be converted, the function takes a string"),
            (
                VariableType::Array,
                "\"a,b\"",
                "is a string that is no array in JSON, the function takes an array",
            ),
            (
                VariableType::Array,
                "\"[1,\"",
                "is a string that is no array in JSON, the function takes an array",
            ),
            (VariableType::Array, "{}", "is an object and cannot be converted, the function takes an array"),
            (
                VariableType::Object,
                "\"\"",
                "is a string that is no object in JSON, the function takes an object",
            ),
            (VariableType::Object, "[]", "is an array and cannot be converted, the function takes an object"),
            (
                VariableType::File,
                "\"{\\\"url\\\": 5}\"",
                "has a 'url' that is a number, the function takes a file",
            ),
            (VariableType::File, "{\"url\": 5}", "has a 'url' that is a number, the function takes a file"),
        ];
        for (kind, json, expected) in cases {
            assert_eq!(converted(kind, json).unwrap_err(), expected, "{json}");
        }
    }
}
