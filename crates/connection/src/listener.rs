//! Accepts connections.

use crate::connection::Connection;
use crate::tls::{Protocol, Tls};
use std::collections::VecDeque;
use std::io;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// After an accept that failed because the process has too many files open: some may be closed by then.
const BREATHER: Duration = Duration::from_millis(50);

/// What handshakes may take.
#[derive(Clone, Copy, Debug)]
pub struct Handshakes {
    /// How long one may take.
    pub patience: Duration,
    /// How many there are at the same time. One more ends the oldest, which is the least likely to be still meant: whoever
    /// opens connections and says nothing would otherwise keep everybody out.
    pub most: usize,
}

impl Default for Handshakes {
    /// A handshake is two round trips and a few milliseconds of a processor.
    fn default() -> Self {
        Handshakes { patience: Duration::from_secs(5), most: 1024 }
    }
}

/// Where connections come from.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    tls: Option<(Tls, Protocol)>,
    limits: Handshakes,
    handshakes: JoinSet<Option<Connection>>,
    /// Those that are under way, oldest first; and some that have ended.
    order: VecDeque<AbortHandle>,
}

impl Listener {
    /// Accepts in plain.
    pub fn plain(listener: TcpListener) -> Listener {
        Listener {
            listener,
            tls: None,
            limits: Handshakes::default(),
            handshakes: JoinSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Accepts by TLS, if there is any.
    pub fn new(listener: TcpListener, tls: Option<&Tls>, protocol: Protocol) -> Listener {
        Listener { tls: tls.map(|tls| (tls.clone(), protocol)), ..Listener::plain(listener) }
    }

    /// The same with other limits.
    pub fn with_handshakes(self, limits: Handshakes) -> Listener {
        Listener { limits, ..self }
    }

    /// The next connection. Giving up the future loses none.
    pub async fn accept(&mut self) -> Connection {
        loop {
            let accepted = tokio::select! {
                Some(ended) = self.handshakes.join_next() => {
                    match ended {
                        Ok(Some(connection)) => return connection,
                        // It failed, was too slow, or had to go.
                        Ok(None) | Err(_) => continue,
                    }
                }
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    // A client that is gone already shows itself on the first read.
                    let _ = stream.set_nodelay(true);
                    match &self.tls {
                        None => return Connection::plain(stream),
                        Some((tls, protocol)) => {
                            let handshake = handshake(tls.clone(), *protocol, stream, self.limits.patience);
                            self.begin(handshake);
                        }
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(BREATHER).await;
                }
            }
        }
    }

    fn begin(&mut self, handshake: impl Future<Output = Option<Connection>> + Send + 'static) {
        if self.order.len() >= self.limits.most {
            self.order.retain(|handshake| !handshake.is_finished());
        }
        if self.order.len() >= self.limits.most
            && let Some(oldest) = self.order.pop_front()
        {
            oldest.abort();
        }
        self.order.push_back(self.handshakes.spawn(handshake));
    }
}

async fn handshake(
    tls: Tls,
    protocol: Protocol,
    stream: TcpStream,
    patience: Duration,
) -> Option<Connection> {
    match tokio::time::timeout(patience, tls.acceptor(protocol).accept(stream)).await {
        Ok(Ok(stream)) => Some(Connection::tls(stream)),
        // Anybody can cause these, so they are not for the operator's usual log.
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("a TLS handshake took too long");
            None
        }
    }
}

/// Errors of `accept` that say nothing of the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
