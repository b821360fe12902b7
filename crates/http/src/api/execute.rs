//! `POST /v1/execute`: an `ExecuteRequest` as JSON, answered by an `ExecuteResponse`.

use super::status::Refusal;
use super::{IDEMPOTENCY_KEY, answer_in_pieces, header, is_json, line, sent};
use crate::auth;
use crate::endpoints::Shared;
use ampoule_api::v1::ExecuteRequest;
use ampoule_api::{ResultForm, WithInput};
use ampoule_connection::Accepted;
use ampoule_model::Invocation;
use ampoule_service::{Answer, RequestRecord, Tenant};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;

pub(crate) async fn execute(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut line = line(&headers);
    let executed = run(&shared, &from, &headers, body, &mut line).await;
    let told = sent(&shared, line, executed, |line, (answer, form)| {
        line.finish_answered(&answer);
        answer_in_pieces(&answer, form)
    });
    told.await
}

async fn run(
    shared: &Shared,
    from: &Accepted,
    headers: &HeaderMap,
    body: Body,
    line: &mut RequestRecord,
) -> Result<(Arc<Answer>, ResultForm), Refusal> {
    let (tenant, request, form) = asked(shared, from, headers, body, line).await?;
    let call = line.call(tenant, None);
    let answered = shared.service.answer(&call, request).await;
    let answer = answered.map_err(|error| {
        line.set_error(&error);
        error.log(line.id());
        Refusal::of_error_in(&error, form)
    })?;
    Ok((answer, form))
}

/// Who asks, for what, and how the result is to be told.
pub(super) async fn asked(
    shared: &Shared,
    from: &Accepted,
    headers: &HeaderMap,
    body: Body,
    line: &mut RequestRecord,
) -> Result<(Tenant, Invocation, ResultForm), Refusal> {
    let tenant = auth::of(&shared.auth, headers, from).await.map_err(Refusal::denied)?;
    line.set_tenant(&tenant);
    is_json(headers)?;
    let received = shared.take_in(&tenant, body).await?;
    let WithInput { mut message, form } = received.parse_with_input::<ExecuteRequest>().await?;
    let key = header(headers, IDEMPOTENCY_KEY)?;
    if message.idempotency_key.is_empty() {
        message.idempotency_key.push_str(key);
    } else if !key.is_empty() && key != message.idempotency_key {
        return Err(Refusal::malformed(
            "idempotencyKey is not the one in the header Idempotency-Key: send one of them",
        ));
    }
    let asked = ampoule_api::request_from_proto(message).map_err(|error| {
        line.set_invalid_field(&error.field);
        Refusal::invalid(&error)
    })?;
    line.set_request(&asked);
    Ok((tenant, asked, form))
}
