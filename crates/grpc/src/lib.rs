//! The gRPC server: executions, runtimes, health and reflection on one port.
//!
//! * [`serve`] runs it until it is told to drain, [`serve_admin`] the one for those who administer tenants,
//!   on a port of its own,
//! * `auth.rs` authenticates the caller before a message is read,
//! * `host.rs` checks the name by which the server is called, `aside.rs` limits what may be called without
//!   authentication,
//! * `connection.rs` speaks HTTP/2 and ends connections that have grown old or are silent,
//! * `receiving.rs` accounts for the memory of requests on their way, `unread.rs` for that of answers,
//! * `unpack.rs` unpacks requests that come compressed,
//! * `execution.rs`, `stream.rs`, `batch.rs`, `functions.rs`, `usage.rs` and `runtime.rs` are the services of
//!   `proto/ampoule/v1`,
//! * `status.rs` is the one place that maps errors to gRPC status,
//! * every request is one line of the log, see [`ampoule_service::RequestRecord`].
//!
//! An execution runs inside its handler's future. When the client cancels, disconnects or lets its deadline
//! pass, that future is dropped, and with it the guest.
#![forbid(unsafe_code)]

mod admin;
mod aside;
mod auth;
mod batch;
mod connection;
mod deadline;
mod execution;
mod functions;
mod host;
mod receiving;
mod request_id;
mod runtime;
mod server;
mod status;
mod stream;
mod unpack;
mod unread;
mod usage;

pub use admin::serve_admin;
pub use server::serve;
