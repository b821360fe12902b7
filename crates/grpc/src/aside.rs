//! Services that everybody may call, health and reflection: so few at a time that nobody fills memory with
//! them, and none that keeps its connection from making room for others.

use crate::{receiving, unpack, unread};
use ampoule_connection::{Accepted, Held};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// Of one connection at the same time. A client watches the health of a service or two, and looks at one
/// thing at a time.
const MOST: usize = 16;

/// The largest message to them: names of services and of what is in them.
pub(crate) const LARGEST: usize = 4 << 10;

/// A service that everybody may call.
#[derive(Clone)]
pub(crate) struct Aside<S>(S, Duration);

impl<S> Aside<S> {
    /// `service` takes messages of [`LARGEST`] bytes at most, and its answers may lie unread for so long.
    pub(crate) fn new(service: S, unread: Duration) -> Aside<S> {
        Aside(service, unread)
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
            Ok(false) => request.map(receiving::few_messages),
            // Few, and each of them too little to be counted.
            Ok(true) => request.map(|body| unpack::unpacking(receiving::few_messages(body), LARGEST, None)),
            Err(refusal) => return Box::pin(async move { Ok(refusal.into_http()) }),
        };
        let answering = self.0.call(request);
        let unread = self.1;
        Box::pin(async move {
            let answer = answering.await?;
            Ok(answer.map(|body| Body::new(Held::new(unread::given_up_after(unread, body), aside))))
        })
    }
}
