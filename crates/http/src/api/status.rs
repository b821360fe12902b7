//! Errors as HTTP status, by the table of [`ErrorCode`].
//!
//! A refusal is answered `{"code": "invalid_argument", "message": "…", "details": […]}`; codes are gRPC's, in
//! lower case, and so are details: `google.rpc.BadRequest` names the field, `google.rpc.RetryInfo` says when
//! to try again.

use crate::body::Unusable;
use ampoule_api::{InvalidMessage, ResultForm};
use ampoule_auth::{AuthError, Stranger};
use ampoule_service::{Error, ErrorCode, Unexecuted};
use ampoule_tenants::Refused;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::time::Duration;

const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";
const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

const INVALID: &str = ErrorCode::InvalidArgument.name();

/// A tenant that is idle for a minute makes room for another one.
const TOO_MANY_RETRY: Duration = Duration::from_secs(60);

/// Why a request was not executed.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
    retry_after: Option<Duration>,
    /// The field that is not as it should be, and why.
    violation: Option<(String, String)>,
}

/// HTTP status of a code.
pub(crate) fn of_code(code: ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// HTTP status of a body that was of no use.
pub(crate) fn of_unusable(unusable: &Unusable) -> StatusCode {
    match unusable {
        Unusable::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Unusable::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
        Unusable::NoRoom { .. } => StatusCode::SERVICE_UNAVAILABLE,
        Unusable::BrokenOff | Unusable::Malformed { .. } => StatusCode::BAD_REQUEST,
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
        let refusal = match error {
            Error::Invalid { field, reason } => Refusal::violation(field, reason),
            _ => Refusal::of_code(error.code(), error),
        };
        Refusal { retry_after: error.retry_after(), ..refusal }
    }

    /// The same, with the input as this request calls it.
    pub(crate) fn of_error_in(error: &Error, form: ResultForm) -> Self {
        match error {
            Error::Invalid { field, reason } if form == ResultForm::Value => {
                Refusal::violation(&as_value(field), reason)
            }
            _ => Refusal::of_error(error),
        }
    }

    /// Of a part of what was asked for.
    pub(crate) fn of_unexecuted(unexecuted: &Unexecuted, form: ResultForm) -> Self {
        match unexecuted {
            Unexecuted::Refused(error) => Refusal::of_error_in(error, form),
            Unexecuted::DeadlinePassed => Refusal::of_code(
                unexecuted.code(),
                "the call's deadline passed and the execution was stopped: give it more time",
            ),
        }
    }

    fn of_code(code: ErrorCode, message: impl ToString) -> Self {
        Refusal::new(of_code(code), code.name(), message)
    }

    fn new(status: StatusCode, name: &'static str, message: impl ToString) -> Self {
        Refusal { status, name, message: message.to_string(), retry_after: None, violation: None }
    }

    /// Of a field.
    fn violation(field: &str, reason: &str) -> Self {
        let refusal = Refusal::new(StatusCode::BAD_REQUEST, INVALID, format!("{field} {reason}"));
        Refusal { violation: Some((field.to_owned(), reason.to_owned())), ..refusal }
    }

    /// Of a call of somebody who administers tenants.
    pub(crate) fn of_admin(refused: &Refused) -> Self {
        Refusal::of_code(refused.code, refused)
    }

    /// Of a message that has no meaning.
    pub(crate) fn invalid(error: &InvalidMessage) -> Self {
        Refusal::violation(&error.field, &error.reason)
    }

    /// Of a request that is not as it should be.
    pub(crate) fn malformed(message: &str) -> Self {
        Refusal::new(StatusCode::BAD_REQUEST, INVALID, message)
    }

    /// Of a request of somebody who may not call.
    pub(crate) fn denied(denied: AuthError) -> Self {
        let retry_after = (denied == AuthError::TooManyTenants).then_some(TOO_MANY_RETRY);
        Refusal { retry_after, ..Refusal::of_code(denied.code(), denied) }
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

    pub(crate) fn compressed() -> Self {
        Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            INVALID,
            "the body is compressed, which is not taken over HTTP: send it as it is, or by gRPC, which takes gzip",
        )
    }

    /// Of what there is not, with what there is.
    pub(crate) fn nothing_here(status: StatusCode, message: String) -> Self {
        let code =
            if status == StatusCode::NOT_FOUND { ErrorCode::NotFound } else { ErrorCode::Unimplemented };
        Refusal::new(status, code.name(), message)
    }

    /// Of a client that takes no form there is.
    pub(crate) fn not_acceptable(message: &str) -> Self {
        Refusal::new(StatusCode::NOT_ACCEPTABLE, INVALID, message)
    }

    /// A fault of the server's own.
    pub(crate) fn internal() -> Self {
        Refusal::of_code(ErrorCode::Internal, "the answer cannot be written")
    }

    /// Its name in the log.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// As callers are told, on one line.
    pub(crate) fn to_json(&self) -> Value {
        let mut details = Vec::new();
        if let Some((field, description)) = &self.violation {
            let violations = json!([{ "field": field, "description": description }]);
            details.push(json!({ "@type": BAD_REQUEST, "fieldViolations": violations }));
        }
        if let Some(after) = self.retry_after {
            details.push(json!({ "@type": RETRY_INFO, "retryDelay": ampoule_api::Duration::from(after) }));
        }
        json!({ "code": self.name, "message": self.message, "details": details })
    }
}

/// The input's name where it is JSON and not text.
fn as_value(field: &str) -> String {
    for (text, value) in [("input_json", "input"), ("inputs_json", "inputs")] {
        if let Some(rest) = field.strip_prefix(text) {
            return format!("{value}{rest}");
        }
    }
    field.to_owned()
}

impl From<Unusable> for Refusal {
    fn from(unusable: Unusable) -> Self {
        let refusal = match &unusable {
            Unusable::Malformed { field: Some(field), reason } => Refusal::violation(field, reason),
            _ => Refusal::new(of_unusable(&unusable), unusable.name(), &unusable),
        };
        Refusal { retry_after: unusable.retry_after(), ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let text = self.to_json().to_string();
        let mut response = (self.status, [(CONTENT_TYPE, "application/json")], text).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            // Keys are taken there, too.
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"ampoule\""));
        }
        with_retry(response, self.retry_after)
    }
}
