//! `ampoule.admin.v1.TenantService` as JSON, in the canonical form of proto, on a listener of its own.
//!
//! ```text
//! POST   /v1/tenants                          CreateTenant      GET    /v1/tenants               ListTenants
//! GET    /v1/tenants/{name}                   GetTenant         PUT    /v1/tenants/{name}        UpdateTenant
//! DELETE /v1/tenants/{name}                   DeleteTenant      GET    /v1/tenants/{name}/usage  GetTenantUsage
//! POST   /v1/tenants/{name}/keys              CreateKey         DELETE /v1/tenants/{name}/keys/{id}  RevokeKey
//! POST   /v1/tenants/{name}/keys/{id}/rotate  RotateKey
//! ```
//!
//! A body is the call's message; what stands in the path is left out of it.

use crate::api::status::Refusal;
use crate::api::{is_json, json};
use crate::body::parse;
use crate::hint::Routes;
use ampoule_api::admin::v1::{
    CreateKeyRequest, CreateTenantRequest, DeleteTenantRequest, GetTenantRequest, GetTenantUsageRequest,
    ListTenantsRequest, RevokeKeyRequest, RotateKeyRequest, UpdateTenantRequest,
};
use ampoule_auth::AdminKeys;
use ampoule_connection::{ADMINISTRATORS, Accepted};
use ampoule_tenants::{Admin, Refused, log_call};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Router};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// A tenant with all its keys and certificates has a few KiB.
const LARGEST: usize = 256 << 10;

/// For a body of that size.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone)]
struct Administered {
    admin: Admin,
    keys: AdminKeys,
}

/// `?pageSize=…&pageToken=…`, as the fields are called in JSON.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "camelCase")]
struct Page {
    page_size: u32,
    page_token: String,
}

/// What there is, for hints.
const ROUTES: [(&str, &str); 9] = [
    ("POST", "/v1/tenants"),
    ("GET", "/v1/tenants"),
    ("GET", "/v1/tenants/{name}"),
    ("PUT", "/v1/tenants/{name}"),
    ("DELETE", "/v1/tenants/{name}"),
    ("GET", "/v1/tenants/{name}/usage"),
    ("POST", "/v1/tenants/{name}/keys"),
    ("DELETE", "/v1/tenants/{name}/keys/{id}"),
    ("POST", "/v1/tenants/{name}/keys/{id}/rotate"),
];

pub(crate) fn router(admin: Admin, keys: AdminKeys) -> Router {
    let router = Router::new()
        .route("/v1/tenants", post(create).get(list))
        .route("/v1/tenants/{name}", get(tell).put(update).delete(remove))
        .route("/v1/tenants/{name}/usage", get(usage))
        .route("/v1/tenants/{name}/keys", post(create_key))
        .route("/v1/tenants/{name}/keys/{id}", delete(revoke_key))
        .route("/v1/tenants/{name}/keys/{id}/rotate", post(rotate_key))
        .route_layer(from_fn_with_state(keys.clone(), let_in))
        .with_state(Administered { admin, keys });
    Routes::new(ROUTES, None).hinted(router)
}

/// Connections of those who have a key have their turns apart from those of strangers.
async fn let_in(
    State(keys): State<AdminKeys>,
    Extension(from): Extension<Accepted>,
    request: Request,
    next: Next,
) -> Response {
    if keys.of_call(request.headers()).is_ok() {
        from.activity.let_in(ADMINISTRATORS);
    }
    next.run(request).await
}

async fn create(State(of): State<Administered>, headers: HeaderMap, body: Body) -> Response {
    let answering = async {
        let by = of.enter(&headers)?;
        let asked: CreateTenantRequest = take_in(&headers, body).await?;
        answer("create tenant", &by, of.admin.create_tenant(&by, asked).await)
    };
    finish(answering.await)
}

