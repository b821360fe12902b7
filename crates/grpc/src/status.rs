//! The one place that maps errors to gRPC status.

use ampoule_api::InvalidMessage;
use ampoule_auth::AuthError;
use ampoule_service::{Error, Unexecuted};
use http::{HeaderValue, Response};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// gRPC status of a call of nobody who may call.
pub(crate) fn of_denied(denied: AuthError) -> Status {
    let code = match denied {
        AuthError::NoKey
        | AuthError::UnknownKey
        | AuthError::ExpiredKey
        | AuthError::Token(_)
        | AuthError::Contradiction => Code::Unauthenticated,
        AuthError::Stopped(_) => Code::PermissionDenied,
        AuthError::TooManyTenants => Code::ResourceExhausted,
    };
    Status::new(code, denied.to_string())
}

/// gRPC status of a request that was not executed.
pub(crate) fn of_error(error: &Error) -> Status {
    let code = match error {
        Error::Invalid { .. } => Code::InvalidArgument,
        Error::NotFound(_) => Code::NotFound,
        Error::NoFunctions => Code::Unimplemented,
        Error::Busy { .. } | Error::UsedUp { .. } | Error::Full(_) => Code::ResourceExhausted,
        Error::Stopped(_) => Code::PermissionDenied,
        Error::Draining => Code::Unavailable,
        Error::Engine(_) | Error::Store(_) | Error::Panicked => Code::Internal,
    };
    let mut details = ErrorDetails::new();
    match error {
        Error::Busy { retry_after, .. } | Error::UsedUp { retry_after, .. } => {
            details.set_retry_info(Some(*retry_after));
        }
        Error::Invalid { field, reason } => {
            details.add_bad_request_violation(field, reason);
        }
        _ => {}
    }
    Status::with_error_details(code, error.to_string(), details)
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

/// The code's name as it is in the gRPC specification, in lower case; for logs.
pub(crate) fn name(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated => "unauthenticated",
        Code::PermissionDenied => "permission_denied",
        Code::InvalidArgument => "invalid_argument",
        Code::NotFound => "not_found",
        Code::Unimplemented => "unimplemented",
        Code::ResourceExhausted => "resource_exhausted",
        Code::Unavailable => "unavailable",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::Internal => "internal_error",
        _ => "error",
    }
}

/// Rewrites tonic's answer to a message beyond its decoding limit: OUT_OF_RANGE is about positions in streams, and
/// its text names nothing a caller knows. No other answer of ours has that code.
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
