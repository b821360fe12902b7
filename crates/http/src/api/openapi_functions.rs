//! Of the description, what is said of calling functions, whose input and result are no messages of proto's.

use super::openapi::{query, refused};
use super::schemas::reference;
use serde_json::{Value, json};

/// The parameter in the path.
pub(super) fn name() -> Value {
    json!({ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } })
}

/// `POST /v1/functions/{name}:call`.
pub(super) fn call() -> Value {
    let header =
        |kind: &str, description: &str| json!({ "description": description, "schema": { "type": kind } });
    let headers = json!({
        "ampoule-outcome": header("string", "How the call ended; absent where nothing ran"),
        "ampoule-function-version": header("string", "The version that ran"),
        "ampoule-fuel": header("string", "Units of fuel that it used"),
    });
    json!({
        "operationId": "callFunction",
        "summary": "Calls a function: the body is its input, the answer its result",
        "parameters": [name(), query("version"), query("alias"), {
            "name": "idempotency-key", "in": "header", "schema": { "type": "string" },
            "description": "As ExecuteRequest.idempotencyKey.",
        }],
        "requestBody": {
            "required": true,
            "content": { "application/json": { "schema": { "type": "object" } } },
        },
        "responses": {
            "200": {
                "description": "It completed; the result as it is",
                "headers": headers,
                "content": { "application/json": { "schema": {} } },
            },
            "400": refused(400), "401": refused(401), "403": refused(403), "404": refused(404), "408": refused(408),
            "413": refused(413), "415": refused(415), "429": refused(429),
            "500": {
                "description": "It ran and did not complete; without the header ampoule-outcome: a fault of the server, a Refusal",
                "headers": headers,
                "content": { "application/problem+json": { "schema": reference("Problem") } },
            },
            "501": refused(501), "503": refused(503),
        },
    })
}

/// What a call that did not complete is answered with.
pub(super) fn problem() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let cut = |of: &str| json!({ "type": "boolean", "description": format!("{of} was cut because Limits.outputBytes was reached.") });
    json!({
        "type": "object",
        "description": "How a call ended that did not complete (RFC 9457).",
        "properties": {
            "title": text("The outcome in words."),
            "status": { "type": "integer", "description": "500." },
            "detail": text("Type and message of the failure, cut where they are long."),
            "code": text("The outcome: `raised`, `invalid_result`, `fuel_exhausted`, `timed_out`, `out_of_memory`, `output_limit` or `internal`."),
            "functionVersion": text("The version that ran."),
            "stdout": text("What was printed to stdout."),
            "stderr": text("What was printed to stderr."),
            "stdoutTruncated": cut("stdout"),
            "stderrTruncated": cut("stderr"),
            "failure": {
                "$ref": "#/components/schemas/Failure",
                "description": "Why it did not complete.",
            },
        },
    })
}
