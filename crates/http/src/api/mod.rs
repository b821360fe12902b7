//! The gRPC API as JSON, in the canonical form of proto: `POST /v1/execute`, `GET /v1/images`, `GET /openapi.json`.

mod execute;
mod images;
mod openapi;
pub(crate) mod status;

use crate::site::Shared;
use axum::Router;
use axum::routing::{get, post};

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/execute", post(execute::execute))
        .route("/v1/images", get(images::images))
        .route("/openapi.json", get(openapi::openapi))
        .with_state(shared)
}
