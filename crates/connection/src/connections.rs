//! How many connections are open, and which of them has to go when there is no room for another.
//!
//! A connection is *busy* while a request of it is in progress, and *silent* otherwise, whatever bytes come:
//! answers to pings and halves of heads are no requests. A busy one is never ended for another.

use crate::activity::Signal;
use crate::meters::{Meters, Series};
use crate::turn::Budget;
use crate::waiting::Waiting;
use ampoule_turns::{Member, Turns};
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Of those that were told to end, how many may still have to do so: each has its descriptor until then.
pub const MOST_ENDING: usize = 32;

/// What connections may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// How many are open at the same time.
    pub all: usize,
    /// How many of them one peer has: one IPv4 address, or one IPv6 network of 64 bits, which is the least
    /// that anybody is given.
    pub per_peer: usize,
    /// How long a client of gRPC may take to say that it is one: the 24 bytes with which HTTP/2 begins.
    pub preface: Duration,
    /// How often a connection of gRPC on which nothing comes is asked whether its client is there.
    pub keepalive_interval: Duration,
    /// How long the answer to that may take; then the connection ends.
    pub keepalive_timeout: Duration,
    /// How old a connection of gRPC may grow, give or take a tenth; then it takes no new calls, and ends when
    /// those in progress are answered. None: as old as its client likes.
    pub max_age: Option<Duration>,
    /// How long those calls may then take; what is in progress after that is cut off. None: as long as they
    /// like.
    pub max_age_grace: Option<Duration>,
}

impl Default for ConnectionLimits {
    /// An idle connection takes some tens of KiB, so that these take some hundred MiB at most. A peer may be
    /// a gateway behind which many are, and gets half. A preface is sent with the first packet; 10 s are
    /// three losses of it. A client that vanished is found within a minute, and one whose network stands
    /// still for a moment is not. Ages are for balancers' sake, which only operators know.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        ConnectionLimits {
            all: 8192,
            per_peer: 4096,
            preface: seconds(10),
            keepalive_interval: seconds(20),
            keepalive_timeout: seconds(20),
            max_age: None,
            max_age_grace: None,
        }
    }
}

/// The open connections of some listeners, which share the room. Clones are the same.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: ConnectionLimits,
    state: Mutex<State>,
    series: Series,
    turns: Turns,
    /// The class of those whose caller is not known.
    strangers: &'static str,
}

/// The class of connections whose caller is not known. No tenant has a name like these.
const STRANGERS: &str = "(strangers)";
const STRANGERS_BESIDE: &str = "(strangers of monitoring)";

/// As whom [`crate::Activity::let_in`] takes administrators.
pub const ADMINISTRATORS: &str = "(administrators)";

#[derive(Debug, Default)]
struct State {
    /// Counts connections and silences.
    next: u64,
    /// Those that were told to end, too.
    known: HashMap<u64, Known>,
    /// How many of them were told to.
    shutdown: usize,
    silent: Waiting,
    peers: HashMap<IpAddr, OfPeer>,
}

/// One connection.
#[derive(Debug)]
struct Known {
    peer: IpAddr,
    signal: Arc<Signal>,
    meters: Arc<Meters>,
    requests: usize,
    let_in: bool,
    /// Since when it is silent; none: it is busy, or has to end.
    silent_since: Option<u64>,
    shutdown: bool,
}

#[derive(Debug, Default)]
struct OfPeer {
    /// Without those that were told to end.
    open: usize,
    silent: Waiting,
}

/// Why there is no room for another connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// All are busy.
    Busy,
    /// Those that were told to end have yet to do so.
    Shutdown,
}

impl Connections {
    /// None yet.
    pub fn new(limits: ConnectionLimits) -> Connections {
        // As many as there are threads that serve sockets.
        let turns = Turns::new(std::thread::available_parallelism().map_or(1, usize::from));
        let (state, series) = (Mutex::default(), Series::default());
        Connections(Arc::new(Inner { limits, state, series, turns, strangers: STRANGERS }))
    }

    /// Room of its own, counted in the same series; strangers here do not wait for those there.
    pub fn beside(&self, limits: ConnectionLimits) -> Connections {
        let (series, turns) = (self.0.series.clone(), self.0.turns.clone());
        let state = Mutex::default();
        Connections(Arc::new(Inner { limits, state, series, turns, strangers: STRANGERS_BESIDE }))
    }

    /// What they may take.
    pub fn limits(&self) -> ConnectionLimits {
        self.0.limits
    }

    /// Names the series.
    pub fn register(&self, registry: &mut Registry) {
        self.0.series.register(registry);
    }

    pub(crate) fn meters(&self, listener: &'static str) -> Arc<Meters> {
        Arc::new(self.0.series.of(listener))
    }

