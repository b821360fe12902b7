//! `POST /v1/functions/{name}:call`: the bare input object as the body, the bare result as the answer.
//!
//! A call that completed is 200 and its result. One that did not is 500 and a problem (RFC 9457) with the
//! outcome: nothing in between, since what proxies send again by themselves (502, 503, 504) must be what did
//! not run. Refusals are told as on all other paths.

use super::functions::{Which, reference};
use super::status::Refusal;
use super::{IDEMPOTENCY_KEY, header, is_json, line, sent};
use crate::auth;
use crate::endpoints::{Shared, in_pieces};
use ampoule_api::{PiecesBuilder, ResultForm, part_of};
use ampoule_connection::Accepted;
use ampoule_model::{Failure, FunctionCall, FunctionReference, Invocation, Outcome, Status};
use ampoule_service::Answer;
use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;
use std::sync::Arc;

/// What a path ends with that calls a function. No name of a function has a colon.
const CALL: &str = ":call";

/// How the call ended, which version ran, and what it used.
const OUTCOME: HeaderName = HeaderName::from_static("ampoule-outcome");
const VERSION: HeaderName = HeaderName::from_static("ampoule-function-version");
const FUEL: HeaderName = HeaderName::from_static("ampoule-fuel");

const PROBLEM: &str = "application/problem+json";

/// Characters of a message in `detail`; `failure.message` has all of it.
const LONGEST_DETAIL: usize = 1000;

pub(crate) async fn call(
    State(shared): State<Shared>,
    Path(path): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut line = line(&headers);
    let called = async {
        let tenant = auth::of(&shared.auth, &headers, &from).await.map_err(Refusal::denied)?;
        line.set_tenant(&tenant);
        let function = function(&path, which)?;
        is_json(&headers)?;
        let input_json = shared.take_in(&tenant, body).await?.text().await?;
        let idempotency_key = header(&headers, IDEMPOTENCY_KEY)?.to_owned();
        let call = FunctionCall { function, input_json, idempotency_key, ..FunctionCall::default() };
        let asked = Invocation::Function(call);
        line.set_request(&asked);
        let call = line.call(tenant, None);
        shared.service.answer(&call, asked).await.map_err(|error| {
            line.set_error(&error);
            error.log(line.id());
            Refusal::of_error_in(&error, ResultForm::Value)
        })
    };
    let called = called.await;
    let told = sent(&shared, line, called, |line, answer| {
        line.finish_answered(&answer);
        response(&answer)
    });
    told.await
}

fn function(path: &str, which: Result<Query<Which>, QueryRejection>) -> Result<FunctionReference, Refusal> {
    let name = path.strip_suffix(CALL).ok_or_else(|| Refusal::malformed(HOW))?;
    reference(name.to_owned(), which)
}

const HOW: &str = "a function is called by POST /v1/functions/NAME:call, and kept by PUT /v1/functions/NAME";

/// A path that calls a function is nothing to be got or deleted.
pub(super) fn is_no_call(path: &str) -> Result<(), Refusal> {
    if path.ends_with(CALL) {
        return Err(Refusal::nothing_here(StatusCode::METHOD_NOT_ALLOWED, HOW.into()));
    }
    Ok(())
}

fn response(answer: &Arc<Answer>) -> Response {
    let execution = answer.execution();
    let outcome = &execution.outcome;
    let mut response = if outcome.status == Status::Completed {
        let mut result = PiecesBuilder::default();
        result.shared(part_of(answer, |answer| answer.execution().outcome.result_json.as_bytes()));
        in_pieces([(CONTENT_TYPE, "application/json")], result.finish())
    } else {
        problem(answer, outcome, &execution.function_version)
    };
    let headers = response.headers_mut();
    headers.insert(OUTCOME, HeaderValue::from_static(outcome.status.name()));
    headers.insert(FUEL, HeaderValue::from(outcome.usage.fuel));
    if let Ok(version) = HeaderValue::from_str(&execution.function_version)
        && !version.is_empty()
    {
        headers.insert(VERSION, version);
    }
    response
}

/// What is small in one go; what a program has written is the outcome's own, and may be large.
fn problem(answer: &Arc<Answer>, outcome: &Outcome, version: &str) -> Response {
    let none = Failure::default();
    let failure = outcome.failure.as_ref().unwrap_or(&none);
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    let head = json!({
        "title": title(outcome.status),
        "status": status.as_u16(),
        "detail": detail(failure),
        "code": outcome.status.name(),
        "functionVersion": version,
        "stdoutTruncated": outcome.stdout_truncated,
        "stderrTruncated": outcome.stderr_truncated,
    });
    let head = head.to_string();
    let mut text = PiecesBuilder::default();
    text.plain(head.strip_suffix('}').unwrap_or(&head).as_bytes());
    let mut member = |before: &str, pick: fn(&Outcome) -> &str| {
        text.plain(before.as_bytes());
        text.text(part_of(answer, move |answer| pick(&answer.execution().outcome).as_bytes()));
    };
    member(",\"stdout\":\"", |outcome| &outcome.stdout);
    member("\",\"stderr\":\"", |outcome| &outcome.stderr);
    member("\",\"failure\":{\"type\":\"", |outcome| {
        outcome.failure.as_ref().map_or("", |failure| &failure.kind)
    });
    member("\",\"message\":\"", |outcome| outcome.failure.as_ref().map_or("", |failure| &failure.message));
    member("\",\"traceback\":\"", |outcome| {
        outcome.failure.as_ref().map_or("", |failure| &failure.traceback)
    });
    text.plain(format!("\",\"line\":{},\"column\":{}}}}}", failure.line, failure.column).as_bytes());
    let mut response = in_pieces([(CONTENT_TYPE, PROBLEM)], text.finish());
    *response.status_mut() = status;
    response
}

fn title(status: Status) -> &'static str {
    match status {
        Status::Completed => "The function completed",
        Status::Raised => "The function raised an exception",
        Status::InvalidResult => "The function's result is none",
        Status::FuelExhausted | Status::TimedOut | Status::OutOfMemory | Status::OutputLimit => {
            "The function reached a limit"
        }
        Status::Internal => "The guest failed",
    }
}

fn detail(failure: &Failure) -> String {
    let whole = failure.kind.chars().chain(": ".chars()).chain(failure.message.chars());
    let mut detail: String = whole.take(LONGEST_DETAIL).collect();
    if detail.len() < failure.kind.len() + 2 + failure.message.len() {
        detail.push('…');
    }
    detail
}
