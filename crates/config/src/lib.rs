//! The configuration file of a server: one TOML file, over it the environment, over that the command line;
//! checked as a whole, with a message for each mistake.
//!
//! * [`Config`]: all of it; [`Config::service`] is the service's part,
//! * a module for each section,
//! * `environment`: the same settings as `AMPOULE_…` variables,
//! * [`data`]: where data is kept if nothing is said.
#![forbid(unsafe_code)]

mod admin;
pub mod connections;
pub mod data;
mod dify;
mod environment;
#[cfg(test)]
mod example_tests;
mod functions;
mod jwt;
mod server;
mod tls;
mod traces;

pub use admin::AdminConfig;
pub use connections::ConnectionsConfig;
pub use dify::DifyConfig;
pub use functions::FunctionsConfig;
pub use jwt::JwtConfig;
pub use server::{Config, LogConfig, LogFormat};
pub use tls::TlsConfig;
pub use traces::TracesConfig;
