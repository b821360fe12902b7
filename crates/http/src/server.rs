//! One listener: connections, their limits, draining.

use crate::operator;
use crate::site::{Patience, Site, router};
use ampoule_access::Access;
use ampoule_connection::{Connection, Listener};
use ampoule_service::{Ending, Service};
use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tower_layer::Layer;

/// Finds clients that vanished without a word (a cable, a machine), whose executions would otherwise run to their end.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// Serves `site` on `listener` until `ending` says that it drains; then takes no more connections and requests, and returns when
/// what it has accepted is answered. Telling the service to drain is the caller's business.
pub async fn serve(service: Service, access: Access, site: Site, listener: Listener, ending: Ending) {
    let patience = site.patience;
    accept(router(&service, &access, site), patience, listener, ending.draining()).await;
}

/// Serves operators' monitoring on `listener` until the process ends, through the drain: [`crate::operator`].
pub async fn serve_operator(service: Service, listener: Listener, ending: Ending) {
    let router = operator::router(service, ending);
    accept(router, Patience::default(), listener, std::future::pending()).await;
}

async fn accept(router: Router, patience: Patience, mut listener: Listener, drain: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut drain = std::pin::pin!(drain);
    loop {
        let connection = tokio::select! {
            () = &mut drain => break,
            connection = listener.accept() => connection,
        };
        tokio::spawn(serve_connection(connection, router.clone(), patience, connections.watcher()));
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve_connection(connection: Connection, router: Router, patience: Patience, watcher: Watcher) {
    // A client that is gone already shows itself on the first read.
    let _ = tune(connection.socket(), patience);
    let router = Extension(connection.peer()).layer(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(connection), TowerToHyperService::new(router));
    // Ends in an error when the client breaks off, which is its right; whoever ran for it is stopped.
    let _ = watcher.watch(connection).await;
}

fn tune(stream: &TcpStream, patience: Patience) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
    socket.set_tcp_user_timeout(Some(patience.answer))
}
