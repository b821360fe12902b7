//! `POST /v1/sandbox/run`.

use super::{envelope, outcome, script};
use crate::auth::Unauthenticated;
use crate::body::Unusable;
use crate::endpoints::Shared;
use crate::{auth, request_id};
use ampoule_connection::Accepted;
use ampoule_model::{Invocation, Language};
use ampoule_service::{Answer, RequestRecord};
use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use std::sync::Arc;

/// What Dify sends. `preload`, `enable_network` and whatever else there is are taken and dropped: there is no
/// network, and Dify asks for it every time.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    pub(super) language: String,
    #[serde(default)]
    pub(super) code: String,
}

/// The name under which an unusable request stands in the log.
const INVALID: &str = "invalid_argument";

pub(crate) async fn run(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut line = RequestRecord::start(request_id::given(&headers));
    line.set_trace_parent(request_id::trace_parent(&headers));
    let id = line.id().to_owned();
    let answered = answer(&shared, &from, &headers, body, &mut line).await;
    let tenant = line.tenant().cloned();
    let response = match answered {
        Ok((answer, response)) => {
            line.finish_answered(&answer);
            response
        }
        Err((name, response)) => {
            line.finish_refused(name);
            response
        }
    };
    request_id::put(shared.send(tenant.as_ref(), response).await, &id)
}

type Answered = Result<(Arc<Answer>, Response), (&'static str, Response)>;

async fn answer(
    shared: &Shared,
    from: &Accepted,
    headers: &HeaderMap,
    body: Body,
    line: &mut RequestRecord,
) -> Answered {
    let tenant = auth::of(&shared.auth, headers, from)
        .await
        .map_err(|_| (Unauthenticated::NAME, envelope::unauthenticated()))?;
    line.set_tenant(&tenant);
    let unusable = |problem: Unusable| (problem.name(), envelope::unusable(&problem));
    let received = shared.take_in(&tenant, body).await.map_err(unusable)?;
    let parsed = received.parse_into(|asked: Sent| {
        Ok(match language(&asked.language) {
            Ok(language) if !asked.code.is_empty() => Ok(script::request(language, asked.code)),
            Ok(_) => Err("code is empty: send a program".to_owned()),
            Err(message) => Err(message),
        })
    });
    let parsed = parsed.await.map_err(unusable)?;
    let mut request = parsed.map_err(|message| (INVALID, envelope::invalid(&message)))?;
    // What is printed is the result, so it may be as large as the tenant's cap allows.
    request.limits.output_bytes = Some(tenant.config().caps.output_bytes);
    let request = Invocation::Program(request);
    line.set_request(&request);
    let call = line.call(tenant, None);
    match shared.service.answer(&call, request).await {
        Ok(answer) => {
            let response = envelope::executed(&outcome::data(&answer));
            Ok((answer, response))
        }
        Err(error) => {
            line.set_error(&error);
            error.log(line.id());
            Err((error.name(), envelope::refused(&error)))
        }
    }
}

/// The languages in Dify's words.
pub(crate) fn language(name: &str) -> Result<Language, String> {
    match name {
        "python3" => Ok(Language::Python),
        "nodejs" => Ok(Language::Javascript),
        "" => Err("language is missing: use python3 or nodejs".into()),
        _ => Err(format!("unsupported language '{}': use python3 or nodejs", name.escape_debug())),
    }
}