    /// Takes one in, for as long as the answer lives. Where there is no room a silent one is told to end: of
    /// the same peer if that has its share, else of all.
    pub(crate) fn enter(&self, address: IpAddr, meters: &Arc<Meters>) -> Result<Open, Full> {
        let peer = peer_of(address);
        let ConnectionLimits { all, per_peer, .. } = self.0.limits;
        let mut state = self.state();
        if state.shutdown >= MOST_ENDING {
            return Err(Full::Shutdown);
        }
        let of_peer = state.peers.get(&peer);
        let leaves = if of_peer.is_some_and(|of_peer| of_peer.open >= per_peer) {
            Some(of_peer.and_then(|of_peer| of_peer.silent.first(per_peer)).ok_or(Full::Busy)?)
        } else if state.known.len() - state.shutdown >= all {
            Some(state.silent.first(all).ok_or(Full::Busy)?)
        } else {
            None
        };
        if let Some(leaves) = leaves {
            state.end(leaves);
        }
        let (id, signal) = (state.tick(), Arc::new(Signal::default()));
        let (known, of_it) = (Arc::clone(&signal), Arc::clone(meters));
        let known = Known {
            peer,
            signal: known,
            meters: of_it,
            requests: 0,
            let_in: false,
            silent_since: None,
            shutdown: false,
        };
        state.known.insert(id, known);
        state.peers.entry(peer).or_default().open += 1;
        state.be_silent(id);
        meters.open.inc();
        let member = Member::new(self.0.turns.class(self.0.strangers));
        let (connections, meters) = (self.clone(), Arc::clone(meters));
        Ok(Open { connections, id, signal, meters, member, budget: Arc::default() })
    }

    /// A request begins, unless the connection was told to end.
    pub(crate) fn begin(&self, id: u64) -> bool {
        let mut state = self.state();
        match state.known.get_mut(&id) {
            Some(known) if !known.shutdown => known.requests += 1,
            _ => return false,
        }
        state.be_busy(id);
        true
    }

    /// A request is over; perhaps its connection, too.
    pub(crate) fn end(&self, id: u64) {
        let mut state = self.state();
        let Some(known) = state.known.get_mut(&id) else { return };
        known.requests -= 1;
        if known.requests == 0 && !known.shutdown {
            state.be_silent(id);
        }
    }

    /// A request of `caller` was let in on it, while it is busy.
    pub(crate) fn let_in(&self, id: u64, member: &Member, caller: &str) {
        if let Some(known) = self.state().known.get_mut(&id) {
            known.let_in = true;
        }
        member.join(caller, || self.0.turns.class(caller));
    }

    fn leave(&self, id: u64) {
        let mut state = self.state();
        state.be_busy(id);
        let Some(known) = state.known.remove(&id) else { return };
        known.meters.open.dec();
        if known.shutdown {
            state.shutdown -= 1;
        } else {
            state.one_less(known.peer);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn be_silent(&mut self, id: u64) {
        let since = self.tick();
        let Some(known) = self.known.get_mut(&id) else { return };
        known.silent_since = Some(since);
        self.silent.put(known.let_in, since, id);
        self.peers.entry(known.peer).or_default().silent.put(known.let_in, since, id);
    }

    /// Nobody's victim from here on.
    fn be_busy(&mut self, id: u64) {
        let Some(known) = self.known.get_mut(&id) else { return };
        let Some(since) = known.silent_since.take() else { return };
        self.silent.take(known.let_in, since);
        if let Some(of_peer) = self.peers.get_mut(&known.peer) {
            of_peer.silent.take(known.let_in, since);
        }
    }

    fn end(&mut self, id: u64) {
        self.be_busy(id);
        let Some(known) = self.known.get_mut(&id) else { return };
        known.shutdown = true;
        known.signal.end();
        known.meters.made_room.inc();
        let peer = known.peer;
        self.shutdown += 1;
        self.one_less(peer);
    }

    fn one_less(&mut self, peer: IpAddr) {
        if let Some(of_peer) = self.peers.get_mut(&peer) {
            of_peer.open -= 1;
            if of_peer.open == 0 {
                self.peers.remove(&peer);
            }
        }
    }
}

/// Has a connection counted for as long as it lives.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) connections: Connections,
    pub(crate) id: u64,
    pub(crate) signal: Arc<Signal>,
    pub(crate) meters: Arc<Meters>,
    /// As whose its tasks have their turns.
    pub(crate) member: Member,
    pub(crate) budget: Arc<Budget>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connections.leave(self.id);
    }
}

/// Whose address it is, as far as limits go.
fn peer_of(address: IpAddr) -> IpAddr {
    const NETWORK: u128 = !(u64::MAX as u128);
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
        address => address,
    }
}

#[cfg(test)]
#[path = "connections_tests.rs"]
mod tests;
