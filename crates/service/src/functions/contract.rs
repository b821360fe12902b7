//! What a function declares: whether an input fits, and whether a result does.
//!
//! Values are looked at as JSON text and passed on as they are, so that numbers keep all of their digits.

use super::convert::{Unconvertible, convert};
use super::convert_dify::convert as convert_as_dify;
use super::members;
use crate::error::{Error, bytes, quoted};
use ampoule_model::{Contract, Conversion, Variable, VariableType};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

/// Variables that one side of a contract can have.
const MOST_VARIABLES: usize = 256;

/// Longest name and description, in bytes.
const LONGEST_NAME: usize = 255;
const LONGEST_DESCRIPTION: usize = 4000;

/// Checks a contract itself.
pub(super) fn check(contract: &Contract) -> Result<(), Error> {
    for (side, variables) in [("inputs", &contract.inputs), ("outputs", &contract.outputs)] {
        if variables.len() > MOST_VARIABLES {
            let reason = format!("has {} variables, at most {MOST_VARIABLES} are taken", variables.len());
            return Err(Error::invalid(side, reason));
        }
        let mut names = HashSet::new();
        for (index, variable) in variables.iter().enumerate() {
            let field = |name: &str| format!("{side}[{index}].{name}");
            let name = &variable.name;
            if name.is_empty() {
                return Err(Error::invalid(field("name"), "is empty: give every variable a name"));
            }
            if name.len() > LONGEST_NAME {
                let reason = format!("has {} bytes, at most {LONGEST_NAME} are taken", name.len());
                return Err(Error::invalid(field("name"), reason));
            }
            if !names.insert(name) {
                let reason = format!("{} occurs twice: declare every variable once", quoted(name));
                return Err(Error::invalid(field("name"), reason));
            }
            if variable.description.len() > LONGEST_DESCRIPTION {
                let reason = format!(
                    "has {} bytes, at most {LONGEST_DESCRIPTION} are taken",
                    variable.description.len()
                );
                return Err(Error::invalid(field("description"), reason));
            }
        }
    }
    if contract.convert_inputs != Conversion::None && contract.inputs.is_empty() {
        return Err(Error::invalid("convert_inputs", "is set, but no inputs are declared: declare them"));
    }
    Ok(())
}

/// Checks an input, which is an object, and converts it where the contract says so.
pub(super) fn take_input(contract: &Contract, json: String, most: usize) -> Result<String, Error> {
    if contract.inputs.is_empty() {
        return Ok(json);
    }
    let places = Places::of(&contract.inputs);
    let mut given = vec![false; contract.inputs.len()];
    let mut converted = Converted { object: String::new(), most };
    let is_object = members::each(&json, |name, value| {
        let Some(place) = places.of_name(name) else {
            let names: Vec<_> = contract.inputs.iter().map(|variable| variable.name.as_str()).collect();
            let reason = format!("is not declared: the function takes {}", names.join(", "));
            return Err(Error::invalid(field(name), reason));
        };
        given[place] = true;
        let (variable, found) = (&contract.inputs[place], value.get());
        let value = match (mismatch(variable, found), contract.convert_inputs) {
            (None, _) => Ok(Cow::Borrowed(found)),
            (Some(_), Conversion::Strict) => convert(variable, found).map(Cow::Owned),
            (Some(_), Conversion::Dify) => convert_as_dify(variable.kind, found).map(Cow::Owned),
            (Some(what), Conversion::None) => {
                Err(Unconvertible(format!("{what}, the function takes {}", listed(variable))))
            }
        };
        let value = value.map_err(|Unconvertible(why)| Error::invalid(field(name), why))?;
        if contract.convert_inputs == Conversion::None { Ok(()) } else { converted.push(name, &value) }
    })?;
    if !is_object {
        // It was found to be an object before.
        return Err(Error::invalid("input_json", "is not a JSON object"));
    }
    let missing = contract.inputs.iter().zip(given).find(|(variable, given)| !given && !variable.optional);
    if let Some((variable, _)) = missing {
        let reason = format!("is missing: the function takes {}", listed(variable));
        return Err(Error::invalid(field(&variable.name), reason));
    }
    Ok(if contract.convert_inputs == Conversion::None { json } else { converted.finish() })
}

