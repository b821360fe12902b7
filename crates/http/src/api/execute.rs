//! `POST /v1/execute`: an `ExecuteRequest` as JSON, answered by an `ExecuteResponse`.

use super::status::Refusal;
use super::{answer_in_pieces, is_json};
use crate::site::Shared;
use crate::{caller, request_id};
use ampoule_api::v1::ExecuteRequest;
use ampoule_connection::Peer;
use ampoule_service::{Answer, Call, RequestLine};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

pub(crate) async fn execute(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut line = RequestLine::start(request_id::given(&headers));
    line.within(request_id::trace_parent(&headers));
    let id = line.id().to_owned();
    let executed = run(&shared, peer, &headers, body, &mut line).await;
    let tenant = line.tenant().cloned();
    let response = match executed {
        Ok(answer) => {
            line.answered(&answer);
            answer_in_pieces(&answer)
        }
        Err(refusal) => {
            line.refused(refusal.name());
            refusal.into_response()
        }
    };
    request_id::put(shared.send(tenant.as_ref(), response).await, &id)
}

async fn run(
    shared: &Shared,
    peer: Peer,
    headers: &HeaderMap,
    body: Body,
    line: &mut RequestLine,
) -> Result<Arc<Answer>, Refusal> {
    let tenant = caller::of(&shared.door, headers, peer).await.map_err(|_| Refusal::unauthenticated())?;
    line.by(&tenant);
    is_json(headers)?;
    let received = shared.take_in(&tenant, body).await?;
    let request: ExecuteRequest = received.parse().await?;
    let request = ampoule_api::request_from_proto(request).map_err(|error| {
        line.because_of_field(&error.field);
        Refusal::invalid(&error)
    })?;
    line.understood(&request);
    shared.service.answer(&Call { tenant, deadline: None }, request).await.map_err(|error| {
        line.because(&error);
        error.log(line.id());
        Refusal::of_error(&error)
    })
}
