//! `GET /v1/usage`: a `GetUsageResponse` as JSON.

use super::status::Refusal;
use super::{json, line, sent};
use crate::auth;
use crate::endpoints::Shared;
use ampoule_connection::Accepted;
use ampoule_tenants::usage_of_caller;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

pub(crate) async fn usage(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
) -> Response {
    let mut line = line(&headers);
    let called = auth::of(&shared.auth, &headers, &from).await.map_err(Refusal::denied);
    if let Ok(tenant) = &called {
        line.set_tenant(tenant);
    }
    let told = sent(&shared, line, called, |line, tenant| {
        let usage = json(&usage_of_caller(&shared.service, &tenant));
        line.finish_managed("usage");
        usage
    });
    told.await
}