/// An input whose values are converted one by one.
struct Converted {
    object: String,
    /// Bytes that it may take.
    most: usize,
}

impl Converted {
    fn push(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.object.push(if self.object.is_empty() { '{' } else { ',' });
        self.object.push_str(&serde_json::Value::from(name).to_string());
        self.object.push(':');
        self.object.push_str(value);
        if self.object.len() > self.most {
            let most = bytes(self.most as u64);
            let reason = format!("takes more than {most} once it is converted: send less");
            return Err(Error::invalid("input_json", reason));
        }
        Ok(())
    }

    fn finish(mut self) -> String {
        self.object.push_str(if self.object.is_empty() { "{}" } else { "}" });
        self.object
    }
}

/// Where variables stand among those declared. Names are looked up by hash: objects have as many members as
/// somebody likes.
struct Places<'a>(HashMap<&'a str, usize>);

impl<'a> Places<'a> {
    fn of(variables: &'a [Variable]) -> Self {
        Places(
            variables.iter().enumerate().map(|(place, variable)| (variable.name.as_str(), place)).collect(),
        )
    }

    fn of_name(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// What is wrong with a result, in words for the function's author.
pub(super) fn check_result(contract: &Contract, json: &str) -> Result<(), String> {
    if contract.outputs.is_empty() {
        return Ok(());
    }
    let places = Places::of(&contract.outputs);
    let mut found = vec![None; contract.outputs.len()];
    let is_object = members::each(json, |name, value| {
        if let Some(place) = places.of_name(name) {
            // Of a key that occurs twice the last one counts, as everywhere in JSON.
            found[place] = Some(value);
        }
        Ok::<_, Infallible>(())
    });
    if is_object != Ok(true) {
        return Err(format!(
            "result {}, the function declares an object with its outputs: return one",
            kind_of(json).is_a()
        ));
    }
    for (variable, value) in contract.outputs.iter().zip(found) {
        let name = quoted(&variable.name);
        match value {
            None if variable.optional => {}
            None => {
                return Err(format!(
                    "result has no {name}, which the function declares as {}",
                    listed(variable)
                ));
            }
            Some(value) => {
                if let Some(what) = mismatch(variable, value.get()) {
                    return Err(format!(
                        "result's {name} {what}, the function declares {}",
                        listed(variable)
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Where a value is not what its variable declares: what it is.
fn mismatch(variable: &Variable, json: &str) -> Option<String> {
    let kind = kind_of(json);
    let fits = match (variable.kind, kind) {
        (_, Kind::Null) => variable.optional,
        (VariableType::String, Kind::String)
        | (VariableType::Number, Kind::Number)
        | (VariableType::Boolean, Kind::Boolean)
        | (VariableType::Object, Kind::Object)
        | (VariableType::Array, Kind::Array) => true,
        (VariableType::File, Kind::Object) => return file_mismatch(json),
        _ => false,
    };
    (!fits).then(|| kind.is_a().to_owned())
}

/// A file's known members are texts where they are given.
pub(super) fn file_mismatch(json: &str) -> Option<String> {
    let looked_at = members::each(json, |name, value| {
        let kind = kind_of(value.get());
        let is_known = ["name", "url", "mime_type"].contains(&name);
        if is_known && !matches!(kind, Kind::String | Kind::Null) {
            return Err(format!("has a '{name}' that {}", kind.is_a()));
        }
        Ok(())
    });
    looked_at.err()
}

pub(super) fn listed(variable: &Variable) -> String {
    let article =
        if matches!(variable.kind, VariableType::Object | VariableType::Array) { "an" } else { "a" };
    let or_null = if variable.optional { " or null" } else { "" };
    format!("{article} {}{or_null}", variable.kind.name())
}

fn field(name: &str) -> String {
    // In quotes, and cut where it is long: it is the caller's text.
    let name = quoted(name);
    format!("input_json[{name}]")
}

/// What a JSON text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Number,
    Boolean,
    Object,
    Array,
    Null,
}

/// By its first character: the text is valid.
pub(super) fn kind_of(json: &str) -> Kind {
    match json.trim_ascii_start().as_bytes().first() {
        Some(b'"') => Kind::String,
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'n') | None => Kind::Null,
        Some(_) => Kind::Number,
    }
}

impl Kind {
    pub(super) fn is_a(self) -> &'static str {
        match self {
            Kind::String => "is a string",
            Kind::Number => "is a number",
            Kind::Boolean => "is a boolean",
            Kind::Object => "is an object",
            Kind::Array => "is an array",
            Kind::Null => "is null",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, kind: VariableType, optional: bool) -> Variable {
        Variable { name: name.into(), kind, optional, description: String::new() }
    }

    fn contract() -> Contract {
        Contract {
            inputs: vec![
                variable("text", VariableType::String, false),
                variable("count", VariableType::Number, true),
                variable("file", VariableType::File, true),
            ],
            outputs: vec![
                variable("total", VariableType::Number, false),
                variable("note", VariableType::String, true),
            ],
            convert_inputs: Conversion::None,
        }
    }

    #[test]
    fn inputs_are_exactly_those_declared_and_errors_name_them() {
        let cases = [
            ("{\"text\": \"a\", \"count\": 12345678901234567890123}", None),
            ("{\"text\": \"a\", \"count\": null}", None),
            ("{\"text\": \"a\", \"file\": {\"name\": \"n\", \"size\": 5}}", None),
            ("{}", Some("input_json['text'] is missing: the function takes a string")),
            ("{\"text\": 5}", Some("input_json['text'] is a number, the function takes a string")),
            ("{\"text\": null}", Some("input_json['text'] is null, the function takes a string")),
            (
                "{\"text\": \"\", \"count\": true}",
                Some("input_json['count'] is a boolean, the function takes a number or null"),
            ),
            (
                "{\"text\": \"\", \"file\": {\"name\": 3}}",
                Some("input_json['file'] has a 'name' that is a number, the function takes a file or null"),
            ),
            (
                "{\"text\": \"\", \"txet\": \"\"}",
                Some("input_json['txet'] is not declared: the function takes text, count, file"),
            ),
            (
                "{\"text\": 5, \"text\": \"a\"}",
                Some("input_json['text'] is a number, the function takes a string"),
            ),
        ];
        for (json, expected) in cases {
            let taken = take_input(&contract(), json.to_owned(), 1000);
            match expected {
                None => assert_eq!(taken.unwrap(), json),
                Some(expected) => assert_eq!(taken.unwrap_err().to_string(), expected, "{json}"),
            }
        }
        let open = Contract::default();
        assert_eq!(take_input(&open, "{\"any\": 1}".into(), 1000).unwrap(), "{\"any\": 1}");
    }

    #[test]
    fn converted_inputs_keep_their_order_and_have_a_cap() {
        for convert_inputs in [Conversion::Strict, Conversion::Dify] {
            let converting = Contract { convert_inputs, ..contract() };
            let taken = take_input(&converting, "{\"count\": \"42\", \"text\": 1.0}".into(), 1000).unwrap();
            assert_eq!(taken, "{\"count\":42,\"text\":\"1.0\"}");
            let missing = take_input(&converting, "{\"count\": \"42\"}".into(), 1000).unwrap_err();
            assert_eq!(missing.to_string(), "input_json['text'] is missing: the function takes a string");
            let large = format!("{{\"text\": \"{}\"}}", "x".repeat(40));
            let large = take_input(&converting, large, 40).unwrap_err();
            assert_eq!(
                large.to_string(),
                "input_json takes more than 40 bytes once it is converted: send less"
            );
        }
        let converting = Contract { convert_inputs: Conversion::Dify, ..contract() };
        let large = take_input(&converting, "{\"text\": [1e15, 1e15, 1e15]}".into(), 40).unwrap_err();
        assert_eq!(large.to_string(), "input_json takes more than 40 bytes once it is converted: send less");
    }

    #[test]
    fn a_text_that_is_no_number_is_an_error_unless_difys_rule_is_wanted() {
        let convert = |convert_inputs| {
            let contract = Contract { convert_inputs, ..contract() };
            take_input(&contract, "{\"text\": \"\", \"count\": \"abc\"}".into(), 1000)
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            convert(Conversion::Strict).unwrap_err(),
            "input_json['count'] is a string that is no number, the function takes a number or null"
        );
        assert_eq!(convert(Conversion::Dify).unwrap(), "{\"text\":\"\",\"count\":0}");
    }

    #[test]
    fn what_is_declared_is_looked_up_once_for_each_member_however_many_there_are() {
        let variables = |optional| -> Vec<Variable> {
            (0..MOST_VARIABLES).map(|n| variable(&format!("v{n}"), VariableType::Number, optional)).collect()
        };
        let contract = Contract { inputs: variables(true), outputs: variables(true), ..Contract::default() };
        let single = Contract {
            inputs: vec![variable("v255", VariableType::Number, true)],
            outputs: vec![variable("v255", VariableType::Number, true)],
            ..Contract::default()
        };
        let object = format!("{{{}}}", vec!["\"v255\":1"; 200_000].join(","));
        let time = |contract: &Contract| {
            let best = (0..5).map(|_| {
                let begun = std::time::Instant::now();
                take_input(contract, object.clone(), usize::MAX).unwrap();
                check_result(contract, &object).unwrap();
                begun.elapsed()
            });
            best.min().unwrap()
        };
        // One by one with each of 256 it took 60 times as long.
        assert!(time(&contract) < 4 * time(&single));
        let (mut looked_at, undeclared) = (object, "\"x\":1,");
        looked_at.insert_str(1, undeclared);
        let error = take_input(&single, looked_at, usize::MAX).unwrap_err().to_string();
        assert_eq!(error, "input_json['x'] is not declared: the function takes v255");
    }

    #[test]
    fn results_have_what_is_declared() {
        let cases = [
            ("{\"total\": 1, \"more\": []}", None),
            ("{\"total\": 1, \"note\": null}", None),
            ("3", Some("result is a number, the function declares an object with its outputs: return one")),
            ("{}", Some("result has no 'total', which the function declares as a number")),
            ("{\"total\": \"1\"}", Some("result's 'total' is a string, the function declares a number")),
            (
                "{\"total\": 1, \"note\": 2}",
                Some("result's 'note' is a number, the function declares a string or null"),
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(check_result(&contract(), json).err().as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn contracts_are_checked() {
        let with = |inputs: Vec<Variable>| Contract { inputs, ..Contract::default() };
        let string = |name: &str| variable(name, VariableType::String, false);
        let cases = [
            (with(vec![string("")]), "inputs[0].name is empty"),
            (with(vec![string("a"), string("a")]), "inputs[1].name 'a' occurs twice"),
            (with(vec![string(&"x".repeat(256))]), "inputs[0].name has 256 bytes"),
            (with((0..257).map(|n| string(&n.to_string())).collect()), "inputs has 257 variables"),
            (
                Contract { convert_inputs: Conversion::Strict, ..Contract::default() },
                "convert_inputs is set, but no inputs",
            ),
        ];
        for (contract, expected) in cases {
            let error = check(&contract).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
