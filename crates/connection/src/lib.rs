//! Connections: accepted in plain or by TLS, with who is at the other end.
//!
//! ```text
//! TcpListener ─▶ Listener ─ handshakes beside each other ─▶ Connection ─▶ gRPC, HTTP
//!                   │ a configuration each                   │ bytes, Peer
//!                  Tls ◀─ files, looked at again and again
//! ```
//!
//! * [`Listener`] accepts; a handshake that dawdles keeps nobody else waiting,
//! * [`Tls`] is certificate, key and the clients' authority, read again when they change,
//! * [`Peer`] says which certificate the other end has shown.
#![forbid(unsafe_code)]

mod connection;
mod fingerprint;
mod listener;
mod tls;

pub use connection::{Connection, Peer};
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use listener::{Handshakes, Listener};
pub use tls::{Protocol, Tls, TlsFiles};
