//! Looks at the name by which the server is called, before anything else of a call: [`Hosts`].

use ampoule_auth::{Hosts, Stranger};
use futures_util::future::{Either, Ready, ready};
use http::{Request, Response};
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

/// In front of all services.
#[derive(Clone)]
pub(crate) struct HostLayer(Option<Hosts>);

impl HostLayer {
    /// Without hosts nobody is let in: the listener is gone.
    pub(crate) fn new(hosts: Option<Hosts>) -> HostLayer {
        HostLayer(hosts)
    }
}

impl<S> Layer<S> for HostLayer {
    type Service = Called<S>;

    fn layer(&self, service: S) -> Called<S> {
        Called { hosts: self.0.clone(), service }
    }
}

/// Services that are called by certain names only.
#[derive(Clone)]
pub(crate) struct Called<S> {
    hosts: Option<Hosts>,
    service: S,
}

impl<S> Service<Request<Body>> for Called<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response<Body>, S::Error>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let checked = match &self.hosts {
            Some(hosts) => hosts.check(request.version(), request.uri(), request.headers()),
            None => Err(Stranger::NoHost),
        };
        match checked {
            Ok(()) => Either::Right(self.service.call(request)),
            Err(stranger) => {
                tracing::debug!(%stranger, "a call was refused");
                let status = Status::permission_denied(stranger.to_string());
                Either::Left(ready(Ok(status.into_http())))
            }
        }
    }
}
