//! `FunctionService` as JSON: `GET /v1/functions`, `PUT`, `GET` and `DELETE /v1/functions/{name}`, and
//! `PATCH /v1/functions/{name}/aliases`.

use super::call::is_no_call;
use super::status::Refusal;
use super::{is_json, json, line, sent};
use crate::auth;
use crate::endpoints::Shared;
use ampoule_api::v1::{
    DeleteFunctionResponse, Function, GetFunctionResponse, ListFunctionsResponse, PutFunctionRequest,
    UpdateFunctionAliasesRequest, UpdateFunctionAliasesResponse,
};
use ampoule_api::{
    ResultForm, alias_update_from_proto, answer_to_json, function_summary_to_proto, function_to_proto,
    put_function_from_proto,
};
use ampoule_auth::AuthError;
use ampoule_connection::Accepted;
use ampoule_model::{FunctionReference, PutFunction};
use ampoule_service::{Call, Error, Execution, ListFunctions, RequestRecord};
use axum::Extension;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

/// `?version=…` or `?alias=…`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Which {
    pub(super) version: String,
    pub(super) alias: String,
}

/// `PutFunctionResponse`, with the preparation as every execution is answered.
#[derive(Serialize)]
struct PutAnswer {
    function: Option<Function>,
    preparation: Option<Box<RawValue>>,
}

/// A top level has no result, whatever its guest says.
fn preparation_to_json(mut execution: Execution) -> Result<Box<RawValue>, Refusal> {
    execution.outcome.result_json.clear();
    let execution = Arc::new(execution);
    let version = &execution.function_version;
    let mut pieces = answer_to_json(&execution, &execution.image_digest, version, ResultForm::Value);
    let json: Vec<u8> = std::iter::from_fn(|| pieces.next_piece()).flatten().collect();
    String::from_utf8(json)
        .ok()
        .and_then(|json| RawValue::from_string(json).ok())
        .ok_or_else(Refusal::internal)
}

pub(crate) async fn put(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut asked = Asked::enter(&shared, &from, &headers, "put").await;
    asked.concerns(&name);
    let answered = async {
        let call = asked.call()?;
        is_no_call(&name)?;
        is_json(&headers)?;
        let received = shared.take_in(&call.tenant, body).await?;
        let mut message: PutFunctionRequest = received.parse().await?;
        takes_no_other_name(&name, &message.name)?;
        message.name = name;
        let put = put_function_from_proto(message).map_err(|error| {
            asked.line.set_invalid_field(&error.field);
            Refusal::invalid(&error)
        })?;
        let by = auth::identity(&shared.auth, &headers, from.peer).await;
        let put = shared.service.put_function(call, PutFunction { by, ..put }).await;
        let put = put.map_err(|error| asked.refused(&error))?;
        let preparation = put.preparation.map(preparation_to_json).transpose()?;
        Ok(PutAnswer { function: put.function.map(function_to_proto), preparation })
    };
    let answered = answered.await;
    if let Ok(PutAnswer { function: Some(function), .. }) = &answered {
        asked.line.set_version(&function.version);
    }
    asked.answer(&shared, answered).await
}

pub(crate) async fn get(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
) -> Response {
    let mut asked = Asked::enter(&shared, &from, &headers, "get").await;
    let (path, reference) = (name.clone(), reference(name, which));
    asked.refers(&reference);
    let answered = async {
        let call = asked.call()?;
        is_no_call(&path)?;
        let got = shared.service.get_function(call, &reference?).await;
        let function = got.map_err(|error| asked.refused(&error))?;
        Ok(GetFunctionResponse { function: Some(function_to_proto(function)) })
    };
    let answered = answered.await;
    asked.answer(&shared, answered).await
}

pub(crate) async fn delete(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
) -> Response {
    let mut asked = Asked::enter(&shared, &from, &headers, "delete").await;
    let (path, reference) = (name.clone(), reference(name, which));
    asked.refers(&reference);
    let answered = async {
        let call = asked.call()?;
        is_no_call(&path)?;
        let deleted = shared.service.delete_function(call, &reference?).await;
        deleted.map_err(|error| asked.refused(&error))?;
        Ok(DeleteFunctionResponse {})
    };
    let answered = answered.await;
    asked.answer(&shared, answered).await
}

