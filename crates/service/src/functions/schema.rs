//! What a function takes and gives, as JSON Schema (2020-12): from the signature that the guest found, and
//! from what is declared.
//!
//! The signature is text that a program can influence: it is read with suspicion and told, never acted upon
//! beyond that.

use ampoule_model::{Contract, Variable, VariableType};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Annotations nested more deeply are told as text only.
const DEEPEST: usize = 8;

/// What the guest says of `main` (`runtimes/*/README.md`, "Signatures").
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Signature {
    parameters: Vec<Parameter>,
    open: bool,
    returns: Option<String>,
    doc: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameter {
    name: String,
    required: bool,
    #[serde(deserialize_with = "present")]
    default: Option<Value>,
    annotation: Option<String>,
}

/// A default of null is a default.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Signature {
    /// None: it is not known.
    pub(super) fn read(json: Option<&str>) -> Option<Self> {
        serde_json::from_str(json?).ok()
    }

    /// Whether calls with the declared inputs can be calls of `main`: the input at fault, and what is wrong
    /// with it.
    pub(super) fn contradicts(&self, contract: &Contract) -> Option<(usize, String)> {
        if contract.inputs.is_empty() {
            return None;
        }
        let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        for (index, input) in contract.inputs.iter().enumerate() {
            if !self.open && !names.contains(&input.name.as_str()) {
                let takes = if names.is_empty() { "nothing".into() } else { names.join(", ") };
                return Some((
                    index,
                    format!("'{}', which main does not take; it takes {takes}", input.name),
                ));
            }
        }
        let missing = self.parameters.iter().find(|parameter| {
            parameter.required
                && !contract.inputs.iter().any(|input| input.name == parameter.name && !input.optional)
        });
        missing.map(|parameter| {
            let name = &parameter.name;
            (contract.inputs.len(), format!("missing: main needs '{name}', which has no default; declare it"))
        })
    }
}

/// What `main` takes.
pub(super) fn of_input(signature: Option<&Signature>, contract: &Contract) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in signature.iter().flat_map(|signature| &signature.parameters) {
        let mut schema = parameter.annotation.as_deref().map(of_annotation).unwrap_or_default();
        if let Some(default) = &parameter.default {
            schema.insert("default".into(), default.clone());
        }
        if parameter.required {
            required.push(parameter.name.clone());
        }
        properties.insert(parameter.name.clone(), schema.into());
    }
    for input in &contract.inputs {
        let found = properties.remove(&input.name);
        let default = found.as_ref().and_then(|schema| schema.get("default")).cloned();
        let mut schema = of_variable(input);
        if let Some(default) = default {
            schema.insert("default".into(), default);
        }
        properties.insert(input.name.clone(), schema.into());
        if !input.optional && !required.contains(&input.name) {
            required.push(input.name.clone());
        }
    }
    let is_open = contract.inputs.is_empty() && signature.is_none_or(|signature| signature.open);
    let mut schema = json!({ "$schema": DIALECT, "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    if !is_open {
        schema["additionalProperties"] = false.into();
    }
    if let Some(doc) = signature.and_then(|signature| signature.doc.as_deref()) {
        schema["description"] = doc.into();
    }
    schema
}

/// What `main` gives; None if nothing is known of it.
pub(super) fn of_output(signature: Option<&Signature>, contract: &Contract) -> Option<Value> {
    let mut schema = if contract.outputs.is_empty() {
        of_annotation(signature?.returns.as_deref()?)
    } else {
        let properties: Map<String, Value> =
            contract.outputs.iter().map(|output| (output.name.clone(), of_variable(output).into())).collect();
        let required: Vec<&str> = contract
            .outputs
            .iter()
            .filter(|output| !output.optional)
            .map(|output| output.name.as_str())
            .collect();
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        schema.insert("properties".into(), properties.into());
        if !required.is_empty() {
            schema.insert("required".into(), required.into());
        }
        schema
    };
    schema.insert("$schema".into(), DIALECT.into());
    Some(schema.into())
}

