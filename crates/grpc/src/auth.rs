//! Looks at who calls before anything of the message is read, puts the tenant beside the call, and has the
//! memory of what comes and goes counted as the tenant's.

use crate::{receiving, status, unpack, unread};
use ampoule_auth::Authenticator;
use ampoule_connection::{Accepted, Activity, Busy, Held, Peer};
use ampoule_service::Service as Accounts;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

/// A gRPC service behind a door.
#[derive(Clone)]
pub(crate) struct AuthLayer<S> {
    access: Authenticator,
    accounts: Accounts,
    largest: usize,
    service: S,
}

impl<S> AuthLayer<S> {
    /// `largest`: the largest message that `service` takes.
    pub(crate) fn new(
        access: &Authenticator,
        accounts: &Accounts,
        largest: usize,
        service: S,
    ) -> AuthLayer<S> {
        AuthLayer { access: access.clone(), accounts: accounts.clone(), largest, service }
    }
}

impl<S: NamedService> NamedService for AuthLayer<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for AuthLayer<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<Body>, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (access, accounts, largest) = (self.access.clone(), self.accounts.clone(), self.largest);
        // The one that is ready is used, and its clone takes its place.
        let next = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, next);
        Box::pin(async move {
            let accepted = request.extensions().get::<Accepted>().cloned();
            let peer = accepted.as_ref().map_or_else(Peer::default, |accepted| accepted.peer);
            match access.tenant(request.headers(), peer).await {
                Ok(tenant) => {
                    // From here on the connection is not ended to make room for others.
                    let busy = accepted.map(|accepted| busy(&accepted.activity, tenant.name())).transpose();
                    let busy = match busy {
                        Ok(busy) => busy,
                        Err(ended) => return Ok(ended.into_http()),
                    };
                    request.extensions_mut().insert(tenant.clone());
                    let packed = match unpack::takes(request.headers_mut()) {
                        Ok(packed) => packed,
                        Err(refusal) => return Ok(refusal.into_http()),
                    };
                    let request = request.map(|body| {
                        let body = receiving::receiving(&accounts, &tenant, largest, body);
                        if packed {
                            unpack::unpacking(body, largest, Some(accounts.receive(&tenant)))
                        } else {
                            body
                        }
                    });
                    let response = service.call(request).await?;
                    let response = unread::sending(&accounts, &tenant, busy.as_ref(), response);
                    Ok(response.map(|body| Body::new(Held::new(body, busy))))
                }
                Err(denied) => Ok(status::of_denied(denied).into_http()),
            }
        })
    }
}

/// A call of somebody who was let in; where its connection was ended at this very moment, nothing is done
/// that nobody would hear of.
fn busy(activity: &Activity, tenant: &str) -> Result<Busy, Status> {
    let busy = activity
        .begin()
        .ok_or_else(|| Status::unavailable("the connection made room for another: call again"))?;
    activity.let_in(tenant);
    Ok(busy)
}
