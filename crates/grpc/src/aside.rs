//! Services that everybody may call, health and reflection: so few at a time that nobody fills memory with them, and none that
//! keeps its connection from making room for others.

use crate::unpack;
use ampoule_connection::{Accepted, Held};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// Of one connection at the same time. A client watches the health of a service or two, and looks at one thing at a time.
const MOST: usize = 16;

/// The largest message to them: names of services and of what is in them.
pub(crate) const LARGEST: usize = 4 << 10;

/// A service that everybody may call.
#[derive(Clone)]
pub(crate) struct Aside<S>(S);

impl<S> Aside<S> {
    /// `service` takes messages of [`LARGEST`] bytes at most.
    pub(crate) fn new(service: S) -> Aside<S> {
        Aside(service)
    }
}

impl<S: NamedService> NamedService for Aside<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Aside<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let aside = request.extensions().get::<Accepted>().map(|accepted| accepted.activity.aside(MOST));
        if let Some(None) = aside {
            let text =
                format!("the connection has {MOST} calls to health and reflection already: end one first");
            return Box::pin(async move { Ok(Status::resource_exhausted(text).into_http()) });
        }
        let request = match unpack::takes(request.headers_mut()) {
            Ok(false) => request,
            // Too little to be counted.
            Ok(true) => request.map(|body| unpack::unpacking(body, LARGEST, None)),
            Err(refusal) => return Box::pin(async move { Ok(refusal.into_http()) }),
        };
        let answering = self.0.call(request);
        Box::pin(async move { Ok(answering.await?.map(|body| Body::new(Held::new(body, aside)))) })
    }
}
