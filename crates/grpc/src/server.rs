//! The server: services, limits of the transport, draining.

use crate::aside::Aside;
use crate::door::Door;
use crate::execution::Executions;
use crate::functions::Functions;
use crate::host::HostLayer;
use crate::runtime::Runtimes;
use crate::status;
use ampoule_access::Access;
use ampoule_api::v1::execution_service_server::ExecutionServiceServer;
use ampoule_api::v1::function_service_server::FunctionServiceServer;
use ampoule_api::v1::runtime_service_server::RuntimeServiceServer;
use ampoule_connection::{Connection, Listener};
use ampoule_service::{Ending, Service};
use futures_util::{Stream, stream};
use std::convert::Infallible;
use std::time::Duration;
use tonic::body::Body;
use tonic::transport::{Error, Server};
use tonic_health::ServingStatus;
use tower::util::MapResponseLayer;

/// Finds clients that vanished without a word (a cable, a machine), whose executions would otherwise run to their end.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Flow control windows: a request of the common size goes through without waiting for a window update, a large one
/// with few; more would let idle callers fill memory.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// Calls one connection can have at the same time; the service's queue is the real bound.
const STREAMS_PER_CONNECTION: u32 = 1024;

/// The largest message to health and reflection, which everybody may call: names of services and of what is in them.
const LARGEST_ASIDE: usize = 4 << 10;

/// Serves on `listener`. Health becomes NOT_SERVING when `ending` says that the server leaves, so that balancers
/// send elsewhere first; when it drains, no more requests are taken, and this returns when those in flight have ended.
pub async fn serve(
    service: Service,
    access: Access,
    listener: Listener,
    ending: Ending,
) -> Result<(), Error> {
    let largest = service.sizes().largest_request();
    let executions = ExecutionServiceServer::new(Executions { service: service.clone() })
        // What admission would refuse is refused before it is taken in.
        .max_decoding_message_size(largest);
    // Who calls is looked at before anything of the message is.
    let executions = Door::new(&access, &service, largest, executions);
    let functions = Functions { service: service.clone(), access: access.clone() };
    let functions = FunctionServiceServer::new(functions).max_decoding_message_size(largest);
    let functions = Door::new(&access, &service, largest, functions);
    let runtimes = RuntimeServiceServer::new(Runtimes { service: service.clone() });
    let runtimes = Door::new(&access, &service, largest, runtimes);
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<ExecutionServiceServer<Executions>>().await;
    health.set_serving::<FunctionServiceServer<Functions>>().await;
    health.set_serving::<RuntimeServiceServer<Runtimes>>().await;
    let health_service = Aside::new(health_service.max_decoding_message_size(LARGEST_ASIDE));
    let v1 = reflection().build_v1().expect("our descriptors are valid");
    let v1alpha = reflection().build_v1alpha().expect("our descriptors are valid");
    let hosts = listener.address().map(|address| access.hosts(address.ip()));
    let end = ending.clone();
    let leave = tokio::spawn(async move {
        end.leaving().await;
        // The empty name is the server as a whole.
        health.set_service_status("", ServingStatus::NotServing).await;
        health.set_not_serving::<ExecutionServiceServer<Executions>>().await;
        health.set_not_serving::<FunctionServiceServer<Functions>>().await;
        health.set_not_serving::<RuntimeServiceServer<Runtimes>>().await;
    });
    let drained = async {
        ending.draining().await;
        service.drain();
        let _ = leave.await;
    };
    Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .layer(HostLayer::new(hosts))
        .layer(MapResponseLayer::new(move |response: http::Response<Body>| {
            status::explain_too_large(response, largest)
        }))
        .add_service(executions)
        .add_service(functions)
        .add_service(runtimes)
        .add_service(health_service)
        .add_service(Aside::new(v1.max_decoding_message_size(LARGEST_ASIDE)))
        .add_service(Aside::new(v1alpha.max_decoding_message_size(LARGEST_ASIDE)))
        .serve_with_incoming_shutdown(connections(listener), drained)
        .await
}

/// A server takes a stream of connections that may fail; ours goes on for ever.
fn connections(listener: Listener) -> impl Stream<Item = Result<Connection, Infallible>> {
    stream::unfold(listener, async |mut listener| {
        let connection = listener.accept().await;
        Some((Ok(connection), listener))
    })
}

/// Tools still differ in the version of reflection they speak, so both are on.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(ampoule_api::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}
