//! `ampoule.admin.v1.TenantService`, on a listener of its own.

use crate::aside::{self, Aside};
use crate::connection;
use crate::server::descriptors;
use crate::status;
use ampoule_api::admin::v1::tenant_service_server::{TenantService, TenantServiceServer};
use ampoule_api::admin::v1::{
    CreateKeyRequest, CreateKeyResponse, CreateTenantRequest, CreateTenantResponse, DeleteTenantRequest,
    DeleteTenantResponse, GetTenantRequest, GetTenantResponse, GetTenantUsageRequest, GetTenantUsageResponse,
    ListTenantsRequest, ListTenantsResponse, RevokeKeyRequest, RevokeKeyResponse, RotateKeyRequest,
    RotateKeyResponse, UpdateTenantRequest, UpdateTenantResponse,
};
use ampoule_auth::AdminKeys;
use ampoule_connection::{ADMINISTRATORS, Accepted, Held, Listener};
use ampoule_service::Shutdown;
use ampoule_tenants::{Admin, Refused};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic::{Code, Request, Response, Status};

/// A tenant with all its keys and certificates has a few KiB.
const LARGEST: usize = 256 << 10;

/// How long answers to reflection may lie unread.
const UNREAD: Duration = Duration::from_secs(60);

/// Serves those who administer tenants on `listener`, to whoever has one of the keys, until `shutdown` says
/// that it drains and what was begun is answered.
pub async fn serve_admin(admin: Admin, keys: AdminKeys, listener: Listener, shutdown: Shutdown) {
    let tenants = TenantServiceServer::new(Tenants(admin.clone())).max_decoding_message_size(LARGEST);
    let reflection = || descriptors().with_service_name(<TenantServiceServer<Tenants> as NamedService>::NAME);
    let v1 = reflection().build_v1().expect("our descriptors are valid");
    let v1alpha = reflection().build_v1alpha().expect("our descriptors are valid");
    let routes = Routes::new(AdminDoor { keys, admin, service: tenants })
        .add_service(Aside::new(v1.max_decoding_message_size(aside::LARGEST), UNREAD))
        .add_service(Aside::new(v1alpha.max_decoding_message_size(aside::LARGEST), UNREAD));
    connection::accept(routes.prepare(), listener, shutdown).await;
}

/// The id of the key that a call has.
#[derive(Clone)]
struct By(Arc<str>);

/// Looks at the key before anything of the message is read.
#[derive(Clone)]
struct AdminDoor {
    keys: AdminKeys,
    admin: Admin,
    service: TenantServiceServer<Tenants>,
}

impl NamedService for AdminDoor {
    const NAME: &'static str = <TenantServiceServer<Tenants> as NamedService>::NAME;
}

impl tower::Service<http::Request<Body>> for AdminDoor {
    type Response = http::Response<Body>;
    type Error = <TenantServiceServer<Tenants> as tower::Service<http::Request<Body>>>::Error;
    type Future = BoxFuture<'static, Result<http::Response<Body>, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        tower::Service::<http::Request<Body>>::poll_ready(&mut self.service, context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let by = match self.keys.of_call(request.headers()) {
            Ok(by) => by,
            Err(denied) => {
                self.admin.count_denied();
                return Box::pin(async move { Ok(status::of_denied(denied).into_http()) });
            }
        };
        // From here on the connection is not ended to make room for others.
        let busy = request
            .extensions()
            .get::<Accepted>()
            .map(|accepted| accepted.activity.begin().inspect(|_| accepted.activity.let_in(ADMINISTRATORS)));
        if let Some(None) = busy {
            let gone = Status::unavailable("the connection made room for another: call again");
            return Box::pin(async move { Ok(gone.into_http()) });
        }
        request.extensions_mut().insert(By(by));
        let answering = self.service.call(request);
        Box::pin(async move { Ok(answering.await?.map(|body| Body::new(Held::new(body, busy)))) })
    }
}

struct Tenants(Admin);

#[tonic::async_trait]
impl TenantService for Tenants {
    async fn create_tenant(
        &self,
        request: Request<CreateTenantRequest>,
    ) -> Result<Response<CreateTenantResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("create tenant", &by, self.0.create_tenant(&by, message).await)
    }

    async fn get_tenant(
        &self,
        request: Request<GetTenantRequest>,
    ) -> Result<Response<GetTenantResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("get tenant", &by, self.0.get_tenant(&message))
    }

    async fn list_tenants(
        &self,
        request: Request<ListTenantsRequest>,
    ) -> Result<Response<ListTenantsResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("list tenants", &by, self.0.list_tenants(&message))
    }

    async fn update_tenant(
        &self,
        request: Request<UpdateTenantRequest>,
    ) -> Result<Response<UpdateTenantResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("update tenant", &by, self.0.update_tenant(&by, message).await)
    }

    async fn delete_tenant(
        &self,
        request: Request<DeleteTenantRequest>,
    ) -> Result<Response<DeleteTenantResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("delete tenant", &by, self.0.delete_tenant(&by, message).await)
    }

    async fn create_key(
        &self,
        request: Request<CreateKeyRequest>,
    ) -> Result<Response<CreateKeyResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("create key", &by, self.0.create_key(&by, message).await)
    }

    async fn rotate_key(
        &self,
        request: Request<RotateKeyRequest>,
    ) -> Result<Response<RotateKeyResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("rotate key", &by, self.0.rotate_key(&by, message).await)
    }

    async fn revoke_key(
        &self,
        request: Request<RevokeKeyRequest>,
    ) -> Result<Response<RevokeKeyResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("revoke key", &by, self.0.revoke_key(&by, message).await)
    }

    async fn get_tenant_usage(
        &self,
        request: Request<GetTenantUsageRequest>,
    ) -> Result<Response<GetTenantUsageResponse>, Status> {
        let (By(by), message) = enter(request)?;
        answer("get tenant usage", &by, self.0.get_tenant_usage(&message))
    }
}

fn enter<T>(request: Request<T>) -> Result<(By, T), Status> {
    let by = request.extensions().get::<By>().cloned();
    Ok((by.ok_or_else(|| Status::internal("nobody looked at who calls"))?, request.into_inner()))
}

fn answer<T>(what: &'static str, by: &str, answered: Result<T, Refused>) -> Result<Response<T>, Status> {
    ampoule_tenants::log_call("grpc", what, by, &answered);
    answered
        .map(Response::new)
        .map_err(|refused| Status::new(Code::from(refused.code.grpc()), refused.message))
}
