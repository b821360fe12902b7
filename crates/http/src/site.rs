//! What a listener answers.

use crate::caller::{DifyKey, Door};
use crate::{api, dify, health};
use ampoule_service::Service;
use axum::Router;
use axum::routing::get;

/// What a listener answers; both parts can share one.
#[derive(Clone, Debug, Default)]
pub struct Site {
    /// `POST /v1/execute`, `GET /v1/images` and `GET /openapi.json`, for everybody who reaches the port.
    pub api: bool,
    /// The contract of Dify's sandbox, for who knows the key.
    pub dify: Option<DifyKey>,
}

/// What every handler has at hand.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) door: Door,
    /// The largest body taken in, in bytes.
    pub(crate) largest_body: usize,
}

impl Shared {
    fn new(service: &Service, door: Door) -> Self {
        // Base64 makes files a third larger, and in texts every quote and every line's end takes two bytes.
        let largest_body = 2 * service.sizes().largest_request();
        Shared { service: service.clone(), door, largest_body }
    }
}

pub(crate) fn router(service: &Service, site: Site) -> Router {
    let mut router = Router::new().route("/health", get(health::health));
    if site.api {
        router = router.merge(api::router(Shared::new(service, Door::Open)));
    }
    if let Some(key) = site.dify {
        router = router.merge(dify::router(Shared::new(service, Door::Dify(key))));
    }
    router
}
