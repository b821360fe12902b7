//! Inputs and results of functions against what they declare, and the signature that a guest tells: text from
//! callers and from guests. The name of a variable, its value and the signature, with a zero byte between
//! them; a name with `?` is optional.
#![no_main]

use ampoule_service::fuzzing::{check_result, convert, schemas, take_input};
use ampoule_model::{Contract, Conversion, Variable, VariableType};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

const TYPES: [VariableType; 6] = [
    VariableType::String,
    VariableType::Number,
    VariableType::Boolean,
    VariableType::Object,
    VariableType::Array,
    VariableType::File,
];

/// A byte of JSON becomes at most so many: `1e15,` five of them and `1000000000000000.0, ` twenty; a control
/// character in a text of a text is escaped twice.
const MOST: usize = 12;

fuzz_target!(|text: &str| {
    let mut parts = text.splitn(3, '\0');
    let mut next = || parts.next().unwrap_or_default();
    let (name, value, signature) = (next(), next(), next());
    let variable = |kind| Variable {
        name: name.to_owned(),
        kind,
        optional: name.ends_with('?'),
        description: String::new(),
    };
    let contract = |kind, convert_inputs| Contract {
        inputs: vec![variable(kind)],
        outputs: vec![variable(kind)],
        convert_inputs,
    };
    for kind in TYPES {
        let (input, output) = schemas(signature, &contract(kind, Conversion::None));
        assert!(is_json(&input) && output.as_deref().is_none_or(is_json));
        // Only valid JSON gets there.
        if !is_json(value) {
            continue;
        }
        let _ = check_result(&contract(kind, Conversion::None), value);
        if let Ok(converted) = convert(kind, value) {
            assert!(is_json(&converted), "{kind:?} of {:?} is {converted:?}", value);
            assert!(fits(kind, &converted), "{kind:?} of {:?} is {converted:?}", value);
            assert!(converted.len() <= MOST * value.len() + 64, "{} bytes", converted.len());
        }
        let key = serde_json::Value::from(name);
        let object = format!("{{{key}: {}}}", value);
        if let Ok(taken) = take_input(&contract(kind, Conversion::None), object.clone(), 1 << 20) {
            assert_eq!(taken, object, "what fits is not touched");
        }
        for conversion in [Conversion::Strict, Conversion::Dify] {
            if let Ok(taken) = take_input(&contract(kind, conversion), object.clone(), 1 << 20) {
                assert!(is_json(&taken) && taken.starts_with('{'));
                // What was converted strictly is what was declared.
                let again = take_input(&contract(kind, Conversion::None), taken, 1 << 20);
                assert!(again.is_ok() || conversion == Conversion::Dify);
            }
        }
    }
});

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

fn fits(kind: VariableType, json: &str) -> bool {
    let first = json.trim_start().chars().next();
    match kind {
        VariableType::String => first == Some('"'),
        VariableType::Number => first.is_some_and(|first| first == '-' || first.is_ascii_digit()),
        VariableType::Boolean => matches!(json, "true" | "false"),
        VariableType::Object | VariableType::File => first == Some('{') || json == "null",
        VariableType::Array => first == Some('[') || json == "null",
    }
}