pub(crate) async fn aliases(
    State(shared): State<Shared>,
    Path(name): Path<String>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut asked = Asked::enter(&shared, &from, &headers, "alias").await;
    asked.concerns(&name);
    let answered = async {
        let call = asked.call()?;
        is_json(&headers)?;
        let received = shared.take_in(&call.tenant, body).await?;
        let mut message: UpdateFunctionAliasesRequest = received.parse().await?;
        takes_no_other_name(&name, &message.name)?;
        message.name = name;
        let updated = shared.service.update_aliases(call, &alias_update_from_proto(message)).await;
        let head = updated.map_err(|error| asked.refused(&error))?;
        Ok(UpdateFunctionAliasesResponse { aliases: head.aliases.clone() })
    };
    let answered = answered.await;
    asked.answer(&shared, answered).await
}

pub(crate) async fn list(
    State(shared): State<Shared>,
    page: Result<Query<Vec<(String, String)>>, QueryRejection>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::enter(&shared, &from, &headers, "list").await;
    let answered = async {
        let call = asked.call()?;
        let listed = shared.service.list_functions(call, &list_of(query(page)?)?).await;
        let page = listed.map_err(|error| asked.refused(&error))?;
        Ok(ListFunctionsResponse {
            functions: page.functions.into_iter().map(function_summary_to_proto).collect(),
            next_page_token: page.next.unwrap_or_default(),
        })
    };
    let answered = answered.await;
    asked.answer(&shared, answered).await
}

/// `?pageSize=…&pageToken=…`, as the fields are called in JSON, or as they are in proto, and
/// `&label=KEY=VALUE` as often as there are labels.
fn list_of(query: Vec<(String, String)>) -> Result<ListFunctions, Refusal> {
    let mut list = ListFunctions::default();
    for (key, value) in query {
        match key.as_str() {
            "pageSize" | "page_size" => {
                let wrong = |_| Refusal::malformed("pageSize is no number");
                list.size = value.parse().map_err(wrong)?;
            }
            "pageToken" | "page_token" => list.token = value,
            "label" => {
                let (label, value) =
                    value.split_once('=').ok_or_else(|| Refusal::malformed("label is not KEY=VALUE"))?;
                list.labels.insert(label.to_owned(), value.to_owned());
            }
            _ => return Err(Refusal::malformed("the query takes pageSize, pageToken and label only")),
        }
    }
    Ok(list)
}

/// The name in the path is the function's.
fn takes_no_other_name(name: &str, other: &str) -> Result<(), Refusal> {
    if other.is_empty() || other == name {
        return Ok(());
    }
    Err(Refusal::malformed("name is not the one in the path: leave it out"))
}

/// One request: who calls, and its line in the log.
struct Asked {
    call: Result<Call, AuthError>,
    line: RequestRecord,
    what: &'static str,
}

impl Asked {
    async fn enter(shared: &Shared, from: &Accepted, headers: &HeaderMap, what: &'static str) -> Self {
        let mut line = line(headers);
        let tenant = auth::of(&shared.auth, headers, from).await;
        let call = tenant.map(|tenant| line.call(tenant, None));
        Asked { call, line, what }
    }

    fn call(&self) -> Result<&Call, Refusal> {
        self.call.as_ref().map_err(|denied| Refusal::denied(*denied))
    }

    /// The line tells which function it is about.
    fn concerns(&mut self, name: &str) {
        self.refers(&Ok(FunctionReference { name: name.to_owned(), ..FunctionReference::default() }));
    }

    /// The line tells which function it is about, and which of its versions; not what somebody unknown has
    /// made up.
    fn refers(&mut self, reference: &Result<FunctionReference, Refusal>) {
        if let (Ok(reference), Ok(_)) = (reference, &self.call) {
            self.line.set_function(reference);
        }
    }

    fn refused(&self, error: &Error) -> Refusal {
        self.line.set_error(error);
        error.log(self.line.id());
        Refusal::of_error(error)
    }

    async fn answer(self, shared: &Shared, answered: Result<impl Serialize, Refusal>) -> Response {
        let told = sent(shared, self.line, answered, |line, answer| {
            line.finish_managed(self.what);
            json(&answer)
        });
        told.await
    }
}

pub(super) fn reference(
    name: String,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<FunctionReference, Refusal> {
    let Which { version, alias } = query(which)?;
    Ok(FunctionReference { name, version, alias })
}

fn query<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Refusal> {
    let Query(query) = query.map_err(|error| Refusal::malformed(&error.body_text()))?;
    Ok(query)
}
