//! A server that a command asks, over gRPC.

use super::flags;
use super::{CommandError, CommandResult, say};
use clap::Args;
use std::path::{Path, PathBuf};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request, Status};

/// Which server, and as whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct RemoteArguments {
    /// The server: https:// by TLS, http:// in clear text
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051")]
    addr: String,
    #[command(flatten)]
    pub(crate) caller: CallerArguments,
}

/// As whom a server is asked, and how it is known.
#[derive(Clone, Debug, Args)]
pub(crate) struct CallerArguments {
    /// The API key that the server knows the caller by
    #[arg(long, value_name = "KEY", env = KEY_VARIABLE, hide_env_values = true)]
    key: Option<String>,
    /// Trust servers that these authorities vouch for, instead of those that the system trusts
    #[arg(long, value_name = "PEM")]
    ca: Option<PathBuf>,
    /// The certificate that the server knows the caller by
    #[arg(long, value_name = "PEM", requires = "client_key")]
    client_certificate: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "PEM", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

/// Which server is administered, and by whom.
#[derive(Clone, Debug, Args)]
pub(crate) struct AdminArguments {
    /// The server's admin.listen: https:// by TLS, http:// in clear text
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50052", global = true)]
    addr: String,
    /// A key of admin.keys
    #[arg(long, value_name = "KEY", env = "AMPOULE_ADMIN_KEY", hide_env_values = true, global = true)]
    key: Option<String>,
    /// Trust servers that these authorities vouch for, instead of those that the system trusts
    #[arg(long, value_name = "PEM", global = true)]
    ca: Option<PathBuf>,
    /// The certificate that the server asks for
    #[arg(long, value_name = "PEM", requires = "client_key", global = true)]
    client_certificate: Option<PathBuf>,
    /// The key of that certificate
    #[arg(long, value_name = "PEM", requires = "client_certificate", global = true)]
    client_key: Option<PathBuf>,
}

/// Where an API key is found that is not on the command line, which others on a machine can see.
pub(crate) const KEY_VARIABLE: &str = "AMPOULE_API_KEY";

/// A connected server.
pub(crate) struct Remote {
    pub(crate) channel: Channel,
    address: String,
    key: Option<AsciiMetadataValue>,
    hint: Hint,
}

/// How a server is asked, for what to try where that fails.
#[derive(Clone, Copy, Debug)]
struct Hint {
    by_tls: bool,
    /// The client shows a certificate.
    certified: bool,
}

impl AdminArguments {
    pub(crate) async fn connect(&self) -> CommandResult<Remote> {
        let AdminArguments { addr, key, ca, client_certificate, client_key } = self.clone();
        Remote::connect(&addr, &CallerArguments { key, ca, client_certificate, client_key }).await
    }
}

impl RemoteArguments {
    pub(crate) async fn connect(&self) -> CommandResult<Remote> {
        Remote::connect(&self.addr, &self.caller).await
    }
}

impl Remote {
    pub(crate) async fn connect(address: &str, caller: &CallerArguments) -> CommandResult<Remote> {
        let no_address = || {
            CommandError::usage(format!(
                "--addr '{address}' is no address: write https://HOST:PORT, or http://HOST:PORT for clear text"
            ))
        };
        // Nothing goes in clear text that was not asked to.
        let endpoint =
            address.contains("://").then(|| Endpoint::from_shared(address.to_owned()).ok()).flatten();
        let endpoint = endpoint.ok_or_else(no_address)?;
        let key = caller
            .key
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| CommandError::usage("--key holds characters that no API key has: check it"))?;
        let endpoint = match endpoint.uri().scheme_str() {
            Some("https") => {
                let tls = caller.tls()?;
                endpoint.tls_config(tls).map_err(|error| {
                    CommandError::usage(format!(
                        "--ca, --client-certificate or --client-key cannot be used: {}",
                        causes(&error)
                    ))
                })?
            }
            Some("http") => {
                caller.in_clear_text(address, endpoint.uri().host().unwrap_or_default())?;
                endpoint
            }
            _ => {
                return Err(CommandError::usage(format!(
                    "--addr '{address}' is neither https:// nor http://"
                )));
            }
        };
        let hint =
            Hint { by_tls: address.starts_with("https"), certified: caller.client_certificate.is_some() };
        let channel = endpoint.tcp_nodelay(true).connect().await.map_err(|error| {
            let causes = causes(&error);
            CommandError::infrastructure(format!(
                "no server answers at {address}: {causes}{}",
                hint.of(&causes)
            ))
        })?;
        Ok(Remote { channel, address: address.to_owned(), key, hint })
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
            Code::InvalidArgument | Code::NotFound => CommandError::usage(flags::named(status.message())),
            code => {
                let address = &self.address;
                // A status that no server has sent comes from the connection, and says why below itself.
                let Some(source) = std::error::Error::source(status) else {
                    let message = status.message();
                    return CommandError::infrastructure(format!("{address} answered {code:?}: {message}"));
                };
                let causes = causes(source);
                let hint = self.hint.of(&causes);
                CommandError::infrastructure(format!("{address} cannot be asked: {causes}{hint}"))
            }
        }
    }

    /// An answer that this program does not understand.
    pub(crate) fn odd(&self, error: impl std::fmt::Display) -> CommandError {
        CommandError::infrastructure(format!("{} answered with a response whose {error}", self.address))
    }
}

