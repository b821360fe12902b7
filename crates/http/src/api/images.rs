//! `GET /v1/images`: a `ListImagesResponse` as JSON.

use super::status::Refusal;
use crate::caller;
use crate::site::Shared;
use ampoule_api::v1::ListImagesResponse;
use ampoule_connection::Peer;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

pub(crate) async fn images(
    State(shared): State<Shared>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Response {
    if caller::of(&shared.door, &headers, peer).await.is_err() {
        return Refusal::unauthenticated().into_response();
    }
    let images = shared.service.images().iter();
    let images = images.map(|image| ampoule_api::image_to_proto(image.manifest())).collect();
    match serde_json::to_vec(&ListImagesResponse { images }) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => Refusal::internal().into_response(),
    }
}
