//! The gRPC API as JSON, in the canonical form of proto with empty fields present: `POST /v1/execute`,
//! `POST /v1/execute:stream`, `POST /v1/execute:batch`, `GET /v1/images`, `GET /v1/usage`, `/v1/functions`,
//! `GET /openapi.json`; and `POST /v1/functions/{name}:call`, which takes a bare input and answers with a
//! bare result. `GET /openapi.json` is made in `openapi.rs`, `openapi_functions.rs` and `schemas.rs`.

mod batch;
mod call;
mod events;
mod execute;
mod functions;
mod images;
pub(crate) mod openapi;
mod openapi_functions;
mod schemas;
pub(crate) mod status;
mod stream;
mod usage;

use self::status::Refusal;
use crate::endpoints::{Shared, in_pieces};
use crate::request_id;
use ampoule_api::ResultForm;
use ampoule_service::{Answer, Execution, RequestRecord};
use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post, put};
use serde::Serialize;
use std::sync::Arc;

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/execute", post(execute::execute))
        .route("/v1/execute:batch", post(batch::execute))
        .route("/v1/execute:stream", post(stream::execute))
        .route("/v1/functions", get(functions::list))
        .route(
            "/v1/functions/{name}",
            put(functions::put).get(functions::get).delete(functions::delete).post(call::call),
        )
        .route("/v1/functions/{name}/aliases", patch(functions::aliases))
        .route("/v1/images", get(images::images))
        .route("/v1/usage", get(usage::usage))
        .route("/openapi.json", get(openapi::openapi))
        .with_state(shared)
}

/// Pages in a browser can send anything to a port of its machine but this content type, unless the server
/// agrees.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::not_json());
    }
    match headers.get(CONTENT_ENCODING) {
        Some(coding) if coding != "identity" => Err(Refusal::compressed()),
        _ => Ok(()),
    }
}

/// Carries a key as of `ExecuteRequest.idempotency_key`.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What a header says; empty: nothing.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    let Some(value) = headers.get(name) else { return Ok("") };
    value.to_str().map_err(|_| Refusal::malformed(&format!("the header {name} is not plain text")))
}

/// An answer in the canonical JSON form of proto.
pub(crate) fn json(response: &impl Serialize) -> Response {
    match serde_json::to_vec(response) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        // No value of ours is without a JSON form; were one, the caller would have to be told.
        Err(_) => Refusal::internal().into_response(),
    }
}

/// An execution's answer, made as it is read.
fn answer_in_pieces(answer: &Arc<Answer>, form: ResultForm) -> Response {
    let Execution { image_digest, function_version, .. } = answer.execution();
    let pieces = ampoule_api::answer_to_json(answer, image_digest, function_version, form);
    in_pieces([(CONTENT_TYPE, "application/json")], pieces)
}

/// Writes the line of a request that was answered or refused, and sends what there is to say.
async fn sent<T>(
    shared: &Shared,
    line: RequestRecord,
    answered: Result<T, Refusal>,
    tell: impl FnOnce(RequestRecord, T) -> Response,
) -> Response {
    let (tenant, id) = (line.tenant().cloned(), line.id().to_owned());
    let response = match answered {
        Ok(answer) => tell(line, answer),
        Err(refusal) => {
            line.finish_refused(refusal.name());
            refusal.into_response()
        }
    };
    request_id::put(shared.send(tenant.as_ref(), response).await, &id)
}

/// The line of a request in the log.
fn line(headers: &HeaderMap) -> RequestRecord {
    let mut line = RequestRecord::start(request_id::given(headers));
    line.set_trace_parent(request_id::trace_parent(headers));
    line
}
