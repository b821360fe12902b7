//! Tools can ask the server what it serves, in both versions of the reflection protocol.

use crate::support::Server;

const EXPECTED: [&str; 3] =
    ["ampoule.v1.ExecutionService", "ampoule.v1.RuntimeService", "grpc.health.v1.Health"];

macro_rules! lists_services {
    ($name:ident, $version:ident) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            use tonic_reflection::pb::$version::ServerReflectionRequest;
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;

            let server = Server::start(|_| {}).await;
            let mut client = ServerReflectionClient::new(server.channel().await);
            let asks = [
                MessageRequest::ListServices(String::new()),
                MessageRequest::FileContainingSymbol("ampoule.v1.ExecuteRequest".into()),
            ]
            .map(|ask| ServerReflectionRequest { host: String::new(), message_request: Some(ask) });
            let mut answers =
                client.server_reflection_info(tokio_stream::iter(asks)).await.unwrap().into_inner();
            let first = answers.message().await.unwrap().unwrap().message_response.unwrap();
            let MessageResponse::ListServicesResponse(list) = first else { panic!("{first:?}") };
            let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
            assert!(EXPECTED.iter().all(|name| names.contains(name)), "{names:?}");
            let second = answers.message().await.unwrap().unwrap().message_response.unwrap();
            assert!(matches!(second, MessageResponse::FileDescriptorResponse(_)), "{second:?}");
        }
    };
}

lists_services!(version_1, v1);
lists_services!(version_1_alpha, v1alpha);
