//! The server: its services, health, draining.

use crate::aside::{self, Aside};
use crate::auth::AuthLayer;
use crate::connection;
use crate::execution::Executions;
use crate::functions::Functions;
use crate::host::HostLayer;
use crate::runtime::Runtimes;
use crate::status;
use crate::usage::Usages;
use ampoule_api::v1::execution_service_server::ExecutionServiceServer;
use ampoule_api::v1::function_service_server::FunctionServiceServer;
use ampoule_api::v1::runtime_service_server::RuntimeServiceServer;
use ampoule_api::v1::usage_service_server::UsageServiceServer;
use ampoule_auth::Authenticator;
use ampoule_connection::Listener;
use ampoule_service::{Service, Shutdown};
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tower::Layer;
use tower::util::MapResponse;

/// Serves on `listener`. Health becomes NOT_SERVING when `shutdown` says that the server leaves, so that
/// balancers send elsewhere first; when it drains, no more requests are taken, and this returns when those in
/// flight have ended.
pub async fn serve(service: Service, access: Authenticator, listener: Listener, shutdown: Shutdown) {
    let largest = service.sizes().largest_request();
    let executions = ExecutionServiceServer::new(Executions { service: service.clone() })
        // What admission would refuse is refused before it is taken in.
        .max_decoding_message_size(largest);
    // Who calls is looked at before anything of the message is.
    let executions = AuthLayer::new(&access, &service, largest, executions);
    let functions = Functions { service: service.clone(), access: access.clone() };
    let functions = FunctionServiceServer::new(functions).max_decoding_message_size(largest);
    let functions = AuthLayer::new(&access, &service, largest, functions);
    let runtimes = RuntimeServiceServer::new(Runtimes { service: service.clone() });
    let runtimes = AuthLayer::new(&access, &service, largest, runtimes);
    let usages = UsageServiceServer::new(Usages { service: service.clone() });
    let usages = AuthLayer::new(&access, &service, largest, usages);
    let unread = service.unread();
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<ExecutionServiceServer<Executions>>().await;
    health.set_serving::<FunctionServiceServer<Functions>>().await;
    health.set_serving::<RuntimeServiceServer<Runtimes>>().await;
    health.set_serving::<UsageServiceServer<Usages>>().await;
    let health_service = Aside::new(health_service.max_decoding_message_size(aside::LARGEST), unread);
    let v1 = reflection().build_v1().expect("our descriptors are valid");
    let v1alpha = reflection().build_v1alpha().expect("our descriptors are valid");
    let hosts = listener.address().map(|address| access.hosts(address.ip()));
    let routes = Routes::new(executions)
        .add_service(functions)
        .add_service(runtimes)
        .add_service(usages)
        .add_service(health_service)
        .add_service(Aside::new(v1.max_decoding_message_size(aside::LARGEST), unread))
        .add_service(Aside::new(v1alpha.max_decoding_message_size(aside::LARGEST), unread));
    let explained = move |response: http::Response<Body>| status::explain_too_large(response, largest);
    let called = HostLayer::new(hosts).layer(MapResponse::new(routes.prepare(), explained));
    let leaving = shutdown.clone();
    let leave = async {
        leaving.leaving().await;
        // The empty name is the server as a whole.
        health.set_service_status("", ServingStatus::NotServing).await;
        health.set_not_serving::<ExecutionServiceServer<Executions>>().await;
        health.set_not_serving::<FunctionServiceServer<Functions>>().await;
        health.set_not_serving::<RuntimeServiceServer<Runtimes>>().await;
        health.set_not_serving::<UsageServiceServer<Usages>>().await;
        leaving.draining().await;
        service.drain();
    };
    tokio::join!(leave, connection::accept(called, listener, shutdown));
}

/// Tools still differ in the version of reflection they speak, so both are on.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    // Administration has a port of its own.
    [
        <ExecutionServiceServer<Executions> as NamedService>::NAME,
        <FunctionServiceServer<Functions> as NamedService>::NAME,
        <RuntimeServiceServer<Runtimes> as NamedService>::NAME,
        <UsageServiceServer<Usages> as NamedService>::NAME,
        tonic_health::pb::health_server::SERVICE_NAME,
    ]
    .into_iter()
    .fold(descriptors(), |builder, name| builder.with_service_name(name))
}

/// All messages and services, on whichever port.
pub(crate) fn descriptors() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(ampoule_api::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
