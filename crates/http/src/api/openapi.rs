//! `GET /openapi.json`: the routes. What they take and answer is in `schemas.rs`.

use super::openapi_functions;
use super::schemas::{self, reference};
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static DESCRIPTION: LazyLock<Value> = LazyLock::new(description);

/// Refusals of whatever is behind a door.
const ALWAYS: [u16; 3] = [401, 403, 500];
/// And of what has a body.
const OF_BODY: [u16; 4] = [400, 408, 413, 415];
/// And of what runs.
const OF_RUN: [u16; 2] = [429, 503];

/// Why a request is not executed, by the status that it is answered with.
const REFUSALS: [(u16, &str, &str); 14] = [
    (400, "BadRequest", "The request cannot be run as it is; `details` names the field"),
    (
        401,
        "Unauthenticated",
        "The server does not know who calls: there is no key, or one that nobody has here",
    ),
    (403, "PermissionDenied", "The server is called by a name that is not its own, or by a web page"),
    (404, "NotFound", "There is no such function, version or alias, or nothing at this path"),
    (405, "MethodNotAllowed", "The path does not take this method; `Allow` says which it takes"),
    (406, "NotAcceptable", "`Accept` has none of the forms that events come in"),
    (408, "RequestTimeout", "The body did not arrive in time"),
    (413, "ContentTooLarge", "The body is larger than anything that would be executed"),
    (415, "UnsupportedMediaType", "The body is not said to be JSON"),
    (429, "QuotaUsedUp", "The tenant has used up a quota; `Retry-After` says when there is some of it again"),
    (500, "Internal", "A fault of the server"),
    (501, "NotImplemented", "The server keeps no functions"),
    (
        503,
        "Unavailable",
        "No slot in time, a full queue, no memory, or the server drains; `Retry-After` says when to try again",
    ),
    (507, "InsufficientStorage", "The tenant keeps as many functions, versions or bytes as it may"),
];

pub(crate) async fn openapi() -> Response {
    static TEXT: LazyLock<Bytes> = LazyLock::new(|| DESCRIPTION.to_string().into());
    ([(CONTENT_TYPE, "application/json")], TEXT.clone()).into_response()
}

/// All methods and paths that there are.
pub(crate) fn routes() -> Vec<(String, String)> {
    let paths = DESCRIPTION["paths"].as_object().into_iter().flatten();
    let routes = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        let methods = methods.filter(|(_, operation)| operation.get("operationId").is_some());
        methods.map(|(method, _)| (method.to_ascii_uppercase(), path.clone()))
    });
    routes.collect()
}

fn description() -> Value {
    let mut description = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ampoule",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Runs a program in Python or JavaScript in a sealed guest, pristine for each run. How a program ends is \
                data: one that raises or hits a limit is answered with 200, and `status` says what happened. Fields are named as \
                here, or as in proto (`input_json`); what is answered is named as here, and empty fields are there.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This server" }],
        "security": [{ "apiKey": [] }, { "bearer": [] }, {}],
        "paths": paths(),
        "components": {
            "securitySchemes": {
                "apiKey": {
                    "type": "apiKey", "in": "header", "name": "x-api-key",
                    "description": "A tenant's key. A server without tenants asks for none.",
                },
                "bearer": {
                    "type": "http", "scheme": "bearer",
                    "description": "A token of the identity provider that the server trusts, or a tenant's key.",
                },
            },
            "headers": {
                "RetryAfter": { "description": "Seconds until it may be tried again", "schema": { "type": "integer" } },
            },
            "responses": refusals(),
        },
    });
    description["components"]["schemas"] = schemas::reached_from(&description).into();
    description
}

