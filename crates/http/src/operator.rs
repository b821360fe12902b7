//! For operators' monitoring, on a listener of its own: `GET /metrics`, `/healthz`, `/readyz`.
//!
//! Asks nobody for a key, and tells nothing but numbers, the tenants' names and the images' versions: for a
//! network that only the operator's machines reach. It answers until the process ends, so that a drain can be
//! watched.

use crate::accept;
use crate::hint::Routes;
use ampoule_connection::Connections;
use ampoule_service::{METRICS_CONTENT_TYPE, Service, Shutdown, TEXT_CONTENT_TYPE, Vitals};
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

#[derive(Clone)]
struct Watched {
    service: Service,
    connections: Connections,
    shutdown: Shutdown,
}

pub(crate) fn router(service: Service, connections: Connections, shutdown: Shutdown) -> Router {
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(Watched { service, connections, shutdown });
    Routes::new([("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/readyz")], None).hinted(router)
}

/// OpenMetrics, or the older text form for whoever likes that better.
async fn metrics(State(watched): State<Watched>, headers: HeaderMap) -> Response {
    watched.service.count_functions().await;
    let text = watched.service.metrics_with(|registry| watched.connections.register(registry));
    let wants_text = accept::preferred(&headers, |kind| match kind {
        "application/openmetrics-text" | "*/*" => Some(false),
        "text/plain" | "text/*" => Some(true),
        _ => None,
    });
    if let Ok(Some(true)) = wants_text {
        return ([(CONTENT_TYPE, TEXT_CONTENT_TYPE)], ampoule_service::to_text(&text)).into_response();
    }
    ([(CONTENT_TYPE, METRICS_CONTENT_TYPE)], text).into_response()
}

/// Whether executions get through, or will; also while the server drains, or it would be killed for that.
async fn healthz(State(watched): State<Watched>) -> Response {
    match watched.service.vitals() {
        Vitals::Well | Vitals::Slow => "ok\n".into_response(),
        Vitals::Stuck => {
            (StatusCode::SERVICE_UNAVAILABLE, "stuck: no execution gets through\n").into_response()
        }
    }
}

/// Whether requests may be sent here.
async fn readyz(State(watched): State<Watched>) -> Response {
    if watched.shutdown.is_leaving() {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    match watched.service.vitals() {
        Vitals::Well => "ready\n".into_response(),
        Vitals::Slow | Vitals::Stuck => {
            (StatusCode::SERVICE_UNAVAILABLE, "no execution got through lately\n").into_response()
        }
    }
}