fn of_variable(variable: &Variable) -> Map<String, Value> {
    let kind = match variable.kind {
        VariableType::File => "object",
        other => other.name(),
    };
    let mut schema = Map::new();
    schema.insert("type".into(), if variable.optional { json!([kind, "null"]) } else { kind.into() });
    if variable.kind == VariableType::File {
        let text = json!({ "type": ["string", "null"] });
        schema.insert("properties".into(), json!({ "name": text, "url": text, "mime_type": text }));
    }
    if !variable.description.is_empty() {
        schema.insert("description".into(), variable.description.as_str().into());
    }
    schema
}

/// The schema of a Python annotation. What it does not know it tells as the member `annotation`, which means
/// nothing to validators.
fn of_annotation(annotation: &str) -> Map<String, Value> {
    match known(annotation, 0) {
        Some(Value::Object(schema)) => schema,
        _ => Map::from_iter([("annotation".to_owned(), annotation.into())]),
    }
}

fn known(annotation: &str, depth: usize) -> Option<Value> {
    let annotation = annotation.trim();
    if depth > DEEPEST {
        return None;
    }
    let parts = split(annotation, '|')?;
    if parts.len() > 1 {
        return one_of(&parts, depth);
    }
    let (name, of) = match annotation.split_once('[') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(']')?)),
        None => (annotation, None),
    };
    let name = name.rsplit('.').next()?.trim();
    Some(match (name, of) {
        ("str", None) => json!({ "type": "string" }),
        ("int", None) => json!({ "type": "integer" }),
        ("float", None) => json!({ "type": "number" }),
        ("bool", None) => json!({ "type": "boolean" }),
        ("None" | "NoneType", None) => json!({ "type": "null" }),
        ("Any" | "object", None) => json!({}),
        ("list" | "List" | "Sequence" | "Iterable" | "tuple" | "Tuple", None) => json!({ "type": "array" }),
        ("list" | "List" | "Sequence" | "Iterable", Some(item)) => {
            json!({ "type": "array", "items": known(item, depth + 1)? })
        }
        ("tuple" | "Tuple", Some(_)) => json!({ "type": "array" }),
        ("dict" | "Dict" | "Mapping", None) => json!({ "type": "object" }),
        ("dict" | "Dict" | "Mapping", Some(of)) => match split(of, ',')?.as_slice() {
            [_, value] => json!({ "type": "object", "additionalProperties": known(value, depth + 1)? }),
            _ => return None,
        },
        ("Optional", Some(of)) => one_of(&[of, "None"], depth)?,
        ("Union", Some(of)) => one_of(&split(of, ',')?, depth)?,
        ("Literal", Some(of)) => {
            json!({ "enum": split(of, ',')?.iter().map(|value| literal(value)).collect::<Option<Vec<_>>>()? })
        }
        _ => return None,
    })
}

fn one_of(parts: &[&str], depth: usize) -> Option<Value> {
    let parts = parts.iter().map(|part| known(part, depth + 1)).collect::<Option<Vec<_>>>()?;
    Some(json!({ "anyOf": parts }))
}

/// Of Python's literals those that JSON has, too.
fn literal(text: &str) -> Option<Value> {
    match text.trim() {
        "True" => Some(true.into()),
        "False" => Some(false.into()),
        "None" => Some(Value::Null),
        text if text.starts_with('\'') && text.ends_with('\'') && text.len() >= 2 => {
            let inner = &text[1..text.len() - 1];
            (!inner.contains(['\\', '\''])).then(|| inner.into())
        }
        number => serde_json::from_str(number).ok().filter(Value::is_number),
    }
}

