//! `POST /v1/execute`: an `ExecuteRequest` as JSON, answered by an `ExecuteResponse`.

use super::status::Refusal;
use crate::site::Shared;
use crate::{body, caller, request_id};
use ampoule_api::v1::{ExecuteRequest, ExecuteResponse};
use ampoule_service::{Call, Error, Execution, RequestLine};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

pub(crate) async fn execute(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    let mut line = RequestLine::start(request_id::given(&headers));
    let id = line.id().to_owned();
    let response = match run(&shared, &headers, body, &mut line).await {
        Ok(execution) => {
            line.executed(&execution);
            json(&ampoule_api::execution_to_proto(execution.outcome, &execution.image_digest))
        }
        Err(refusal) => {
            line.refused(refusal.name());
            refusal.into_response()
        }
    };
    request_id::put(response, &id)
}

async fn run(
    shared: &Shared,
    headers: &HeaderMap,
    body: Body,
    line: &mut RequestLine,
) -> Result<Execution, Refusal> {
    let tenant = caller::of(&shared.door, headers).map_err(|_| Refusal::unauthenticated())?;
    line.by(&tenant);
    is_json(headers)?;
    let bytes = shared.take_in(body).await?;
    let request: ExecuteRequest = body::parse(&bytes)?;
    drop(bytes);
    let request = ampoule_api::request_from_proto(request).map_err(|error| Refusal::invalid(&error))?;
    line.understood(&request);
    shared.service.execute_as(&Call { tenant, deadline: None }, request).await.map_err(|error| {
        if let Error::Engine(_) | Error::Panicked = &error {
            tracing::error!(id = line.id(), %error, "a request was given up");
        }
        Refusal::of_error(&error)
    })
}

/// Pages in a browser can send anything to a port of its machine but this content type, unless the server agrees.
fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(Refusal::not_json()) }
}

fn json(response: &ExecuteResponse) -> Response {
    match serde_json::to_vec(response) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        // No value of ours is without a JSON form; were one, the caller would have to be told.
        Err(_) => Refusal::internal().into_response(),
    }
}
