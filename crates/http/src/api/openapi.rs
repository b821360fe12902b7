//! `GET /openapi.json`: the routes, and the messages as the proto's own descriptors and comments have them, so that the
//! description cannot differ from what is answered.

use super::openapi_functions;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Of all descriptors, those of the API itself.
const PACKAGE: &str = "ampoule.v1";

/// Numbers of fields in the descriptor of a file, of a message and of an enum, of which paths to comments are made.
const MESSAGES: i32 = 4;
const ENUMS: i32 = 5;
const MEMBERS: i32 = 2;

pub(crate) async fn openapi() -> Response {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| description().to_string().into());
    ([(CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}

fn description() -> Value {
    let refused = json!({ "description": "Not executed", "content": content("Refusal") });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ampoule",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs a program in Python or JavaScript in a sealed guest, pristine for each run. How a program ends is \
                data: one that raises or hits a limit is answered with 200, and `status` says what happened.",
        },
        "paths": {
            "/v1/execute": { "post": {
                "operationId": "execute",
                "summary": "Runs one program on one input in a fresh guest and answers when it has ended",
                "requestBody": { "required": true, "content": content("ExecuteRequest") },
                "responses": {
                    "200": { "description": "It ended", "content": content("ExecuteResponse") },
                    "400": refused, "401": refused, "404": refused, "408": refused, "413": refused, "415": refused, "500": refused,
                    "503": refused,
                },
            } },
            "/v1/functions": { "get": {
                "operationId": "listFunctions",
                "summary": "Lists the tenant's functions by name",
                "parameters": [query("pageSize"), query("pageToken"), query("label")],
                "responses": { "200": { "description": "A page", "content": content("ListFunctionsResponse") } },
            } },
            "/v1/functions/{name}": {
                "parameters": [openapi_functions::name()],
                "put": {
                    "operationId": "putFunction",
                    "summary": "Keeps a program as a version of a function and runs its top level",
                    "requestBody": { "required": true, "content": content("PutFunctionRequest") },
                    "responses": {
                        "200": { "description": "What became of it", "content": content("PutFunctionResponse") },
                        "400": refused, "401": refused, "408": refused, "413": refused, "415": refused,
                        "500": refused, "501": refused, "503": refused, "507": refused,
                    },
                },
                "get": {
                    "operationId": "getFunction",
                    "summary": "Tells all of a function's version",
                    "parameters": [query("version"), query("alias")],
                    "responses": {
                        "200": { "description": "The version", "content": content("GetFunctionResponse") },
                        "404": refused,
                    },
                },
                "delete": {
                    "operationId": "deleteFunction",
                    "summary": "Deletes a function, or one of its versions, or one of its aliases",
                    "parameters": [query("version"), query("alias")],
                    "responses": {
                        "200": { "description": "It is deleted", "content": content("DeleteFunctionResponse") },
                        "404": refused,
                    },
                },
            },
            "/v1/functions/{name}:call": { "post": openapi_functions::call(&refused) },
            "/v1/functions/{name}/aliases": { "patch": {
                "operationId": "updateFunctionAliases",
                "summary": "Points aliases to versions and removes others, in one step",
                "parameters": [openapi_functions::name()],
                "requestBody": { "required": true, "content": content("UpdateFunctionAliasesRequest") },
                "responses": {
                    "200": { "description": "All aliases", "content": content("UpdateFunctionAliasesResponse") },
                    "400": refused, "401": refused, "404": refused, "415": refused, "507": refused,
                },
            } },
            "/v1/images": { "get": {
                "operationId": "listImages",
                "summary": "Lists the server's images with their languages, versions and packages",
                "responses": { "200": { "description": "The images", "content": content("ListImagesResponse") } },
            } },
            "/health": { "get": {
                "operationId": "health",
                "summary": "Whether the server answers",
                "responses": { "200": { "description": "It does" } },
            } },
        },
        "components": { "schemas": schemas() },
    })
}

pub(super) fn query(name: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": { "type": "string" } })
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

pub(super) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn schemas() -> Map<String, Value> {
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
            let schema = json!({
                "type": "object",
                "description": comment(&[MESSAGES, index]),
                "properties": properties,
            });
            schemas.insert(message.name().to_owned(), schema);
        }
        for (index, numbers) in (0..).zip(&file.enum_type) {
            let names: Vec<&str> = numbers.value.iter().map(|value| value.name()).collect();
            let schema = json!({ "type": "string", "enum": names, "description": comment(&[ENUMS, index]) });
            schemas.insert(numbers.name().to_owned(), schema);
        }
    }
    schemas.insert("Problem".into(), openapi_functions::problem());
    schemas.insert("Refusal".into(), json!({
        "type": "object",
        "description": "Why a request was not executed.",
        "properties": {
            "code": { "type": "string", "description": "gRPC's status in lower case, e.g. `invalid_argument`." },
            "message": { "type": "string", "description": "What is wrong, the limit and the value, what to do." },
        },
    }));
    schemas
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
            ".google.protobuf.Timestamp" => json!({ "type": "string", "format": "date-time" }),
            name => reference(name.rsplit('.').next().unwrap_or(name)),
        },
        other => unreachable!("{other:?} is not used in {PACKAGE}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_named_is_described() {
        let description = description();
        let schemas = description["components"]["schemas"].as_object().unwrap();
        let text = description.to_string();
        let names: Vec<&str> = text
            .split("\"#/components/schemas/")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(schemas.contains_key(name), "{name}");
        }
        for (name, schema) in schemas {
            assert!(!schema["description"].as_str().unwrap().is_empty(), "{name} has no words");
            for (field, of) in schema["properties"].as_object().into_iter().flatten() {
                assert!(!of["description"].as_str().unwrap().is_empty(), "{name}.{field} has no words");
            }
        }
        assert_eq!(schemas["ExecuteRequest"]["properties"]["inputJson"]["type"], "string");
        assert_eq!(schemas["ExecuteRequest"]["properties"]["env"]["additionalProperties"]["type"], "string");
        assert_eq!(
            schemas["ExecuteRequest"]["properties"]["files"]["items"]["$ref"],
            "#/components/schemas/File"
        );
        assert_eq!(schemas["Limits"]["properties"]["fuel"]["type"], "string");
    }

    /// A request that has every field of the description is understood, so there is none too many; that there is none
    /// too few follows from where they come from.
    #[test]
    fn a_request_of_all_fields_is_understood() {
        let request = example(&schemas(), "ExecuteRequest");
        serde_json::from_value::<ampoule_api::v1::ExecuteRequest>(request).unwrap();
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
