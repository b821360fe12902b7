//! `GET /v1/usage`: a `GetUsageResponse` as JSON.

use super::json;
use super::status::Refusal;
use crate::endpoints::Shared;
use crate::{auth, request_id};
use ampoule_connection::Accepted;
use ampoule_service::RequestRecord;
use ampoule_tenants::usage_of_caller;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

pub(crate) async fn usage(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
) -> Response {
    let mut line = RequestRecord::start(request_id::given(&headers));
    line.set_trace_parent(request_id::trace_parent(&headers));
    let id = line.id().to_owned();
    let called = auth::of(&shared.auth, &headers, &from).await;
    let (tenant, response) = match called {
        Ok(tenant) => {
            line.set_tenant(&tenant);
            let usage = json(&usage_of_caller(&shared.service, &tenant));
            line.finish_managed("usage");
            (Some(tenant), usage)
        }
        Err(denied) => {
            let refusal = Refusal::denied(denied);
            line.finish_refused(refusal.name());
            (None, refusal.into_response())
        }
    };
    request_id::put(shared.send(tenant.as_ref(), response).await, &id)
}
