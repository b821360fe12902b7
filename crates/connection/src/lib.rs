//! Connections: accepted in plain or by TLS, with who is at the other end.
//!
//! ```text
//! TcpListener ─▶ Listener ─ handshakes beside each other ─▶ Connection ─▶ gRPC, HTTP
//!                   │ a configuration each                   │ bytes, Peer
//!                  Tls ◀─ files, looked at again and again
//! ```
//!
//! * [`Listener`] accepts; a handshake that dawdles keeps nobody else waiting,
//! * [`Connections`] bounds how many are open, in all and of one peer: silent ones make room,
//! * [`Turn`] has the tasks of a connection polled fairly among those of all callers,
//! * [`Activity`] is how requests say that their connection is not silent,
//! * [`Tls`] is certificate, key and the clients' authority, read again when they change,
//! * [`Peer`] says which certificate the other end has shown.
#![forbid(unsafe_code)]

mod activity;
mod connection;
mod connections;
mod fingerprint;
mod handshakes;
mod listener;
mod meters;
mod preface;
mod socket;
mod tls;
mod turn;
mod waiting;

pub use activity::{Activity, Aside, Busy, Held};
pub use connection::{Accepted, Connection, Peer};
pub use connections::{ADMINISTRATORS, ConnectionLimits, Connections, MOST_ENDING};
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use listener::{Handshakes, Listener};
pub use tls::{Protocol, Tls, TlsFiles};
pub use turn::Turn;
