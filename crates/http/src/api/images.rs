//! `GET /v1/images`: a `ListImagesResponse` as JSON.

use super::json;
use super::status::Refusal;
use crate::endpoints::Shared;
use crate::{auth, rate_limit};
use ampoule_api::v1::ListImagesResponse;
use ampoule_connection::Accepted;
use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

pub(crate) async fn images(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
) -> Response {
    let tenant = match auth::of(&shared.auth, &headers, &from).await {
        Ok(tenant) => tenant,
        Err(denied) => return Refusal::denied(denied).into_response(),
    };
    let images = shared.service.images().iter();
    let images = images.map(|image| ampoule_api::image_to_proto(image.manifest())).collect();
    rate_limit::put(json(&ListImagesResponse { images }), &tenant)
}
