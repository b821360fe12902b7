//! `GET /health`: whether the process answers. As Dify's sandbox has it, a JSON string.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

pub(crate) async fn health() -> Response {
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], "\"ok\"").into_response()
}
