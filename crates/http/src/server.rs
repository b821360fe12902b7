//! One listener: connections, their limits, draining.

use crate::operator;
use crate::site::{Patience, Site, router};
use ampoule_access::Access;
use ampoule_service::{Ending, Service};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use std::future::Future;
use std::io;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// Finds clients that vanished without a word (a cable, a machine), whose executions would otherwise run to their end.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// After an accept that failed because the process has too many files open: some may be closed by then.
const BREATHER: Duration = Duration::from_millis(50);

/// Serves `site` on `listener` until `ending` says that it drains; then takes no more connections and requests, and returns when
/// what it has accepted is answered. Telling the service to drain is the caller's business.
pub async fn serve(service: Service, access: Access, site: Site, listener: TcpListener, ending: Ending) {
    let patience = site.patience;
    accept(router(&service, &access, site), patience, listener, ending.draining()).await;
}

/// Serves operators' monitoring on `listener` until the process ends, through the drain: [`crate::operator`].
pub async fn serve_operator(service: Service, listener: TcpListener, ending: Ending) {
    let router = operator::router(service, ending);
    accept(router, Patience::default(), listener, std::future::pending()).await;
}

async fn accept(router: Router, patience: Patience, listener: TcpListener, drain: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let mut drain = std::pin::pin!(drain);
    loop {
        let accepted = tokio::select! {
            () = &mut drain => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, router.clone(), patience, connections.watcher()));
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept connections");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, router: Router, patience: Patience, watcher: Watcher) {
    // A client that is gone already shows itself on the first read.
    let _ = tune(&stream, patience);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // Ends in an error when the client breaks off, which is its right; whoever ran for it is stopped.
    let _ = watcher.watch(connection).await;
}

fn tune(stream: &TcpStream, patience: Patience) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE))?;
    socket.set_tcp_user_timeout(Some(patience.answer))
}

/// Errors of `accept` that say nothing of the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
