//! `/v1/sandbox/dependencies…`: what there is to import. Packages are baked into images, so there is nothing
//! to update.

use super::{envelope, run};
use crate::auth;
use crate::body::Unusable;
use crate::endpoints::Shared;
use ampoule_connection::Accepted;
use ampoule_model::Language;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    language: String,
}

#[derive(Serialize)]
struct Dependencies<'a> {
    dependencies: Vec<Dependency<'a>>,
}

#[derive(Serialize)]
struct Dependency<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

/// Lists the packages of a language's image.
pub(crate) async fn list(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    if auth::of(&shared.auth, &headers, &from).await.is_err() {
        return envelope::unauthenticated();
    }
    let language = match run::language(&asked.language) {
        Ok(language) => language,
        Err(message) => return envelope::invalid(&message),
    };
    envelope::success(Dependencies { dependencies: packages(&shared, language) })
}

/// Says that all is up to date, which it is.
pub(crate) async fn update(
    State(shared): State<Shared>,
    Extension(from): Extension<Accepted>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(tenant) = auth::of(&shared.auth, &headers, &from).await else {
        return envelope::unauthenticated();
    };
    let received = shared.take_in(&tenant, body).await;
    let asked: Result<Asked, Unusable> = match received {
        Ok(received) => received.parse().await,
        Err(unusable) => Err(unusable),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(unusable) => return envelope::unusable(&unusable),
    };
    match run::language(&asked.language) {
        Ok(_) => envelope::success(Nothing {}),
        Err(message) => envelope::invalid(&message),
    }
}

/// What programs can import, sorted by name.
fn packages(shared: &Shared, language: Language) -> Vec<Dependency<'_>> {
    let Some(image) = shared.service.images().get(language.name()) else {
        return Vec::new();
    };
    let importable = image.manifest().packages.iter().filter(|package| !package.modules.is_empty());
    let mut packages: Vec<_> =
        importable.map(|package| Dependency { name: &package.name, version: &package.version }).collect();
    packages.sort_by_key(|package| package.name);
    packages
}
