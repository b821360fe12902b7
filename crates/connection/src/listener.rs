//! Accepts connections.

use crate::connection::Connection;
use crate::connections::{ConnectionLimits, Connections, Full};
use crate::handshakes;
use crate::meters::Meters;
use crate::preface::Preface;
use crate::socket::Socket;
use crate::tls::{Protocol, Tls};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// After an accept that failed because the process has too many files open: some may be closed by then.
const BREATHER: Duration = Duration::from_millis(50);

/// Between two looks whether a connection that was told to end has ended: its task has to get its turn.
const TURN: Duration = Duration::from_millis(1);

/// How often that is looked at before the new connection is given up.
const TURNS: u32 = 100;

/// What handshakes may take.
#[derive(Clone, Copy, Debug)]
pub struct Handshakes {
    /// How long one may take.
    pub timeout: Duration,
    /// How many there are at the same time. One more ends the oldest, which is the least likely to be still
    /// meant: whoever opens connections and says nothing would otherwise keep everybody out.
    pub most: usize,
}

impl Default for Handshakes {
    /// A handshake is two round trips and a few milliseconds of a processor.
    fn default() -> Self {
        Handshakes { timeout: Duration::from_secs(5), most: 1024 }
    }
}

/// Of the handshakes at the same time one peer has such a part, but not less than these: what it asks for
/// stands in a queue before the handshakes of others, half a millisecond each with a key of 2048 bits.
const PART_OF_A_PEER: usize = 8;
const FEWEST_OF_A_PEER: usize = 8;

/// Where connections come from.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    protocol: Protocol,
    tls: Option<Tls>,
    connections: Connections,
    meters: Arc<Meters>,
    /// Accepted, but those before it have to end first; and how often that was looked at.
    waiting: Option<(TcpStream, SocketAddr, u32)>,
    limits: Handshakes,
    handshakes: JoinSet<Option<Connection>>,
    /// Those that are under way, oldest first; and some that have ended.
    order: VecDeque<(IpAddr, AbortHandle)>,
}

impl Listener {
    /// Accepts in plain.
    pub fn plain(listener: TcpListener, protocol: Protocol) -> Listener {
        let connections = Connections::new(ConnectionLimits::default());
        Listener {
            listener,
            protocol,
            tls: None,
            meters: connections.meters(""),
            connections,
            waiting: None,
            limits: Handshakes::default(),
            handshakes: JoinSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Accepts by TLS, if there is any.
    pub fn new(listener: TcpListener, tls: Option<&Tls>, protocol: Protocol) -> Listener {
        Listener { tls: tls.cloned(), ..Listener::plain(listener, protocol) }
    }

    /// The same in room that it shares with others; `name` is a word of ours, for the metrics.
    pub fn within(self, connections: &Connections, name: &'static str) -> Listener {
        Listener { meters: connections.meters(name), connections: connections.clone(), ..self }
    }

    /// Whose room it is in.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// Where it listens; none: the system does not say.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
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
                () = tokio::time::sleep(TURN), if self.waiting.is_some() => {
                    let Some(waiting) = self.waiting.take() else { continue };
                    Ok(waiting)
                }
                accepted = self.listener.accept(), if self.waiting.is_none() => {
                    accepted.map(|(stream, address)| (stream, address, 0))
                }
            };
            match accepted {
                Ok((stream, address, turns)) => match self.connections.enter(address.ip(), &self.meters) {
                    Ok(open) => {
                        // A client that is gone already shows itself on the first read.
                        let _ = stream.set_nodelay(true);
                        let socket = Socket { stream, open };
                        match &self.tls {
                            None => return self.begun(Connection::plain(socket)),
                            Some(tls) => self.shake_hands(tls.clone(), socket, address.ip()),
                        }
                    }
                    Err(Full::Shutdown) if turns < TURNS => self.waiting = Some((stream, address, turns + 1)),
                    Err(_) => {
                        self.meters.refused.inc();
                    }
                },
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(BREATHER).await;
                }
            }
        }
    }

    /// With the time for its first bytes running.
    fn begun(&self, connection: Connection) -> Connection {
        begun(connection, self.protocol, self.connections.limits().preface)
    }

    fn shake_hands(&mut self, tls: Tls, socket: Socket, peer: IpAddr) {
        self.order.retain(|(_, handshake)| !handshake.is_finished());
        let most_of_peer = (self.limits.most / PART_OF_A_PEER).max(FEWEST_OF_A_PEER);
        let of_peer = self.order.iter().filter(|(other, _)| *other == peer).count();
        // Its own oldest goes for a peer that has its part; else the oldest of all.
        let goes = if of_peer >= most_of_peer {
            self.order.iter().position(|(other, _)| *other == peer)
        } else {
            (self.order.len() >= self.limits.most).then_some(0)
        };
        if let Some((_, oldest)) = goes.and_then(|goes| self.order.remove(goes)) {
            oldest.abort();
        }
        let (protocol, timeout) = (self.protocol, self.limits.timeout);
        let (preface, meters) = (self.connections.limits().preface, Arc::clone(&self.meters));
        let handshake = async move {
            match tokio::time::timeout(timeout, tls.acceptor(protocol).accept(socket)).await {
                Ok(Ok(stream)) => Some(begun(Connection::tls(stream), protocol, preface)),
                // Anybody can cause these, so they are not for the operator's usual log.
                Ok(Err(error)) => {
                    tracing::debug!(%error, "a TLS handshake failed");
                    None
                }
                Err(_) => {
                    tracing::debug!("a TLS handshake took too long");
                    meters.too_slow.inc();
                    None
                }
            }
        };
        self.order.push_back((peer, handshakes::spawn(&mut self.handshakes, handshake)));
    }
}

/// HTTP/1.1 has its own time for heads.
fn begun(connection: Connection, protocol: Protocol, preface: Duration) -> Connection {
    match protocol {
        Protocol::Http2 => connection.with_preface(Preface::within(preface)),
        Protocol::Http1 => connection,
    }
}

/// Errors of `accept` that say nothing of the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
