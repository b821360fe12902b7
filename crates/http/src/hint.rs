//! What is answered where there is nothing: the nearest that there is.

use crate::api::status::Refusal;
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// Paths that are compared and shown are cut here, so that comparing takes microseconds.
const LONGEST: usize = 100;

/// As alike as this a path must be to be meant.
const ALIKE: f64 = 0.6;

/// So many are named.
const MOST: usize = 3;

/// Methods and paths that there are, of which parts can stand for others: `/v1/functions/{name}`.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    routes: Arc<[(String, String)]>,
    /// Where all is described.
    description: Option<&'static str>,
}

impl Routes {
    pub(crate) fn new(
        routes: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
        description: Option<&'static str>,
    ) -> Routes {
        let routes = routes.into_iter().map(|(method, path)| (method.into(), path.into()));
        Routes { routes: routes.collect(), description }
    }

    /// Has `router` answer with hints where it has nothing.
    pub(crate) fn hinted(self, router: Router) -> Router {
        let of_method = self.clone();
        router
            .fallback(async move |method: Method, uri: Uri| self.nothing_at(&method, &uri))
            .method_not_allowed_fallback(async move |method: Method, uri: Uri| {
                of_method.not_by(&method, &uri)
            })
    }

    fn nothing_at(&self, method: &Method, uri: &Uri) -> Response {
        let path = cut(uri.path());
        let (begin, named) = if path == "/" {
            ("there are".to_owned(), self.routes.iter().map(shown).collect::<Vec<_>>())
        } else {
            let nearest = self.nearest(method, path);
            let meant = if nearest.is_empty() { "there are" } else { "did you mean" };
            let named = if nearest.is_empty() { self.routes.iter().map(shown).collect() } else { nearest };
            (format!("there is nothing at '{}': {meant}", path.escape_debug()), named)
        };
        let end = if begin.ends_with("mean") { "?" } else { "" };
        self.told(StatusCode::NOT_FOUND, format!("{begin} {}{end}", named.join(", ")))
    }

    /// What the header Allow tells, too.
    fn not_by(&self, method: &Method, uri: &Uri) -> Response {
        let path = cut(uri.path());
        let here = self.routes.iter().filter(|(_, route)| filled(route, path) == path).map(shown);
        let here = here.collect::<Vec<_>>().join(", ");
        let message =
            format!("{} is not taken by '{}': send {here}", cut(method.as_str()), path.escape_debug());
        self.told(StatusCode::METHOD_NOT_ALLOWED, message)
    }

    fn told(&self, status: StatusCode, message: String) -> Response {
        let description = self.description.map(|path| format!(" (GET {path} describes all)"));
        let message = message + description.as_deref().unwrap_or("");
        Refusal::nothing_here(status, message).into_response()
    }

    /// The most alike first, and of a path's methods the one that was sent.
    fn nearest(&self, method: &Method, path: &str) -> Vec<String> {
        let mut found: Vec<(f64, &(String, String))> = Vec::new();
        for route in self.routes.iter() {
            let (by, of) = route;
            let alike = strsim::normalized_damerau_levenshtein(path, &filled(of, path));
            if alike < ALIKE {
                continue;
            }
            match found.iter_mut().find(|(_, (_, other))| other == of) {
                Some((_, known)) if by == method.as_str() => *known = route,
                Some(_) => {}
                None => found.push((alike, route)),
            }
        }
        let sent = |route: &(String, String)| route.0 == method.as_str();
        found.sort_by(|(one, route), (other, than)| {
            other.total_cmp(one).then_with(|| sent(than).cmp(&sent(route)))
        });
        found.into_iter().take(MOST).map(|(_, route)| shown(route)).collect()
    }
}

fn shown((method, path): &(String, String)) -> String {
    format!("{method} {path}")
}

/// The route with the parts of `path` in the place of those that stand for others.
fn filled(route: &str, path: &str) -> String {
    let mut parts = path.split('/');
    let filled = route.split('/').map(|of_route| {
        let part = parts.next().unwrap_or_default();
        match of_route.split_once('}') {
            // `{name}`, or `{name}:call`.
            Some((_, rest)) if of_route.starts_with('{') => {
                let name =
                    if rest.is_empty() { part } else { part.rsplit_once(':').map_or(part, |(name, _)| name) };
                format!("{name}{rest}")
            }
            _ => of_route.to_owned(),
        }
    });
    filled.collect::<Vec<_>>().join("/")
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_what_was_meant() {
        let routes = Routes::new(
            [
                ("POST", "/v1/execute"),
                ("POST", "/v1/execute:batch"),
                ("GET", "/v1/functions"),
                ("PUT", "/v1/functions/{name}"),
                ("GET", "/v1/functions/{name}"),
                ("POST", "/v1/functions/{name}:call"),
                ("GET", "/health"),
            ],
            None,
        );
        let cases = [
            (Method::POST, "/v1/exec", "POST /v1/execute"),
            (Method::POST, "/execute", "POST /v1/execute"),
            (Method::POST, "/v1/execute/batch", "POST /v1/execute:batch"),
            (Method::GET, "/v1/function", "GET /v1/functions"),
            (Method::GET, "/v1/function/rates", "GET /v1/functions/{name}"),
            (Method::PUT, "/v1/function/rates", "PUT /v1/functions/{name}"),
            (Method::POST, "/v1/function/rates:call", "POST /v1/functions/{name}:call"),
            (Method::GET, "/healthz", "GET /health"),
        ];
        for (method, path, meant) in cases {
            let nearest = routes.nearest(&method, path);
            assert_eq!(nearest.first().map(String::as_str), Some(meant), "{path}: {nearest:?}");
            assert!(nearest.len() <= MOST);
        }
        for path in ["/", "/favicon.ico", "/wp-admin/setup.php", "*"] {
            assert!(routes.nearest(&Method::GET, path).is_empty(), "{path}");
        }
    }
}