impl Hint {
    /// What to try where a connection fails with these causes.
    fn of(self, causes: &str) -> &'static str {
        match self {
            Hint { by_tls: true, .. } if causes.contains("UnknownIssuer") => {
                ": this machine does not trust who signed the server's certificate: --ca PEM names an authority to trust"
            }
            Hint { by_tls: true, .. }
                if causes.contains("corrupt message") || causes.contains("InvalidContentType") =>
            {
                ": it seems to serve no TLS: write http://"
            }
            Hint { by_tls: true, certified: false }
                if causes.contains("CertificateRequired")
                    || causes == "transport error"
                    || is_cut_off(causes) =>
            {
                ": it may ask for a certificate: --client-certificate PEM and --client-key PEM show one"
            }
            Hint { by_tls: false, .. }
                if causes.contains("h2") || causes.contains("http2") || is_cut_off(causes) =>
            {
                ": it seems to serve TLS, or no gRPC at this port: write https://, or the server's listen address instead of its http address"
            }
            _ => "",
        }
    }
}

/// The server took the connection and ended it, without a word.
fn is_cut_off(causes: &str) -> bool {
    ["broken pipe", "reset by peer", "unexpected end", "eof"]
        .iter()
        .any(|end| causes.to_lowercase().contains(end))
}

impl CallerArguments {
    fn tls(&self) -> CommandResult<ClientTlsConfig> {
        let mut tls = ClientTlsConfig::new();
        tls = match &self.ca {
            Some(path) => tls.ca_certificate(Certificate::from_pem(read_pem("--ca", path)?)),
            None => tls.with_native_roots(),
        };
        if let (Some(certificate), Some(key)) = (&self.client_certificate, &self.client_key) {
            let (certificate, key) =
                (read_pem("--client-certificate", certificate)?, read_pem("--client-key", key)?);
            tls = tls.identity(Identity::from_pem(certificate, key));
        }
        Ok(tls)
    }

    /// What is asked for that a connection in clear text does not give is an error, and a key that others can
    /// read is told.
    fn in_clear_text(&self, address: &str, host: &str) -> CommandResult<()> {
        if self.ca.is_some() || self.client_certificate.is_some() {
            return Err(CommandError::usage(format!(
                "--addr '{address}' is in clear text, which --ca and --client-certificate do not go with: write https://"
            )));
        }
        let host = host.trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if self.key.is_some() && !is_here {
            say(format_args!(
                "the API key and the program go to {address} in clear text: https:// hides them"
            ));
        }
        Ok(())
    }
}

/// How every part of a PEM file begins.
const PEM: &[u8] = b"-----BEGIN ";

fn read_pem(flag: &str, path: &Path) -> CommandResult<Vec<u8>> {
    let bytes = std::fs::read(path)
        .map_err(|error| CommandError::usage(format!("{flag} {} cannot be read: {error}", path.display())))?;
    if !bytes.windows(PEM.len()).any(|part| part == PEM) {
        let shown = path.display();
        return Err(CommandError::usage(format!(
            "{flag} {shown} is no PEM file: it has no line that begins with -----BEGIN"
        )));
    }
    Ok(bytes)
}

/// An error with what it comes from.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