fn paths() -> Value {
    json!({
        "/v1/execute": { "post": {
            "operationId": "execute",
            "summary": "Runs one program on one input in a fresh guest and answers when it has ended",
            "requestBody": body("ExecuteRequest"),
            "responses": answers("It ended", content("ExecuteResponse"), &[&OF_BODY, &OF_RUN, &[404]]),
        } },
        "/v1/execute:stream": { "post": {
            "operationId": "executeStream",
            "summary": "The same, with what the program prints sent while it runs; the outcome is the last event",
            "description": "A request that is refused before the first event is answered with its status; after that, `error` is the \
                last event. A client that goes away stops the execution.",
            "requestBody": body("ExecuteRequest"),
            "responses": answers("Events", events("StreamEvent"), &[&OF_BODY, &OF_RUN, &[404, 406]]),
        } },
        "/v1/execute:batch": { "post": {
            "operationId": "executeBatch",
            "summary": "Runs one program on many inputs, each in a fresh guest of its own, and sends each outcome as soon as it is there",
            "description": "In the order of their ends. What is wrong with one input is that input's `refusal`. `end` is the last \
                event. A client that goes away stops what is left.",
            "requestBody": body("ExecuteBatchRequest"),
            "responses": answers("Events", events("BatchEvent"), &[&OF_BODY, &OF_RUN, &[406]]),
        } },
        "/v1/functions": { "get": {
            "operationId": "listFunctions",
            "summary": "Lists the tenant's functions by name",
            "parameters": [query("pageSize"), query("pageToken"), query("label")],
            "responses": answers("A page", content("ListFunctionsResponse"), &[&[400, 501]]),
        } },
        "/v1/functions/{name}": {
            "parameters": [openapi_functions::name()],
            "put": {
                "operationId": "putFunction",
                "summary": "Keeps a program as a version of a function and runs its top level",
                "requestBody": body("PutFunctionRequest"),
                "responses": answers(
                    "What became of it", content("PutFunctionResponse"), &[&OF_BODY, &OF_RUN, &[404, 501, 507]]
                ),
            },
            "get": {
                "operationId": "getFunction",
                "summary": "Tells all of a function's version",
                "parameters": [query("version"), query("alias")],
                "responses": answers("The version", content("GetFunctionResponse"), &[&[400, 404, 501]]),
            },
            "delete": {
                "operationId": "deleteFunction",
                "summary": "Deletes a function, or one of its versions, or one of its aliases",
                "parameters": [query("version"), query("alias")],
                "responses": answers("It is deleted", content("DeleteFunctionResponse"), &[&[400, 404, 501, 503]]),
            },
        },
        "/v1/functions/{name}:call": { "post": openapi_functions::call() },
        "/v1/functions/{name}/aliases": { "patch": {
            "operationId": "updateFunctionAliases",
            "summary": "Points aliases to versions and removes others, in one step",
            "parameters": [openapi_functions::name()],
            "requestBody": body("UpdateFunctionAliasesRequest"),
            "responses": answers("All aliases", content("UpdateFunctionAliasesResponse"), &[&OF_BODY, &[404, 501, 507]]),
        } },
        "/v1/images": { "get": {
            "operationId": "listImages",
            "summary": "Lists the server's images with their languages, versions and packages",
            "responses": answers("The images", content("ListImagesResponse"), &[]),
        } },
        "/v1/usage": { "get": {
            "operationId": "getUsage",
            "summary": "Tells the tenant's quotas, what it has used of them, and when they are back",
            "description": "Asking counts as no request. Every answer to a tenant with quotas has them in the headers RateLimit-Policy \
                and RateLimit, too.",
            "responses": answers("How things stand", content("GetUsageResponse"), &[]),
        } },
        "/health": { "get": {
            "operationId": "health",
            "summary": "Whether the server answers",
            "security": [],
            "responses": {
                "200": { "description": "It does", "content": { "application/json": { "schema": { "const": "ok" } } } },
                "403": refused(403),
            },
        } },
        "/openapi.json": { "get": {
            "operationId": "openapi",
            "summary": "This description",
            "security": [],
            "responses": {
                "200": { "description": "It", "content": { "application/json": { "schema": { "type": "object" } } } },
                "403": refused(403),
            },
        } },
    })
}

pub(super) fn query(name: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": { "type": "string" } })
}

fn content(schema: &str) -> Value {
    json!({ "application/json": { "schema": reference(schema) } })
}

fn events(schema: &str) -> Value {
    json!({
        "application/x-ndjson": { "schema": reference(schema) },
        "text/event-stream": { "schema": reference(schema) },
    })
}

fn body(schema: &str) -> Value {
    json!({ "required": true, "content": content(schema) })
}

/// What is answered if all goes well, and what otherwise.
fn answers(description: &str, content: Value, refusals: &[&[u16]]) -> Value {
    let refusals = refusals.iter().copied().flatten().chain(&ALWAYS);
    let mut answers: Map<String, Value> =
        refusals.map(|status| (status.to_string(), refused(*status))).collect();
    answers.insert("200".into(), json!({ "description": description, "content": content }));
    answers.into()
}

pub(super) fn refused(status: u16) -> Value {
    let (_, name, _) = REFUSALS.iter().find(|(of, ..)| *of == status).expect("it is listed");
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn refusals() -> Map<String, Value> {
    let refusals = REFUSALS.iter().map(|(status, name, description)| {
        let mut refusal = json!({ "description": description, "content": content("Refusal") });
        if [429, 503].contains(status) {
            refusal["headers"] = json!({ "Retry-After": { "$ref": "#/components/headers/RetryAfter" } });
        }
        ((*name).to_owned(), refusal)
    });
    refusals.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_named_is_described() {
        let text = DESCRIPTION.to_string();
        let named: Vec<&str> =
            text.split("\"#/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(named.len() > 40, "{named:?}");
        for name in named {
            assert!(DESCRIPTION.pointer(&format!("/{name}")).is_some(), "{name}");
        }
        let schemas = DESCRIPTION["components"]["schemas"].as_object().unwrap();
        for (name, schema) in schemas {
            assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is used nowhere");
            assert!(!schema["description"].as_str().unwrap().is_empty(), "{name} has no words");
            for (field, of) in schema["properties"].as_object().into_iter().flatten() {
                assert!(!of["description"].as_str().unwrap().is_empty(), "{name}.{field} has no words");
            }
        }
        assert!(!schemas.contains_key("ListImagesRequest"), "nothing takes it");
    }

    #[test]
    fn routes_are_those_of_the_description() {
        let routes = routes();
        for expected in [("POST", "/v1/execute:stream"), ("PUT", "/v1/functions/{name}"), ("GET", "/health")]
        {
            let expected = (expected.0.to_owned(), expected.1.to_owned());
            assert!(routes.contains(&expected), "{expected:?}: {routes:?}");
        }
        assert!(routes.iter().all(|(method, _)| method != "PARAMETERS"));
    }
}
