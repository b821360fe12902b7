//! Runs fixtures: in process or through gRPC.

use super::compare::{Answer, describe, differences};
use super::fixture::Fixture;
use super::{block_on, service_with_slots, spawn};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::{execution_from_proto, request_to_proto};
use ampoule_model::{Outcome, Request, Usage};
use ampoule_service::Service;
use std::sync::LazyLock;
use std::time::Duration;
use tonic::transport::Channel;

/// Bigger than every message a default server answers with.
const LARGEST_MESSAGE: usize = 128 << 20;

/// A way to have a request executed.
#[derive(Clone)]
pub(crate) enum Way {
    /// By the service, in this process.
    InProcess(Service),
    /// By a server of this process, over loopback.
    Grpc(ExecutionServiceClient<Channel>),
}

impl Way {
    /// A service of this process with a few slots.
    pub(crate) fn in_process() -> Way {
        static SERVICE: LazyLock<Service> = LazyLock::new(|| service_with_slots(8));
        Way::InProcess(SERVICE.clone())
    }

    /// A server on a free port of loopback, which lives as long as the tests.
    pub(crate) fn grpc() -> Way {
        static CLIENT: LazyLock<ExecutionServiceClient<Channel>> = LazyLock::new(|| {
            block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let address = listener.local_addr().expect("it is bound");
                let service = service_with_slots(8);
                spawn(async move {
                    let (_forever, shutdown) = ampoule_service::Shutdown::new();
                    let access =
                        ampoule_auth::Authenticator::new(&Default::default(), &service).expect("no keys");
                    ampoule_grpc::serve(
                        service,
                        access,
                        ampoule_connection::Listener::plain(listener, ampoule_connection::Protocol::Http2),
                        shutdown,
                    )
                    .await;
                });
                let channel =
                    Channel::from_shared(format!("http://{address}")).expect("an address").connect_lazy();
                ExecutionServiceClient::new(channel)
                    .max_decoding_message_size(LARGEST_MESSAGE)
                    .max_encoding_message_size(LARGEST_MESSAGE)
            })
        });
        Way::Grpc(CLIENT.clone())
    }

    /// Executes one request.
    pub(crate) fn execute(&self, request: Request) -> Answer {
        match self {
            Way::InProcess(service) => execute(service, request),
            Way::Grpc(client) => block_on(async {
                let answer = client.clone().execute(request_to_proto(request)).await;
                let response = answer.map_err(|status| status.to_string())?.into_inner();
                execution_from_proto(response)
                    .map(|execution| execution.outcome)
                    .map_err(|error| error.to_string())
            }),
        }
    }
}

/// Executes one request by a service.
pub(crate) fn execute(service: &Service, request: Request) -> Answer {
    block_on(service.execute(request)).map(|execution| execution.outcome).map_err(|error| error.to_string())
}

/// Runs a fixture as often as it asks for; the outcome of the last run, or the report of what is wrong.
pub(crate) fn check(way: &Way, fixture: &Fixture) -> Result<Answer, String> {
    let mut first: Option<Outcome> = None;
    let mut answer = Err("never ran".to_owned());
    for round in 1..=fixture.repeats.max(1) {
        answer = way.execute(fixture.request.clone());
        let mut wrong = differences(&fixture.expected, &answer);
        if let Ok(outcome) = &answer {
            let timeless = without_times(outcome);
            match &first {
                None => first = Some(timeless),
                Some(first) if *first != timeless => wrong.push(format!(
                    "run {round} differs from the first (fuel {} and {}, memory {} and {}):\n{}\n-- first:\n{}",
                    timeless.usage.fuel,
                    first.usage.fuel,
                    timeless.usage.peak_memory_bytes,
                    first.usage.peak_memory_bytes,
                    describe(&timeless),
                    describe(first)
                )),
                Some(_) => {}
            }
        }
        if !wrong.is_empty() {
            return Err(format!("{}\n- {}", fixture.expected.about, wrong.join("\n- ")));
        }
    }
    Ok(answer)
}

/// An outcome without what no mode can fix: real time.
pub(crate) fn without_times(outcome: &Outcome) -> Outcome {
    let mut timeless = outcome.clone();
    timeless.usage = Usage {
        wall_time: Duration::ZERO,
        cpu_time: Duration::ZERO,
        sleep_time: Duration::ZERO,
        wait_time: Duration::ZERO,
        queue_time: Duration::ZERO,
        ..outcome.usage
    };
    timeless
}
