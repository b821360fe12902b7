//! The contract of Dify's sandbox, for a Dify that knows nothing of us.
//!
//! ```text
//! POST /v1/sandbox/run ─▶ run ─▶ script: what the wrapper that Dify wrote asks for ─▶ service ─▶ outcome ─▶ envelope
//!                                 ├ tail: an `async` main is waited for
//!                                 └ jinja: a template is compiled once
//! ```

mod dependencies;
mod envelope;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod jinja;
mod outcome;
mod run;
mod script;
mod shape;
mod tail;
mod wrapper;

pub use jinja::template_script;
pub use script::{request, waiting_script};
pub use tail::tidied;
pub use wrapper::code_script;

use crate::endpoints::Shared;
use axum::Router;
use axum::routing::{get, post};

/// What there is.
pub(crate) const ROUTES: [(&str, &str); 4] = [
    ("POST", "/v1/sandbox/run"),
    ("GET", "/v1/sandbox/dependencies"),
    ("GET", "/v1/sandbox/dependencies/refresh"),
    ("POST", "/v1/sandbox/dependencies/update"),
];

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/v1/sandbox/run", post(run::run))
        .route("/v1/sandbox/dependencies", get(dependencies::list))
        .route("/v1/sandbox/dependencies/refresh", get(dependencies::list))
        .route("/v1/sandbox/dependencies/update", post(dependencies::update))
        .with_state(shared)
}
