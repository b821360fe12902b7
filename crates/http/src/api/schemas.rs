//! What is taken and answered, as the proto's own descriptors and comments have it, so that the description
//! cannot differ from what is answered; and where HTTP differs from proto.

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};

/// Of all descriptors, those of the API itself.
const PACKAGE: &str = "ampoule.v1";

/// Numbers of fields in the descriptor of a file, of a message and of an enum, of which paths to comments are
/// made.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const MEMBERS: i32 = 2;

/// How the proto's comments say that a field must be given.
const REQUIRED: &str = "Required.";

/// The format of points in time.
const TIME: &str = "date-time";

/// Where schemas are.
const PLACE: &str = "#/components/schemas/";

pub(super) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("{PLACE}{schema}") })
}

/// The schemas that `description` refers to, and those that they refer to.
pub(super) fn reached_from(description: &Value) -> Map<String, Value> {
    let mut all = of_proto();
    adapt(&mut all);
    let named = reached(&all, description);
    let enums: BTreeSet<String> =
        all.iter().filter(|(_, schema)| schema.get("enum").is_some()).map(|(name, _)| name.clone()).collect();
    // What a request can have is the client's to give or to leave out.
    let bodies = description["paths"].to_string();
    let bodies = bodies.split("\"requestBody\":").skip(1).filter_map(|rest| names_in(rest).next());
    let bodies: Vec<Value> = bodies.map(|name| reference(&name)).collect();
    let taken = reached(&all, &bodies.into());
    all.into_iter()
        .filter(|(name, _)| named.contains(name))
        .map(|(name, mut schema)| {
            if !taken.contains(&name) {
                require_all(&mut schema, &enums);
            }
            (name, schema)
        })
        .collect()
}

fn reached(all: &Map<String, Value>, from: &Value) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut texts = vec![from.to_string()];
    while let Some(text) = texts.pop() {
        for name in names_in(&text) {
            if reached.insert(name.clone())
                && let Some(schema) = all.get(&name)
            {
                texts.push(schema.to_string());
            }
        }
    }
    reached
}

/// The schemas that a text refers to, in order.
fn names_in(text: &str) -> impl Iterator<Item = String> {
    text.split(PLACE).skip(1).filter_map(|rest| rest.split('"').next().map(str::to_owned))
}

