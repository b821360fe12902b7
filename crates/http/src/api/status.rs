//! The one place that maps errors to HTTP status.
//!
//! A refusal is answered `{"code": "invalid_argument", "message": "…"}`; codes are gRPC's, in lower case.

use crate::body::Unusable;
use crate::caller::Unauthenticated;
use ampoule_api::InvalidMessage;
use ampoule_service::Error;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

const INVALID: &str = "invalid_argument";
const INTERNAL: &str = "internal_error";

/// The queue moves within a second, unless every slot runs long; then asking again is cheap.
const SECONDS_TO_RETRY: u16 = 1;

/// Why a request was not executed.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
}

/// HTTP status of a request that was not executed.
pub(crate) fn of_error(error: &Error) -> StatusCode {
    match error {
        Error::Invalid { .. } => StatusCode::BAD_REQUEST,
        Error::Full { .. } | Error::Draining => StatusCode::SERVICE_UNAVAILABLE,
        Error::Engine(_) | Error::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// HTTP status of a body that was of no use.
pub(crate) fn of_unusable(unusable: &Unusable) -> StatusCode {
    match unusable {
        Unusable::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Unusable::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        Unusable::BrokenOff | Unusable::Malformed(_) => StatusCode::BAD_REQUEST,
    }
}

/// Says when to try again, where that may help.
pub(crate) fn with_retry(mut response: Response) -> Response {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(SECONDS_TO_RETRY));
    }
    response
}

impl Refusal {
    pub(crate) fn of_error(error: &Error) -> Self {
        Refusal { status: of_error(error), name: error.name(), message: error.to_string() }
    }

    /// Of a message that has no meaning.
    pub(crate) fn invalid(error: &InvalidMessage) -> Self {
        Refusal { status: StatusCode::BAD_REQUEST, name: INVALID, message: error.to_string() }
    }

    pub(crate) fn unauthenticated() -> Self {
        Refusal {
            status: StatusCode::UNAUTHORIZED,
            name: Unauthenticated::NAME,
            message: "the server does not know who calls: send your key".into(),
        }
    }

    pub(crate) fn not_json() -> Self {
        Refusal {
            status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
            name: INVALID,
            message: "the body is not said to be JSON: send the header Content-Type: application/json".into(),
        }
    }

    /// A fault of the server's own.
    pub(crate) fn internal() -> Self {
        Refusal {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            name: INTERNAL,
            message: "the answer cannot be written".into(),
        }
    }

    /// Its name in the log.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

impl From<Unusable> for Refusal {
    fn from(unusable: Unusable) -> Self {
        Refusal { status: of_unusable(&unusable), name: INVALID, message: unusable.to_string() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let text = serde_json::json!({ "code": self.name, "message": self.message }).to_string();
        with_retry((self.status, [(CONTENT_TYPE, "application/json")], text).into_response())
    }
}
