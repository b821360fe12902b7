//! A server that a command asks, over gRPC.

use super::{CommandError, CommandResult};
use clap::Args;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// Which server, and as whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct RemoteArguments {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051")]
    pub(crate) addr: String,
    /// The API key that the server knows the caller by
    #[arg(long, value_name = "KEY", env = KEY_VARIABLE, hide_env_values = true)]
    pub(crate) key: Option<String>,
}

/// Where an API key is found that is not on the command line, which others on a machine can see.
pub(crate) const KEY_VARIABLE: &str = "AMPOULE_API_KEY";

/// A connected server.
pub(crate) struct Remote {
    pub(crate) channel: Channel,
    address: String,
    key: Option<AsciiMetadataValue>,
}

impl Remote {
    pub(crate) async fn connect(address: &str, key: Option<&str>) -> CommandResult<Remote> {
        let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let endpoint = tonic::transport::Endpoint::from_shared(url).map_err(|_| {
            CommandError::usage(format!("--addr '{address}' is no address: write http://HOST:PORT"))
        })?;
        let key = key
            .map(str::parse)
            .transpose()
            .map_err(|_| CommandError::usage("the API key holds characters that no key has: check it"))?;
        let channel = endpoint.tcp_nodelay(true).connect().await.map_err(|error| {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            CommandError::infrastructure(format!("no server answers at {address}{cause}"))
        })?;
        Ok(Remote { channel, address: address.to_owned(), key })
    }

    /// A message with the caller's key.
    pub(crate) fn ask<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(key) = &self.key {
            request.metadata_mut().insert("x-api-key", key.clone());
        }
        request
    }

    /// What a refusal says to who typed the command.
    pub(crate) fn refused(&self, status: &Status) -> CommandError {
        match status.code() {
            Code::InvalidArgument | Code::NotFound => CommandError::usage(status.message()),
            code => {
                let address = &self.address;
                CommandError::infrastructure(format!("{address} answered {code:?}: {}", status.message()))
            }
        }
    }

    /// An answer that this program does not understand.
    pub(crate) fn odd(&self, error: impl std::fmt::Display) -> CommandError {
        CommandError::infrastructure(format!("{} answered with a response whose {error}", self.address))
    }
}