/// What is answered has all of its fields, but for messages that are not set, spans and points in time among
/// them.
fn require_all(schema: &mut Value, enums: &BTreeSet<String>) {
    // What says itself which of its fields are there.
    if ["required", "oneOf", "maxProperties"].iter().any(|key| schema.get(key).is_some()) {
        return;
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let is_there = |of: &Value| match of["$ref"].as_str() {
        Some(name) => name.strip_prefix(PLACE).is_some_and(|name| enums.contains(name)),
        None => of["format"] != TIME && of["examples"].is_null(),
    };
    let names: Vec<String> =
        properties.iter().filter(|(_, of)| is_there(of)).map(|(name, _)| name.clone()).collect();
    if !names.is_empty() {
        schema["required"] = names.into();
    }
}

/// Where HTTP is not as proto has it.
fn adapt(all: &mut Map<String, Value>) {
    let input = json!({
        "type": "object",
        "description": "The input as the JSON that it is, in place of `inputJson`: its text reaches the program as it stands here, so \
            that integers of any size, the spelling of numbers and the order of keys survive. The result is then told in `result`.",
    });
    let request = &mut all["ExecuteRequest"];
    request["properties"]["input"] = input.clone();
    request["anyOf"] = json!([{ "required": ["source"] }, { "required": ["function"] }]);
    let batch = &mut all["ExecuteBatchRequest"];
    batch["properties"]["inputs"] = json!({
        "type": "array",
        "items": { "type": "object" },
        "description": "The inputs as the JSON that they are, in place of `inputsJson`. Results are then told in `result`.",
    });
    // It is in the path.
    let put = &mut all["PutFunctionRequest"];
    put["required"] = json!(["source"]);
    put["properties"]["name"]["description"] = "The function's name; as in the path, or left out.".into();

    let response = &mut all["ExecuteResponse"];
    response["properties"]["result"] = json!({
        "description": "The result as the JSON that it is; null unless completed. Not there where the request has `inputJson`.",
    });
    response["properties"]["resultJson"]["description"] =
        "The result as JSON text, in place of `result`, where the request has `inputJson`; empty unless completed.".into();
    response["properties"]["failure"] = nullable("Failure", "Why it did not complete; null when it did.");
    response["oneOf"] = json!([{ "required": ["result"] }, { "required": ["resultJson"] }]);
    let of_response = response["properties"].as_object().into_iter().flatten();
    let always = of_response.map(|(name, _)| name).filter(|name| !name.starts_with("result"));
    response["required"] = always.cloned().collect::<Vec<_>>().into();

    let usage = &mut all["Usage"];
    usage["required"] =
        usage["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();

    let put = &mut all["PutFunctionResponse"];
    let function = "The version that is kept; null if the top level did not complete.";
    put["properties"]["function"] = nullable("Function", function);
    let preparation = "How the top level ended, and what it printed. Null if this version was kept already.";
    put["properties"]["preparation"] = nullable("ExecuteResponse", preparation);
    put["required"] = json!(["function", "preparation"]);

    for (name, schema) in [
        ("Refusal", refusal()),
        ("StreamEvent", stream_event()),
        ("BatchEvent", batch_event()),
        ("Problem", super::openapi_functions::problem()),
    ] {
        all.insert(name.into(), schema);
    }
}

fn nullable(schema: &str, description: &str) -> Value {
    json!({ "anyOf": [reference(schema), { "type": "null" }], "description": description })
}

fn refusal() -> Value {
    json!({
        "type": "object",
        "description": "Why a request was not executed.",
        "properties": {
            "code": { "type": "string", "description": "gRPC's status in lower case, e.g. `invalid_argument`." },
            "message": { "type": "string", "description": "What is wrong, the limit and the value, what to do." },
            "details": {
                "type": "array",
                "description": "`google.rpc.BadRequest` names the field that is not as it should be, `google.rpc.RetryInfo` says when \
                    to try again. Empty if there is nothing to add.",
                "items": {
                    "type": "object",
                    "required": ["@type"],
                    "properties": {
                        "@type": { "type": "string", "examples": ["type.googleapis.com/google.rpc.BadRequest"] },
                        "fieldViolations": { "type": "array", "items": {
                            "type": "object",
                            "required": ["field", "description"],
                            "properties": { "field": { "type": "string" }, "description": { "type": "string" } },
                        } },
                        "retryDelay": { "type": "string", "examples": ["1.5s"] },
                    },
                },
            },
        },
        "required": ["code", "message", "details"],
    })
}

fn stream_event() -> Value {
    let printed = |stream: &str| {
        let text = format!("Printed to {stream}. Whole characters; bytes that are not UTF-8 are replaced.");
        json!({ "type": "string", "description": text })
    };
    let mut outcome = reference("ExecuteResponse");
    outcome["description"] =
        "How it ended; the last event. Its `stdout` and `stderr` are empty, as they were sent already."
            .into();
    let mut error = reference("Refusal");
    error["description"] = "Why there is no outcome; the last event.".into();
    json!({
        "type": "object",
        "description": "A part of what an execution leaves behind: one of these. As a server-sent event it has this name, and this \
            object as its data.",
        "properties": {
            "stdout": printed("stdout"), "stderr": printed("stderr"), "outcome": outcome, "error": error,
        },
        "minProperties": 1,
        "maxProperties": 1,
    })
}

fn batch_event() -> Value {
    let mut outcome = reference("ExecuteResponse");
    outcome["description"] = "What became of the input that was executed.".into();
    let mut refusal = reference("Refusal");
    refusal["description"] = "Why the input was not executed.".into();
    let mut error = reference("Refusal");
    error["description"] = "Why the batch ends before its end; the last event.".into();
    json!({
        "type": "object",
        "description": "The answer to one input, or how the batch ended. As a server-sent event it has the name of the field beside \
            `index`, and this object as its data.",
        "properties": {
            "index": { "type": "integer", "description": "The input's place in the batch, from 0." },
            "outcome": outcome,
            "refusal": refusal,
            "end": {
                "type": "object",
                "description": "The last event: how many inputs were executed, and how many were not.",
                "required": ["executed", "refused"],
                "properties": { "executed": { "type": "integer" }, "refused": { "type": "integer" } },
            },
            "error": error,
        },
        "oneOf": [
            { "required": ["index", "outcome"] }, { "required": ["index", "refusal"] }, { "required": ["end"] },
            { "required": ["error"] },
        ],
    })
}

fn of_proto() -> Map<String, Value> {
    let set = FileDescriptorSet::decode(ampoule_api::FILE_DESCRIPTOR_SET).expect("our descriptors are valid");
    let mut schemas = Map::new();
    for file in set.file.iter().filter(|file| file.package() == PACKAGE) {
        let comments = comments(file);
        let comment = |path: &[i32]| comments.get(path).cloned().unwrap_or_default();
        for (index, message) in (0..).zip(&file.message_type) {
            let properties: Map<String, Value> = (0..)
                .zip(&message.field)
                .map(|(member, field)| {
                    let mut schema = of_field(message, field);
                    schema["description"] = comment(&[MESSAGES, index, MEMBERS, member]).into();
                    (field.json_name().to_owned(), schema)
                })
                .collect();
            let must = properties.iter().filter(|(_, of)| must_be_given(of)).map(|(name, _)| name.clone());
            let must: Vec<String> = must.collect();
            let mut schema = json!({
                "type": "object",
                "description": comment(&[MESSAGES, index]),
                "properties": properties,
            });
            if !must.is_empty() {
                schema["required"] = must.into();
            }
            schemas.insert(message.name().to_owned(), schema);
        }
        for (index, numbers) in (0..).zip(&file.enum_type) {
            let names: Vec<&str> = numbers.value.iter().map(|value| value.name()).collect();
            let description = format!("{} {SHORT}", comment(&[ENUMS, index]));
            let schema = json!({ "type": "string", "enum": names, "description": description });
            schemas.insert(numbers.name().to_owned(), schema);
        }
    }
    schemas
}

/// Said of an enum.
const SHORT: &str =
    "Requests can leave out what all names begin with, in either case: `python` is LANGUAGE_PYTHON.";

fn must_be_given(property: &Value) -> bool {
    property["description"].as_str().is_some_and(|text| text.ends_with(REQUIRED))
}

/// Texts by the path of what they stand above.
fn comments(file: &FileDescriptorProto) -> HashMap<Vec<i32>, String> {
    let locations = file.source_code_info.iter().flat_map(|info| &info.location);
    locations
        .filter(|location| location.leading_comments.is_some())
        .map(|location| (location.path.clone(), lines_joined(location.leading_comments())))
        .collect()
}

fn lines_joined(comment: &str) -> String {
    comment.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn of_field(message: &DescriptorProto, field: &FieldDescriptorProto) -> Value {
    if let Some(entry) = map_entry(message, field) {
        let value = entry.field.iter().find(|field| field.name() == "value").expect("maps have values");
        return json!({ "type": "object", "additionalProperties": of_type(value) });
    }
    if field.label() == Label::Repeated {
        return json!({ "type": "array", "items": of_type(field) });
    }
    of_type(field)
}

fn map_entry<'a>(message: &'a DescriptorProto, field: &FieldDescriptorProto) -> Option<&'a DescriptorProto> {
    let name = field.type_name().rsplit('.').next()?;
    message.nested_type.iter().find(|nested| {
        nested.name() == name && nested.options.as_ref().is_some_and(|options| options.map_entry())
    })
}

/// As the canonical JSON form of proto has it.
fn of_type(field: &FieldDescriptorProto) -> Value {
    match field.r#type() {
        Type::String => json!({ "type": "string" }),
        Type::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Type::Bool => json!({ "type": "boolean" }),
        Type::Uint32 | Type::Int32 => json!({ "type": "integer" }),
        Type::Uint64 | Type::Int64 => json!({ "type": "string", "format": "int64" }),
        Type::Message | Type::Enum => match field.type_name() {
            ".google.protobuf.Duration" => json!({ "type": "string", "examples": ["1.5s"] }),
            ".google.protobuf.Timestamp" => json!({ "type": "string", "format": TIME }),
            name => reference(name.rsplit('.').next().unwrap_or(name)),
        },
        other => unreachable!("{other:?} is not used in {PACKAGE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ampoule_api::WithInput;
    use ampoule_api::v1::{ExecuteBatchRequest, ExecuteRequest};
    use serde::de::DeserializeOwned;

    fn schemas() -> Map<String, Value> {
        let mut all = of_proto();
        adapt(&mut all);
        all
    }

    #[test]
    fn fields_are_as_their_json_is() {
        let schemas = schemas();
        let property = |schema: &str, name: &str| schemas[schema]["properties"][name].clone();
        assert_eq!(property("ExecuteRequest", "inputJson")["type"], "string");
        assert_eq!(property("ExecuteRequest", "env")["additionalProperties"]["type"], "string");
        assert_eq!(property("ExecuteRequest", "files")["items"], reference("File"));
        assert_eq!(property("Limits", "fuel")["type"], "string");
    }

    #[test]
    fn what_must_be_given_and_what_is_always_there_is_said() {
        let roots = json!({ "paths": {
            "/": { "requestBody": reference("ExecuteRequest"), "responses": [reference("ExecuteResponse"), reference("ListImagesResponse")] },
        } });
        let schemas = reached_from(&roots);
        let required = |schema: &str| schemas[schema]["required"].clone();
        assert_eq!(required("Source"), json!(["code", "language"]));
        assert_eq!(required("Usage").as_array().unwrap().len(), 8);
        assert_eq!(required("Image").as_array().unwrap().len(), 6);
        assert_eq!(required("Limits"), Value::Null, "all of it is the client's choice");
        let of_response = required("ExecuteResponse");
        let of_response = of_response.as_array().unwrap();
        assert!(of_response.contains(&"failure".into()) && !of_response.contains(&"result".into()));
        assert!(!schemas.contains_key("PutFunctionRequest"));
    }

    /// A request that has every field of the description is understood, so there is none too many; that there
    /// is none too few follows from where they come from.
    #[test]
    fn a_request_of_all_fields_is_understood() {
        understood::<WithInput<ExecuteRequest>>("ExecuteRequest", ["input", "inputJson"]);
        understood::<WithInput<ExecuteBatchRequest>>("ExecuteBatchRequest", ["inputs", "inputsJson"]);
    }

    fn understood<T: DeserializeOwned>(schema: &str, either: [&str; 2]) {
        for other in either {
            let mut request = example(&schemas(), schema);
            request.as_object_mut().unwrap().remove(other).unwrap();
            if let Some(inner) = request.get_mut("request").and_then(Value::as_object_mut) {
                inner.remove("input");
            }
            serde_json::from_value::<T>(request).unwrap();
        }
    }

    fn example(schemas: &Map<String, Value>, name: &str) -> Value {
        let schema = &schemas[name];
        if let Some(names) = schema["enum"].as_array() {
            return names[1].clone();
        }
        let properties = schema["properties"].as_object().unwrap();
        properties
            .iter()
            .map(|(field, of)| (field.clone(), example_of(schemas, of)))
            .collect::<Map<_, _>>()
            .into()
    }

    fn example_of(schemas: &Map<String, Value>, of: &Value) -> Value {
        if let Some(name) = of["$ref"].as_str() {
            return example(schemas, name.rsplit('/').next().unwrap());
        }
        if let Some(example) = of["examples"].get(0) {
            return example.clone();
        }
        match (of["type"].as_str().unwrap(), of["format"].as_str(), of["contentEncoding"].as_str()) {
            ("array", ..) => json!([example_of(schemas, &of["items"])]),
            ("object", ..) if of["additionalProperties"].is_null() => json!({}),
            ("object", ..) => json!({ "key": example_of(schemas, &of["additionalProperties"]) }),
            ("boolean", ..) => json!(true),
            ("integer", ..) => json!(1),
            (_, Some("int64"), _) => json!("1"),
            (_, Some("date-time"), _) => json!("2025-01-01T00:00:00Z"),
            (_, _, Some("base64")) => json!("AAAA"),
            _ => json!("text"),
        }
    }
}
