//! A server on the tiny images, and a client of it.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses a part of it")]

use ampoule_auth::{AuthConfig, Authenticator};
use ampoule_connection::{Listener, Protocol, Tls};
use ampoule_http::{DifyKey, Endpoints, Timeouts};
use ampoule_service::{Service, ServiceConfig, Shutdown, ShutdownHandle};
use ampoule_testing::tiny;
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The key that the tests' Dify sends.
pub const KEY: &str = "the-key";

/// A running server that answers both parts.
pub struct Server {
    /// Its service, to look into.
    pub service: Service,
    /// `127.0.0.1:…`
    pub address: String,
    drain: Option<ShutdownHandle>,
    task: JoinHandle<()>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: hyper::HeaderMap,
    pub bytes: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("the answer is JSON")
    }
}

impl Server {
    /// Starts one on a free port.
    pub async fn start(change: impl FnOnce(&mut ServiceConfig)) -> Server {
        Server::start_with(change, Timeouts::default()).await
    }

    /// Starts one on a free port, with shorter timeouts.
    pub async fn start_with(change: impl FnOnce(&mut ServiceConfig), timeouts: Timeouts) -> Server {
        Server::start_for(change, timeouts, &AuthConfig::default()).await
    }

    /// Starts one for who has these keys.
    pub async fn start_for(
        change: impl FnOnce(&mut ServiceConfig),
        timeouts: Timeouts,
        access: &AuthConfig,
    ) -> Server {
        Server::start_all(change, timeouts, access, None).await
    }

    /// Starts one that speaks TLS.
    pub async fn start_tls(tls: &Tls) -> Server {
        Server::start_all(|_| {}, Timeouts::default(), &AuthConfig::default(), Some(tls)).await
    }

    async fn start_all(
        change: impl FnOnce(&mut ServiceConfig),
        timeouts: Timeouts,
        access: &AuthConfig,
        tls: Option<&Tls>,
    ) -> Server {
        let service = tiny::served(change);
        let access = Authenticator::new(access, &service).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (drain, shutdown) = Shutdown::new();
        let endpoints = Endpoints { api: true, dify: Some(DifyKey::new(KEY)), timeouts };
        let server = ampoule_http::serve(
            service.clone(),
            access,
            endpoints,
            Listener::new(listener, tls, Protocol::Http1),
            shutdown,
        );
        let client = Client::builder(TokioExecutor::new()).build_http();
        Server { service, address, drain: Some(drain), task: tokio::spawn(server), client }
    }

    /// Sends a request and reads the answer.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.client.request(request.body(Full::new(body.into())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            bytes: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Sends a request as JSON and reads nothing of the answer but its head.
    pub async fn open(&self, path: &str, accept: &str, body: &Value) -> Response<Incoming> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("http://{}{path}", self.address))
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, accept)
            .body(Full::new(body.to_string().into()));
        self.client.request(request.unwrap()).await.unwrap()
    }

    /// `POST /v1/execute`.
    pub async fn execute(&self, request: &Value) -> Answer {
        let headers = [(header::CONTENT_TYPE.as_str(), "application/json")];
        self.send(Method::POST, "/v1/execute", &headers, request.to_string()).await
    }

    /// `POST /v1/sandbox/run`.
    pub async fn run(&self, code: &str) -> Answer {
        let body = json!({ "language": "python3", "code": code }).to_string();
        self.send(Method::POST, "/v1/sandbox/run", &[("x-api-key", KEY)], body).await
    }

    /// Tells it to drain, as the command line does.
    pub fn drain(&mut self) {
        self.service.drain();
        self.drain.take().expect("drained once").drain();
    }

    /// Waits for its end.
    pub async fn ended(self) {
        drop(self.client);
        self.task.await.unwrap();
    }

    /// Waits until so many executions have a slot; how long that took.
    pub async fn until_running(&self, count: usize) -> Duration {
        let started = Instant::now();
        while self.service.running() != count {
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "{} run, not {count}",
                self.service.running()
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        started.elapsed()
    }
}

/// What a server has set aside of its memory, in bytes.
pub fn set_aside(server: &Server) -> u64 {
    let metrics = server.service.metrics();
    let line = metrics.lines().find(|line| line.starts_with("ampoule_memory_set_aside_bytes ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Waits until that is as expected.
pub async fn until_set_aside(server: &Server, expected: impl Fn(u64) -> bool) {
    let started = Instant::now();
    while !expected(set_aside(server)) {
        assert!(started.elapsed() < Duration::from_secs(10), "{} bytes are set aside", set_aside(server));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The events of a body, as they come.
pub struct Events {
    body: Incoming,
    begun: Vec<u8>,
}

impl Events {
    pub fn of(response: Response<Incoming>) -> Events {
        assert_eq!(response.status(), StatusCode::OK);
        Events { body: response.into_body(), begun: Vec::new() }
    }

    /// The next one up to this end; none after the last.
    pub async fn next(&mut self, end: &str) -> Option<String> {
        let (end, mut looked_at) = (end.as_bytes(), 0);
        loop {
            let found = self.begun[looked_at..].windows(end.len()).position(|bytes| bytes == end);
            if let Some(found) = found {
                let rest = self.begun.split_off(looked_at + found + end.len());
                let mut event = std::mem::replace(&mut self.begun, rest);
                event.truncate(looked_at + found);
                return Some(String::from_utf8(event).unwrap());
            }
            looked_at = (self.begun.len() + 1).saturating_sub(end.len());
            match self.body.frame().await {
                Some(frame) => self.begun.extend_from_slice(&frame.unwrap().into_data().unwrap()),
                None => {
                    assert!(self.begun.is_empty(), "an event is cut off");
                    return None;
                }
            }
        }
    }

    /// The next line of JSON.
    pub async fn line(&mut self) -> Option<Value> {
        let line = self.next("\n").await?;
        Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    /// The next server-sent event: its name and its data.
    pub async fn sent(&mut self) -> Option<(String, Value)> {
        let event = self.next("\n\n").await?;
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        assert!(!data.contains('\n'), "{event}");
        Some((name.to_owned(), serde_json::from_str(data).unwrap()))
    }
}

/// An `ExecuteRequest` for a program of the tiny guest, see `crates/testing/src/guest.wat`.
pub fn request(code: &str, input_json: &str) -> Value {
    json!({ "source": { "language": "LANGUAGE_PYTHON", "code": code }, "inputJson": input_json })
}
