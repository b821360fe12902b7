//! `POST /v1/execute`: an `ExecuteRequest` as JSON, answered by an `ExecuteResponse`.

use super::status::Refusal;
use super::{is_json, json, to_proto};
use crate::site::Shared;
use crate::{body, caller, request_id};
use ampoule_api::v1::ExecuteRequest;
use ampoule_service::{Call, Execution, RequestLine};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

pub(crate) async fn execute(State(shared): State<Shared>, headers: HeaderMap, body: Body) -> Response {
    let mut line = RequestLine::start(request_id::given(&headers));
    let id = line.id().to_owned();
    let response = match run(&shared, &headers, body, &mut line).await {
        Ok(execution) => {
            line.executed(&execution);
            json(&to_proto(execution))
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
        error.log(line.id());
        Refusal::of_error(&error)
    })
}
