//! By which names a server without tenants is called, on every listener, as a page would call it that has its
//! name point here. On a tiny guest, as in `tests/server/serve.rs`.

use crate::process::{Server, line_with};
use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::{ExecuteRequest, Language, Source};
use std::io::{Read, Write};
use std::net::TcpStream;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const ECHO: &str = "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"e\"}}";
const SCRIPT: &str = "{\"language\": \"python3\", \"code\": \"e\"}";

/// A status line, head and body.
fn send(address: &str, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n");
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

struct Listeners {
    server: Server,
    http: String,
    dify: String,
    monitoring: String,
}

fn start(config: &str) -> Listeners {
    let all = "http = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\ndify.listen = \"127.0.0.2:0\"\n";
    let mut server = Server::start(&format!("{all}{config}"));
    let mut address =
        || line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    let (http, dify) = (address(), address());
    let monitoring = server.monitoring.clone().unwrap();
    Listeners { server, http, dify, monitoring }
}

/// What a page would like to send.
fn requests(listeners: &Listeners) -> Vec<(&str, &'static str, &'static str, &'static str, &'static str)> {
    let (http, dify, monitoring) = (&*listeners.http, &*listeners.dify, &*listeners.monitoring);
    let json = "content-type: application/json\r\n";
    let key = "x-api-key: dify-sandbox\r\ncontent-type: application/json\r\n";
    vec![
        (http, "POST", "/v1/execute", json, ECHO),
        (http, "GET", "/v1/functions", "", ""),
        (http, "GET", "/v1/functions/x", "", ""),
        (http, "PUT", "/v1/functions/x", json, "{}"),
        (http, "DELETE", "/v1/functions/x", "", ""),
        (http, "GET", "/v1/images", "", ""),
        (http, "GET", "/openapi.json", "", ""),
        (http, "GET", "/health", "", ""),
        (http, "GET", "/nothing", "", ""),
        (dify, "POST", "/v1/sandbox/run", key, SCRIPT),
        (dify, "GET", "/v1/sandbox/dependencies", key, ""),
        (dify, "GET", "/health", "", ""),
        (monitoring, "GET", "/metrics", "", ""),
        (monitoring, "GET", "/healthz", "", ""),
        (monitoring, "GET", "/readyz", "", ""),
    ]
}

#[test]
fn pages_that_have_their_name_point_here_get_nowhere() {
    let listeners = start("allowed_hosts = [\"ampoule.example\"]");
    for (address, method, path, headers, body) in requests(&listeners) {
        let what = format!("{method} {path}");
        let with = |more: &str| send(address, method, path, &format!("{more}{headers}"), body);
        for refused in [
            "host: evil.example\r\n",
            "host: evil.example:8080\r\norigin: http://evil.example:8080\r\n",
            "host: localhost\r\norigin: http://evil.example\r\n",
            "host: localhost\r\norigin: null\r\n",
            "host: localhost\r\nhost: evil.example\r\n",
            "",
        ] {
            let answer = with(refused);
            // Hyper refuses two hosts itself, or leaves them to us.
            let is_refused = answer.starts_with("HTTP/1.1 403 ") || answer.starts_with("HTTP/1.1 400 ");
            assert!(is_refused, "{what} with {refused:?}: {answer}");
        }
        let answer = with("host: evil.example\r\n");
        assert!(answer.contains("permission_denied") && answer.contains("'evil.example'"), "{answer}");
        assert!(answer.contains("allowed_hosts"), "{answer}");
        for good in ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "[::1]:8080", "ampoule.example"] {
            let answer = with(&format!("host: {good}\r\n"));
            assert!(!answer.starts_with("HTTP/1.1 403"), "{what} as {good}: {answer}");
        }
        let own_page = with("host: ampoule.example\r\norigin: https://ampoule.example\r\n");
        assert!(!own_page.starts_with("HTTP/1.1 403"), "{what}: {own_page}");
        let proxied = send(
            address,
            method,
            &format!("http://evil.example{path}"),
            &format!("host: localhost\r\n{headers}"),
            body,
        );
        assert!(proxied.starts_with("HTTP/1.1 403"), "{what}: {proxied}");
    }
    // Of each request three at least were refused by us, whatever Hyper refuses itself; then this one.
    let refused = 3 * requests(&listeners).len() as u64;
    let metrics = send(&listeners.monitoring, "GET", "/metrics", "host: localhost\r\n", "");
    let counted = metrics
        .lines()
        .find_map(|line| {
            line.strip_prefix("ampoule_refused_total{tenant=\"\",reason=\"permission_denied\"} ")
        })
        .unwrap_or_else(|| panic!("no such series: {metrics}"));
    assert!(counted.trim().parse::<u64>().unwrap() >= refused, "{counted} of {refused}");
}

