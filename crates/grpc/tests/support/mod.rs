//! A server on the tiny images, and clients of it.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses a part of it")]

use ampoule_api::v1::execution_service_client::ExecutionServiceClient;
use ampoule_api::v1::{ExecuteRequest, Language, Source};
use ampoule_auth::{AuthConfig, Authenticator};
use ampoule_connection::{Handshakes, Listener, Protocol, Tls};
use ampoule_service::{Service, ServiceConfig, Shutdown, ShutdownHandle};
use ampoule_testing::tiny;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// A running server.
pub struct Server {
    /// Its service, to look into.
    pub service: Service,
    /// `http://…`
    pub url: String,
    drain: Option<ShutdownHandle>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts one on a free port.
    pub async fn start(change: impl FnOnce(&mut ServiceConfig)) -> Server {
        Server::start_with(change, &AuthConfig::default()).await
    }

    /// The same with keys.
    pub async fn start_with(change: impl FnOnce(&mut ServiceConfig), access: &AuthConfig) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Server::start_on(change, access, Listener::plain(listener, Protocol::Http2), address)
    }

    /// The same by TLS.
    pub async fn start_tls(
        change: impl FnOnce(&mut ServiceConfig),
        access: &AuthConfig,
        tls: &Tls,
        handshakes: Handshakes,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let listener = Listener::new(listener, Some(tls), Protocol::Http2).with_handshakes(handshakes);
        Server::start_on(change, access, listener, address)
    }

    /// The same by this listener.
    pub async fn start_listening(
        access: &AuthConfig,
        change: impl FnOnce(&mut ServiceConfig),
        listen: impl FnOnce(TcpListener) -> Listener,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Server::start_on(change, access, listen(listener), address)
    }

    fn start_on(
        change: impl FnOnce(&mut ServiceConfig),
        access: &AuthConfig,
        listener: Listener,
        address: SocketAddr,
    ) -> Server {
        let service = tiny::served(change);
        let url = format!("http://{address}");
        let (drain, shutdown) = Shutdown::new();
        let access = Authenticator::new(access, &service).unwrap();
        let server = ampoule_grpc::serve(service.clone(), access, listener, shutdown);
        Server { service, url, drain: Some(drain), task: tokio::spawn(server) }
    }

    /// A connection of its own.
    pub async fn channel(&self) -> Channel {
        Channel::from_shared(self.url.clone()).unwrap().connect().await.unwrap()
    }

    /// A client with a connection of its own.
    pub async fn client(&self) -> ExecutionServiceClient<Channel> {
        ExecutionServiceClient::new(self.channel().await).max_decoding_message_size(usize::MAX)
    }

    /// Tells it to drain.
    pub fn drain(&mut self) {
        self.drain.take().expect("drained once").drain();
    }

    /// Waits for its end.
    pub async fn ended(self) {
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

/// Asks for a program of the tiny guest, see `crates/testing/src/guest.wat`.
pub fn request(code: &str, input_json: &str) -> ExecuteRequest {
    ExecuteRequest {
        source: Some(Source { language: Language::Python.into(), code: code.into(), ..Source::default() }),
        input_json: input_json.into(),
        ..ExecuteRequest::default()
    }
}