async fn list(
    State(of): State<Administered>,
    page: Result<Query<Page>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let answering = || {
        let by = of.enter(&headers)?;
        let Query(page) = page.map_err(|error| Refusal::malformed(&error.body_text()))?;
        let asked = ListTenantsRequest { page_size: page.page_size, page_token: page.page_token };
        answer("list tenants", &by, of.admin.list_tenants(&asked))
    };
    finish(answering())
}

async fn tell(State(of): State<Administered>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let answering = || {
        let by = of.enter(&headers)?;
        answer("get tenant", &by, of.admin.get_tenant(&GetTenantRequest { name }))
    };
    finish(answering())
}

async fn update(
    State(of): State<Administered>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answering = async {
        let by = of.enter(&headers)?;
        let mut asked: UpdateTenantRequest = take_in(&headers, body).await?;
        put(&mut asked.name, name, "name")?;
        answer("update tenant", &by, of.admin.update_tenant(&by, asked).await)
    };
    finish(answering.await)
}

async fn remove(State(of): State<Administered>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let answering = async {
        let by = of.enter(&headers)?;
        answer("delete tenant", &by, of.admin.delete_tenant(&by, DeleteTenantRequest { name }).await)
    };
    finish(answering.await)
}

async fn usage(State(of): State<Administered>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let answering = || {
        let by = of.enter(&headers)?;
        answer("get tenant usage", &by, of.admin.get_tenant_usage(&GetTenantUsageRequest { name }))
    };
    finish(answering())
}

async fn create_key(
    State(of): State<Administered>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answering = async {
        let by = of.enter(&headers)?;
        let mut asked: CreateKeyRequest = take_in(&headers, body).await?;
        put(&mut asked.tenant, tenant, "tenant")?;
        answer("create key", &by, of.admin.create_key(&by, asked).await)
    };
    finish(answering.await)
}

async fn rotate_key(
    State(of): State<Administered>,
    Path((tenant, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let answering = async {
        let by = of.enter(&headers)?;
        let mut asked: RotateKeyRequest = take_in(&headers, body).await?;
        put(&mut asked.tenant, tenant, "tenant")?;
        put(&mut asked.id, id, "id")?;
        answer("rotate key", &by, of.admin.rotate_key(&by, asked).await)
    };
    finish(answering.await)
}

async fn revoke_key(
    State(of): State<Administered>,
    Path((tenant, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let answering = async {
        let by = of.enter(&headers)?;
        answer("revoke key", &by, of.admin.revoke_key(&by, RevokeKeyRequest { tenant, id }).await)
    };
    finish(answering.await)
}

impl Administered {
    /// The id of the caller's key, looked at before anything of a body is read.
    fn enter(&self, headers: &HeaderMap) -> Result<Arc<str>, Refusal> {
        self.keys.of_call(headers).map_err(|denied| {
            self.admin.count_denied();
            Refusal::denied(denied)
        })
    }
}

async fn take_in<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    is_json(headers)?;
    let taking_in = tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, LARGEST).collect());
    let unusable =
        || Refusal::malformed(&format!("the body did not arrive, or has more than {LARGEST} bytes"));
    let bytes = taking_in.await.ok().and_then(Result::ok).ok_or_else(unusable)?.to_bytes();
    Ok(parse(&bytes)?)
}

/// What stands in the path; a body may say the same and nothing else.
fn put(field: &mut String, value: String, name: &str) -> Result<(), Refusal> {
    if !field.is_empty() && *field != value {
        return Err(Refusal::malformed(&format!("{name} is not the one in the path: leave it out")));
    }
    *field = value;
    Ok(())
}

fn answer<T: Serialize>(
    what: &'static str,
    by: &str,
    answered: Result<T, Refused>,
) -> Result<Response, Refusal> {
    log_call("http", what, by, &answered);
    answered.map(|answer| json(&answer)).map_err(|refused| Refusal::of_admin(&refused))
}

fn finish(answered: Result<Response, Refusal>) -> Response {
    answered.unwrap_or_else(IntoResponse::into_response)
}