#[test]
fn probes_that_name_no_host_are_answered() {
    let listeners = start("");
    let mut stream = TcpStream::connect(&listeners.monitoring).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.0 200"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_is_called_by_this_machines_names() {
    let listeners = start("");
    let url = format!("http://{}", listeners.server.address);
    let call = async |origin: Option<&str>, header: Option<&'static str>| {
        let mut endpoint = Endpoint::from_shared(url.clone()).unwrap();
        if let Some(origin) = origin {
            endpoint = endpoint.origin(origin.parse().unwrap());
        }
        let channel = endpoint.connect().await.unwrap();
        let source = Source { language: Language::Python.into(), code: "e".into(), ..Source::default() };
        let request = ExecuteRequest { source: Some(source), ..ExecuteRequest::default() };
        let mut request = tonic::Request::new(request);
        if let Some(header) = header {
            request.metadata_mut().insert("origin", header.parse().unwrap());
        }
        let executed = ExecutionServiceClient::new(channel.clone()).execute(request).await.map(|_| ());
        let health = HealthClient::new(channel).check(HealthCheckRequest::default()).await.map(|_| ());
        (executed, health)
    };
    for good in [None, Some("http://localhost:50051"), Some("http://[::1]:1")] {
        let (executed, health) = call(good, None).await;
        assert!(executed.is_ok() && health.is_ok(), "{good:?}: {executed:?}");
    }
    let (executed, health) = call(Some("http://evil.example"), None).await;
    let status = executed.unwrap_err();
    assert_eq!((status.code(), health.unwrap_err().code()), (Code::PermissionDenied, Code::PermissionDenied));
    assert!(
        status.message().contains("'evil.example'") && status.message().contains("allowed_hosts"),
        "{status}"
    );
    let (executed, _) = call(None, Some("http://evil.example")).await;
    assert_eq!(executed.unwrap_err().code(), Code::PermissionDenied);
}

#[test]
fn other_machines_use_their_own_names_for_dify_and_monitoring() {
    let config = "metrics = \"0.0.0.0:0\"\ndify.listen = \"0.0.0.0:0\"\ndify.key = \"k\"";
    let mut server = Server::start(config);
    let dify = line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    let monitoring = server.monitoring.clone().unwrap();
    let key = "host: sandbox:8194\r\nx-api-key: k\r\n";
    assert!(send(&dify, "POST", "/v1/sandbox/run", key, SCRIPT).contains("\"code\":0"));
    let page = format!("{key}origin: http://evil.example\r\n");
    assert!(send(&dify, "POST", "/v1/sandbox/run", &page, SCRIPT).starts_with("HTTP/1.1 403"));
    for host in ["10.2.3.4:9464", "ampoule.monitoring.svc"] {
        let answer = send(&monitoring, "GET", "/metrics", &format!("host: {host}\r\n"), "");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let page = "host: ampoule\r\norigin: http://evil.example\r\n";
    assert!(send(&monitoring, "GET", "/metrics", page, "").starts_with("HTTP/1.1 403"));
    // With a list Dify's names are those that are on it.
    let mut server = Server::start(&format!("{config}\nallowed_hosts = [\"sandbox\"]"));
    let dify = line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    assert!(send(&dify, "POST", "/v1/sandbox/run", key, SCRIPT).contains("\"code\":0"));
    let other = "host: evil.example\r\nx-api-key: k\r\n";
    assert!(send(&dify, "POST", "/v1/sandbox/run", other, SCRIPT).starts_with("HTTP/1.1 403"));
}

#[test]
fn with_tenants_it_is_their_keys_that_open() {
    let tenants = "[[tenants]]\nname = \"acme\"\n";
    let listeners = start(tenants);
    let evil = "host: evil.example\r\norigin: http://evil.example\r\ncontent-type: application/json\r\n";
    assert!(send(&listeners.http, "POST", "/v1/execute", evil, ECHO).starts_with("HTTP/1.1 401"));
    // Monitoring asks nobody for a key.
    assert!(send(&listeners.monitoring, "GET", "/metrics", evil, "").starts_with("HTTP/1.1 403"));
}
