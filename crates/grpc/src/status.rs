//! Errors as gRPC status, by the table of [`ErrorCode`].

use ampoule_api::InvalidMessage;
use ampoule_auth::AuthError;
use ampoule_service::{Error, ErrorCode, Unexecuted};
use http::{HeaderValue, Response};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// gRPC status of a call of nobody who may call.
pub(crate) fn of_denied(denied: AuthError) -> Status {
    Status::new(Code::from(denied.code().grpc()), denied.to_string())
}

/// gRPC status of a request that was not executed.
pub(crate) fn of_error(error: &Error) -> Status {
    let mut details = ErrorDetails::new();
    if let Some(retry_after) = error.retry_after() {
        details.set_retry_info(Some(retry_after));
    }
    if let Error::Invalid { field, reason } = error {
        details.add_bad_request_violation(field, reason);
    }
    Status::with_error_details(Code::from(error.code().grpc()), error.to_string(), details)
}

/// gRPC status of a message that has no meaning.
pub(crate) fn of_invalid_message(error: &InvalidMessage) -> Status {
    let InvalidMessage { field, reason } = error;
    let details = ErrorDetails::with_bad_request_violation(&**field, reason);
    Status::with_error_details(Code::InvalidArgument, error.to_string(), details)
}

/// gRPC status of a part of a call that was not executed.
pub(crate) fn of_unexecuted(unexecuted: &Unexecuted) -> Status {
    match unexecuted {
        Unexecuted::Refused(error) => of_error(error),
        Unexecuted::DeadlinePassed => deadline_exceeded(),
    }
}

/// gRPC status of a call whose deadline passed.
pub(crate) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the call's deadline passed and the execution was stopped: give it more time")
}

/// The code's name, for logs.
pub(crate) fn name(code: Code) -> &'static str {
    ErrorCode::of_grpc(code.into()).map_or("error", ErrorCode::name)
}

/// Rewrites tonic's answer to a message beyond its decoding limit: OUT_OF_RANGE is about positions in
/// streams, and its text names nothing a caller knows. No other answer of ours has that code.
pub(crate) fn explain_too_large<B>(mut response: Response<B>, largest: usize) -> Response<B> {
    const STATUS: &str = "grpc-status";
    let out_of_range = (Code::OutOfRange as i32).to_string();
    let headers = response.headers_mut();
    if headers.get(STATUS).is_some_and(|status| status.as_bytes() == out_of_range.as_bytes()) {
        let text = format!(
            "the message is too large: the server takes at most {largest} bytes: send less in input_json, files or source"
        );
        headers.insert(STATUS, HeaderValue::from(Code::InvalidArgument as i32));
        // Spaces and colons are legal as they are in a percent-encoded message.
        if let Ok(text) = HeaderValue::try_from(text) {
            headers.insert("grpc-message", text);
        }
    }
    response
}
