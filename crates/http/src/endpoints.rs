//! What a listener answers.

use crate::auth::{AuthPolicy, DifyKey};
use crate::body::{self, Received, Unusable};
use crate::hint::Routes;
use crate::{api, dify, health, rate_limit};
use ampoule_api::{PIECE, Pieces};
use ampoule_auth::Authenticator;
use ampoule_service::{Reading, Service, Tenant};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http_body::Frame;
use http_body_util::{BodyExt, Collected, Full};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What a listener answers; both parts can share one.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    /// `POST /v1/execute` and all else that `GET /openapi.json` describes, for tenants, or for everybody
    /// where none are listed.
    pub api: bool,
    /// The contract of Dify's sandbox, for tenants, or for who knows this key where none are listed.
    pub dify: Option<DifyKey>,
    /// How long clients may take.
    pub timeouts: Timeouts,
}

/// How long a client may take, so that a slow one holds nothing for ever.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a request's head, and how long a connection may lie idle.
    pub head: Duration,
    /// For a request's body.
    pub body: Duration,
    /// To take what is sent to it, beyond what reading it slowly takes.
    pub answer: Duration,
}

impl Default for Timeouts {
    /// A head or an idle connection longer than the clients' pools keep theirs, so that it is they who close;
    /// a body of the largest size at less than 1 MiB a second.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Timeouts { head: seconds(75), body: seconds(60), answer: seconds(60) }
    }
}

/// What every handler has at hand.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) service: Service,
    pub(crate) auth: AuthPolicy,
    /// The largest body taken in, in bytes.
    largest_body: usize,
    timeouts: Timeouts,
}

impl Shared {
    fn new(service: &Service, auth: AuthPolicy, timeouts: Timeouts) -> Self {
        // Base64 makes files a third larger, and in texts every quote and every line's end takes two bytes.
        let largest_body = 2 * service.sizes().largest_request();
        Shared { service: service.clone(), auth, largest_body, timeouts }
    }

    /// A request's whole body.
    pub(crate) async fn take_in(&self, tenant: &Tenant, body: Body) -> Result<Received, Unusable> {
        body::read(body, self.service.receive(tenant), self.largest_body, self.timeouts.body).await
    }

    /// An answer whose memory counts as its tenant's until it is written or given up.
    pub(crate) async fn send(&self, tenant: Option<&Tenant>, answer: Response) -> Response {
        let Some(tenant) = tenant else { return answer };
        let (mut head, body) = rate_limit::put(answer, tenant).into_parts();
        let body = match head.extensions.remove::<Pieces>() {
            Some(pieces) => match pieces.whole() {
                Some(bytes) => Body::from(self.service.sending(tenant, bytes)),
                None => self.reading(Made(pieces)),
            },
            None => {
                // All there already, in one piece.
                let bytes = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
                let large = bytes.len() > PIECE;
                let bytes = self.service.sending(tenant, bytes);
                if large { self.reading(Full::new(bytes)) } else { Body::from(bytes) }
            }
        };
        Response::from_parts(head, body)
    }

    /// A body that is given up where nobody reads it.
    pub(crate) fn reading<B>(&self, body: B) -> Body
    where
        B: http_body::Body<Data = Bytes, Error = Infallible> + Unpin + Send + 'static,
    {
        // HTTP/1.1 has no other way to say that an answer ends early than to close the connection.
        let body = body.map_err(|never| match never {});
        Body::new(Reading::new(body, self.timeouts.answer, Err))
    }
}

/// An answer that is made as it is read.
pub(crate) fn in_pieces(head: impl IntoResponse, pieces: Pieces) -> Response {
    let mut response = head.into_response();
    response.extensions_mut().insert(pieces);
    response
}

struct Made(Pieces);

impl http_body::Body for Made {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next_piece().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}

pub(crate) fn router(service: &Service, access: &Authenticator, endpoints: Endpoints) -> Router {
    let mut router = Router::new().route("/health", get(health::health));
    let mut routes = vec![("GET".to_owned(), "/health".to_owned())];
    let described = endpoints.api.then_some("/openapi.json");
    if endpoints.api {
        router = router.merge(api::router(Shared::new(
            service,
            AuthPolicy::Api(access.clone()),
            endpoints.timeouts,
        )));
        routes = api::openapi::routes();
    }
    if let Some(key) = endpoints.dify {
        router = router.merge(dify::router(Shared::new(
            service,
            AuthPolicy::Dify(access.clone(), key),
            endpoints.timeouts,
        )));
        routes.extend(dify::ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned())));
    }
    Routes::new(routes, described).hinted(router)
}
