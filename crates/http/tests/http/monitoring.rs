//! What monitoring is told when guests do not come back.

use ampoule_auth::{AuthConfig, Authenticator};
use ampoule_connection::{Listener, Protocol};
use ampoule_service::{Service, Shutdown};
use ampoule_testing::tiny;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The status line of a page.
async fn status(address: &str, page: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {page} HTTP/1.0\r\n\r\n").as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text.lines().next().unwrap_or_default().to_owned()
}

async fn monitored(service: &Service) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (drain, shutdown) = Shutdown::new();
    let access = Authenticator::new(&AuthConfig::default(), service).unwrap();
    let listener = Listener::plain(listener, Protocol::Http1);
    let served = ampoule_http::serve_operator(service.clone(), access, listener, shutdown);
    tokio::spawn(async move {
        let _drains_when_dropped = drain;
        served.await;
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn health_turns_when_a_guest_is_stuck_in_the_host() {
    let service = tiny::served(|config| {
        config.engine.seats = 2;
        config.engine.blocked_clock = Duration::from_secs(8);
    });
    let address = monitored(&service).await;
    for page in ["/healthz", "/readyz"] {
        assert_eq!(status(&address, page).await, "HTTP/1.0 200 OK", "{page}");
    }
    let mut request = tiny::request("k", "{}");
    request.limits.wall_time = Some(Duration::from_millis(100));
    let blocked = tokio::spawn({
        let service = service.clone();
        async move { service.execute(request).await }
    });
    let started = Instant::now();
    while status(&address, "/healthz").await == "HTTP/1.0 200 OK" {
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", service.health());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for page in ["/healthz", "/readyz"] {
        assert_eq!(status(&address, page).await, "HTTP/1.0 503 Service Unavailable", "{page}");
    }
    // The others are served all the same, until the process ends for its supervisor.
    service.execute(tiny::request("e", "{}")).await.unwrap();
    blocked.await.unwrap().unwrap();
}
