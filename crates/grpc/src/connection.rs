//! Connections: HTTP/2 on each, until it ends by itself, has grown too old, or the server drains.

use ampoule_connection::{Connection, ConnectionLimits, Listener, Turn};
use ampoule_service::Shutdown;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tonic::body::Body;
use tower::{Service, ServiceExt};

/// Flow control windows: a request of the common size goes through without waiting for a window update, a
/// large one with few; more would let idle callers fill memory.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// Calls one connection can have at the same time. Clients of gRPC queue further calls themselves. Every call
/// holds memory before its caller is authenticated: about 1.5 KiB when it is refused, and some 40 KiB if its
/// head refers to one HPACK entry hundreds of times.
const STREAMS: u32 = 128;

/// Connections that were opened at once, after a restart, are not to be closed at once: each grows older or
/// less old than it may by up to this part.
const SPREAD: f64 = 0.1;

/// Serves `service` on what `listener` accepts until the server drains, and returns when what was accepted is
/// answered.
pub(crate) async fn accept<S>(service: S, mut listener: Listener, shutdown: Shutdown)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let limits = listener.connections().limits();
    let (open, mut all_closed) = mpsc::channel::<Infallible>(1);
    let mut draining = pin!(shutdown.draining());
    loop {
        let connection = tokio::select! {
            () = &mut draining => break,
            connection = listener.accept() => connection,
        };
        let (service, shutdown, open) = (service.clone(), shutdown.clone(), open.clone());
        let turn = connection.turn();
        tokio::spawn(turn.connection(async move {
            serve(service, connection, limits, shutdown).await;
            drop(open);
        }));
    }
    drop((listener, open));
    // Ready when the last of them is dropped.
    all_closed.recv().await;
}

async fn serve<S>(service: S, connection: Connection, limits: ConnectionLimits, shutdown: Shutdown)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let accepted = connection.accepted();
    let answering = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(accepted.clone());
        service.clone().oneshot(request.map(Body::new))
    });
    let serving = http2::Builder::new(InTurn(connection.turn()))
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS)
        // Finds clients that vanished without a word (a cable, a machine), whose executions would otherwise
        // run to their end.
        .keep_alive_interval(limits.keepalive_interval)
        .keep_alive_timeout(limits.keepalive_timeout)
        .serve_connection(TokioIo::new(connection), answering);
    let mut serving = pin!(serving);
    let mut grown_old = pin!(after(limits.max_age.map(spread)));
    let mut draining = pin!(shutdown.draining());
    // No new calls; those in progress are answered.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = draining.as_mut() => {
            serving.as_mut().graceful_shutdown();
            // Ends in an error when the client breaks off, which is its right; whoever ran for it is stopped.
            let _ = serving.await;
            return;
        }
        () = grown_old.as_mut() => serving.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = serving => {}
        () = after(limits.max_age_grace) => {}
    }
}

/// Spawns the tasks of a connection's calls.
#[derive(Clone)]
struct InTurn(Turn);

impl<F> Executor<F> for InTurn
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, answering: F) {
        tokio::spawn(self.0.request(answering));
    }
}

/// Ready after this time; never without one.
async fn after(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// An age between nine and eleven tenths of this one.
fn spread(age: Duration) -> Duration {
    // Seeded anew for each.
    let random = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    age.mul_f64(1.0 - SPREAD + 2.0 * SPREAD * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_spread() {
        let hour = Duration::from_secs(3600);
        let ages: Vec<Duration> = (0..1000).map(|_| spread(hour)).collect();
        let (least, most) = (ages.iter().min().unwrap(), ages.iter().max().unwrap());
        assert!(*least >= hour.mul_f64(0.9) && *most <= hour.mul_f64(1.1), "{least:?} {most:?}");
        assert!(*most - *least > hour.mul_f64(0.1), "{least:?} {most:?}");
    }
}
