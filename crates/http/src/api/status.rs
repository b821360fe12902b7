//! The one place that maps errors to HTTP status.
//!
//! A refusal is answered `{"code": "invalid_argument", "message": "…"}`; codes are gRPC's, in lower case.

use crate::body::Unusable;
use crate::caller::Unauthenticated;
use ampoule_access::Stranger;
use ampoule_api::InvalidMessage;
use ampoule_service::Error;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::time::Duration;

const INVALID: &str = "invalid_argument";
const INTERNAL: &str = "internal_error";

/// While a server drains another one may be there within a second.
const DRAINING_RETRY: Duration = Duration::from_secs(1);

/// Why a request was not executed.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
    retry_after: Option<Duration>,
}

/// HTTP status of a request that was not executed.
pub(crate) fn of_error(error: &Error) -> StatusCode {
    match error {
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::NoFunctions => StatusCode::NOT_IMPLEMENTED,
        // WebDAV's word for it: no room to keep it, and trying again does not help.
        Error::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
        Error::Busy { .. } | Error::Draining => StatusCode::SERVICE_UNAVAILABLE,
        Error::UsedUp { .. } => StatusCode::TOO_MANY_REQUESTS,
        Error::Engine(_) | Error::Store(_) | Error::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// HTTP status of a body that was of no use.
pub(crate) fn of_unusable(unusable: &Unusable) -> StatusCode {
    match unusable {
        Unusable::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Unusable::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        Unusable::NoRoom { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Unusable::BrokenOff | Unusable::Malformed(_) => StatusCode::BAD_REQUEST,
    }
}

/// When a request that was not executed may be sent again, if that can help.
pub(crate) fn retry_after(error: &Error) -> Option<Duration> {
    match error {
        Error::Busy { retry_after, .. } | Error::UsedUp { retry_after, .. } => Some(*retry_after),
        Error::Draining => Some(DRAINING_RETRY),
        Error::Invalid { .. }
        | Error::NotFound(_)
        | Error::NoFunctions
        | Error::Full(_)
        | Error::Engine(_)
        | Error::Store(_)
        | Error::Panicked => None,
    }
}

/// Says when to try again, in whole seconds.
pub(crate) fn with_retry(mut response: Response, after: Option<Duration>) -> Response {
    if let Some(after) = after {
        let seconds = after.as_secs_f64().ceil() as u64;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

impl Refusal {
    pub(crate) fn of_error(error: &Error) -> Self {
        let retry_after = retry_after(error);
        Refusal { status: of_error(error), name: error.name(), message: error.to_string(), retry_after }
    }

    fn new(status: StatusCode, name: &'static str, message: impl ToString) -> Self {
        Refusal { status, name, message: message.to_string(), retry_after: None }
    }

    /// Of a message that has no meaning.
    pub(crate) fn invalid(error: &InvalidMessage) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, INVALID, error)
    }

    /// Of a request that is not as it should be.
    pub(crate) fn malformed(message: &str) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, INVALID, message)
    }

    pub(crate) fn unauthenticated() -> Self {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            Unauthenticated::NAME,
            "the server does not know who calls: send your key",
        )
    }

    /// Of a request that calls the server by another name, or that a web page sends.
    pub(crate) fn stranger(stranger: &Stranger) -> Self {
        Refusal::new(StatusCode::FORBIDDEN, Stranger::NAME, stranger)
    }

    pub(crate) fn not_json() -> Self {
        Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            INVALID,
            "the body is not said to be JSON: send the header Content-Type: application/json",
        )
    }

    /// A fault of the server's own.
    pub(crate) fn internal() -> Self {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL, "the answer cannot be written")
    }

    /// Its name in the log.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

impl From<Unusable> for Refusal {
    fn from(unusable: Unusable) -> Self {
        let refusal = Refusal::new(of_unusable(&unusable), unusable.name(), &unusable);
        Refusal { retry_after: unusable.retry_after(), ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let text = serde_json::json!({ "code": self.name, "message": self.message }).to_string();
        let response = (self.status, [(CONTENT_TYPE, "application/json")], text).into_response();
        with_retry(response, self.retry_after)
    }
}
