//! The id of a request in HTTP's headers: taken from the caller, and sent back; and the trace that it belongs
//! to.

use ampoule_service::{ID_HEADER, TRACE_HEADER};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

/// The id that the caller chose, as it is.
pub(crate) fn given(headers: &HeaderMap) -> Option<&str> {
    headers.get(ID_HEADER)?.to_str().ok()
}

/// The trace that the caller names, as it is.
pub(crate) fn trace_parent(headers: &HeaderMap) -> Option<&str> {
    headers.get(TRACE_HEADER)?.to_str().ok()
}

/// The answer with the id.
pub(crate) fn put(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(ID_HEADER, value);
    }
    response
}
