//! Requests as spans of OpenTelemetry, at a collector that the test plays.

use crate::process::Server;
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::function_service_client::FunctionServiceClient;
use ampoule_api::v1::{ExecuteRequest, FunctionReference, Language, PutFunctionRequest, Source};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// Keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Span>>>);

impl Collector {
    async fn start() -> (Collector, String) {
        let (collector, listener) = (Collector::default(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let service = TraceServiceServer::new(collector.clone());
        let incoming = TcpListenerStream::new(listener);
        tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
        (collector, endpoint)
    }

    /// Names of what is directly below a request of that status, in the order of their beginnings.
    fn below(&self, status: &str) -> Vec<String> {
        let spans = self.0.lock().unwrap();
        let is_it =
            |span: &&Span| attribute(span, "ampoule.status") == Some(Value::StringValue(status.into()));
        let above = &spans.iter().find(is_it).expect("it has a span").span_id;
        let mut below: Vec<&Span> = spans.iter().filter(|span| span.parent_span_id == *above).collect();
        below.sort_by_key(|span| span.start_time_unix_nano);
        below.iter().map(|span| span.name.clone()).collect()
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let scopes = request.into_inner().resource_spans.into_iter().flat_map(|spans| spans.scope_spans);
        self.0.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn request(code: &str) -> Request<ExecuteRequest> {
    let source = Source { language: Language::Python.into(), code: code.into(), ..Source::default() };
    Request::new(ExecuteRequest { source: Some(source), ..ExecuteRequest::default() })
}

fn attribute(span: &Span, key: &str) -> Option<Value> {
    span.attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value
}

fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_spans_below_their_callers_and_the_last_are_sent_at_the_end() {
    let (collector, endpoint) = Collector::start().await;
    let server = Server::start(&format!("[traces]\nendpoint = \"{endpoint}\""));
    let mut client = ExecutionServiceClient::connect(format!("http://{}", server.address)).await.unwrap();
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let called = |flags: &str, code: &str| {
        let mut request = request(code);
        let header = format!("00-{trace}-{parent}-{flags}");
        request.metadata_mut().insert("traceparent", header.parse().unwrap());
        request
    };
    client.execute(called("01", "e secret-source")).await.unwrap();
    client.execute(called("00", "e")).await.unwrap();
    client.execute(request("f secret-source")).await.unwrap();
    drop(client);
    server.signal("-TERM");
    let (code, rest) = tokio::task::spawn_blocking(move || server.end()).await.unwrap();
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains(&format!("\"trace_id\":\"{trace}\"")), "{rest}");
    let spans = collector.0.lock().unwrap().clone();
    let text = |text: &str| Some(Value::StringValue(text.into()));
    let requests: Vec<&Span> = spans.iter().filter(|span| span.name == "ampoule.request").collect();
    let (called, own) = match requests[..] {
        [one, other] if hex(&one.trace_id) == trace => (one, other),
        [one, other] => (other, one),
        _ => panic!("what the caller does not keep is not sent: {spans:?}"),
    };
    // What each waited for and did: both programs are seen for the first time.
    for request in [called, own] {
        let below: Vec<&Span> = spans.iter().filter(|span| span.parent_span_id == request.span_id).collect();
        let mut names: Vec<&str> = below.iter().map(|span| span.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["compile", "queue", "run"], "{spans:?}");
        for span in below {
            assert_eq!(span.trace_id, request.trace_id);
            assert!(span.start_time_unix_nano >= request.start_time_unix_nano, "{span:?}");
            assert!(span.end_time_unix_nano <= request.end_time_unix_nano, "{span:?}");
        }
    }
    assert_eq!(spans.len(), 8, "{spans:?}");
    assert_eq!((hex(&called.trace_id), hex(&called.parent_span_id)), (trace.into(), parent.into()));
    assert!(own.parent_span_id.is_empty() && hex(&own.trace_id) != trace);
    for (span, status) in [(called, "completed"), (own, "raised")] {
        assert_eq!(attribute(span, "ampoule.status"), text(status));
        assert_eq!(attribute(span, "ampoule.tenant"), text("open"));
        assert_eq!(attribute(span, "ampoule.language"), text("python"));
        assert_eq!(attribute(span, "ampoule.entry"), text("main"));
        for number in ["fuel", "queue_us", "wall_us", "cpu_us"] {
            let value = attribute(span, &format!("ampoule.{number}"));
            assert!(matches!(value, Some(Value::IntValue(_))), "{number}: {value:?}");
        }
        assert!(span.end_time_unix_nano > span.start_time_unix_nano);
        assert!(!format!("{span:?}").contains("secret"), "{span:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_for_a_function_is_below_its_request() {
    let (collector, endpoint) = Collector::start().await;
    let server = Server::start(&format!("[traces]\nendpoint = \"{endpoint}\""));
    let address = format!("http://{}", server.address);
    let mut functions = FunctionServiceClient::connect(address.clone()).await.unwrap();
    let source = request("e").into_inner().source;
    functions
        .put_function(PutFunctionRequest { name: "f".into(), source, ..Default::default() })
        .await
        .unwrap();
    let mut client = ExecutionServiceClient::connect(address).await.unwrap();
    let function = Some(FunctionReference { name: "f".into(), ..Default::default() });
    client.execute(ExecuteRequest { function, ..Default::default() }).await.unwrap();
    drop((functions, client));
    server.signal("-TERM");
    let (code, rest) = tokio::task::spawn_blocking(move || server.end()).await.unwrap();
    assert_eq!(code, Some(0), "{rest}");
    assert_eq!(collector.below("managed"), ["queue", "compile", "run", "store", "store"]);
    assert_eq!(collector.below("completed"), ["store", "queue", "run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_disturbs_nobody() {
    // Nobody listens there any more.
    let endpoint = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(&format!("[traces]\nendpoint = \"http://{endpoint}\""));
    let mut client = ExecutionServiceClient::connect(format!("http://{}", server.address)).await.unwrap();
    let started = Instant::now();
    for _ in 0..20 {
        client.execute(request("e")).await.unwrap();
    }
    drop(client);
    server.signal("-TERM");
    let (code, rest) = tokio::task::spawn_blocking(move || server.end()).await.unwrap();
    assert_eq!(code, Some(0), "{rest}");
    assert!(started.elapsed() < Duration::from_secs(30), "it waited for the collector");
}