/// The parts between separators outside of brackets and quotes; None if these do not match.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut open, mut quote) = (Vec::new(), 0, 0_u32, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '[') => open += 1,
            (None, ']') => open = open.checked_sub(1)?,
            (None, c) if c == separator && open == 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (open == 0 && quote.is_none()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_that_are_known_have_a_schema() {
        let cases = [
            ("str", json!({ "type": "string" })),
            ("list[int]", json!({ "type": "array", "items": { "type": "integer" } })),
            ("typing.List[dict]", json!({ "type": "array", "items": { "type": "object" } })),
            (
                "dict[str, list[float]]",
                json!({
                    "type": "object",
                    "additionalProperties": { "type": "array", "items": { "type": "number" } },
                }),
            ),
            ("str | None", json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] })),
            ("Optional[bool]", json!({ "anyOf": [{ "type": "boolean" }, { "type": "null" }] })),
            ("Literal['a|b', 2, None]", json!({ "enum": ["a|b", 2, null] })),
            ("pandas.DataFrame", json!({ "annotation": "pandas.DataFrame" })),
            ("list[pandas.DataFrame]", json!({ "annotation": "list[pandas.DataFrame]" })),
            ("list[int", json!({ "annotation": "list[int" })),
            ("", json!({ "annotation": "" })),
        ];
        for (annotation, expected) in cases {
            assert_eq!(Value::from(of_annotation(annotation)), expected, "{annotation}");
        }
        let deep = "list[".repeat(100_000) + "int" + &"]".repeat(100_000);
        assert!(of_annotation(&deep).contains_key("annotation"));
    }

    fn signature(json: &str) -> Signature {
        Signature::read(Some(json)).unwrap()
    }

    fn input(name: &str, optional: bool) -> Variable {
        Variable { name: name.into(), kind: VariableType::Number, optional, description: "d".into() }
    }

    #[test]
    fn names_annotations_defaults_and_declared_types_are_told() {
        let signature = signature(
            r#"{"parameters": [{"name": "a", "required": true, "annotation": "int"},
                {"name": "b", "required": false, "default": null}], "open": false, "returns": "dict", "doc": "Adds."}"#,
        );
        let found = of_input(Some(&signature), &Contract::default());
        assert_eq!(
            found,
            json!({
                "$schema": DIALECT, "type": "object", "description": "Adds.", "additionalProperties": false,
                "properties": { "a": { "type": "integer" }, "b": { "default": null } }, "required": ["a"],
            })
        );
        let declared = Contract { inputs: vec![input("a", false), input("b", true)], ..Contract::default() };
        let found = of_input(Some(&signature), &declared);
        assert_eq!(found["properties"]["a"], json!({ "type": "number", "description": "d" }));
        assert_eq!(
            found["properties"]["b"],
            json!({ "type": ["number", "null"], "description": "d", "default": null })
        );
        assert_eq!(
            of_output(Some(&signature), &Contract::default()),
            Some(json!({ "$schema": DIALECT, "type": "object" }))
        );
        assert_eq!(of_output(None, &Contract::default()), None);
    }

    #[test]
    fn what_is_declared_must_be_what_main_takes() {
        let signature = signature(
            r#"{"parameters": [{"name": "a", "required": true}, {"name": "b", "required": false}], "open": false}"#,
        );
        let declared = |inputs: Vec<Variable>| Contract { inputs, ..Contract::default() };
        let cases = [
            (vec![], None),
            (vec![input("a", false)], None),
            (
                vec![input("a", false), input("c", false)],
                Some((1, "'c', which main does not take; it takes a, b")),
            ),
            (vec![input("b", true)], Some((1, "missing: main needs 'a', which has no default; declare it"))),
            (vec![input("a", true)], Some((1, "missing: main needs 'a', which has no default; declare it"))),
        ];
        for (inputs, expected) in cases {
            let found = signature.contradicts(&declared(inputs));
            assert_eq!(found.as_ref().map(|(index, why)| (*index, why.as_str())), expected);
        }
    }
}
