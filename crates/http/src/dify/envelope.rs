//! The envelope around every answer, and errors as its codes.
//!
//! Dify shows `message` to a person only under HTTP 200; any other status is to it a sandbox that does not
//! work. So what a person can mend, a source that is too large, comes with 200, and everything else with the
//! status it has elsewhere.

use super::outcome::Data;
use crate::api::status;
use crate::body::Unusable;
use crate::endpoints::in_pieces;
use ampoule_api::PiecesBuilder;
use ampoule_service::{Error, ErrorCode};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A bad request.
const INVALID: i32 = -400;
/// A fault of the server.
const INTERNAL: i32 = -500;
/// No room now.
const FULL: i32 = -503;

const JSON: &str = "application/json; charset=utf-8";

#[derive(Serialize)]
struct Envelope<'a, T> {
    code: i32,
    message: &'a str,
    data: Option<T>,
}

/// An answer with data.
pub(crate) fn success(data: impl Serialize) -> Response {
    answer(StatusCode::OK, &Envelope { code: 0, message: "success", data: Some(data) })
}

/// The same with what an execution left, which can be large: it is made as it is read.
pub(crate) fn executed(data: &Data) -> Response {
    let mut text = PiecesBuilder::default();
    text.plain(br#"{"code":0,"message":"success","data":{"stdout":""#);
    text.text(data.stdout.clone());
    text.plain(br#"","stderr":""#);
    data.stderr.iter().for_each(|part| text.text(part.clone()));
    text.plain(br#"","error":""#);
    text.text(data.error.clone());
    text.plain(format!("\",\"exit_code\":{}}}}}", data.exit_code).as_bytes());
    in_pieces([(CONTENT_TYPE, JSON)], text.finish())
}

/// The key is wrong: no envelope, as Dify's sandbox has it.
pub(crate) fn unauthenticated() -> Response {
    StatusCode::UNAUTHORIZED.into_response()
}

/// A request that says something else than it must.
pub(crate) fn invalid(message: &str) -> Response {
    failure(StatusCode::BAD_REQUEST, INVALID, message)
}

/// A body that was of no use.
pub(crate) fn unusable(unusable: &Unusable) -> Response {
    let code = if unusable.retry_after().is_some() { FULL } else { INVALID };
    let answer = failure(status::of_unusable(unusable), code, &unusable.to_string());
    status::with_retry(answer, unusable.retry_after())
}

/// A script that was not executed.
pub(crate) fn refused(error: &Error) -> Response {
    let (status, code) = match error.code() {
        ErrorCode::InvalidArgument => (StatusCode::OK, INVALID),
        // Its clients know one word for "later".
        ErrorCode::Busy | ErrorCode::QuotaExceeded | ErrorCode::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, FULL)
        }
        other => (status::of_code(other), INTERNAL),
    };
    status::with_retry(failure(status, code, &error.to_string()), error.retry_after())
}

fn failure(status: StatusCode, code: i32, message: &str) -> Response {
    answer(status, &Envelope { code, message, data: None::<()> })
}

fn answer(status: StatusCode, envelope: &Envelope<'_, impl Serialize>) -> Response {
    match serde_json::to_vec(envelope) {
        Ok(text) => (status, [(CONTENT_TYPE, JSON)], text).into_response(),
        // No value of ours is without a JSON form; were one, the caller would have to be told.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
