//! The tenants' credentials, and the look at those of a call.

use crate::host::{Hosts, allowed};
use crate::jwt::{JwtConfig, Tokens};
use crate::key::{KeyHash, PREFIX};
use ampoule_connection::{Fingerprint, Peer};
use ampoule_service::{ErrorCode, NoTenant, Service, Stopped, Tenant};
use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

/// Carries an API key.
const KEY_HEADER: &str = "x-api-key";

/// Carries a token, or an API key from clients that only know tokens.
const BEARER: &str = "Bearer ";

/// Which keys belong to which tenant.
#[derive(Clone, Debug, Default)]
pub struct AuthConfig {
    /// Tenants' names and the hashes of their keys. A tenant can have several keys, so that one can follow
    /// another.
    pub keys: Vec<(String, KeyHash)>,
    /// When keys end; those that are not in here never do.
    pub expiries: HashMap<KeyHash, SystemTime>,
    /// Tenants' names and the fingerprints of their certificates, which the server's TLS must have verified.
    pub certificates: Vec<(String, Fingerprint)>,
    /// Whose tokens are taken beside keys.
    pub jwt: Option<JwtConfig>,
    /// Hosts, beside those of this machine, by which the server may be called where it asks nobody for a key,
    /// and whose pages may call it.
    pub allowed_hosts: Vec<String>,
}

impl AuthConfig {
    /// The hosts in lower case; an error says which one is none.
    pub fn check_hosts(&self) -> Result<Vec<String>, String> {
        let numbered = self.allowed_hosts.iter().enumerate();
        numbered
            .map(|(index, host)| allowed(host).map_err(|error| format!("allowed_hosts[{index}] {error}")))
            .collect()
    }
}

/// Knows who calls. A service without listed tenants knows everybody, as its open tenant.
#[derive(Clone)]
pub struct Authenticator(Arc<Known>);

struct Known {
    service: Service,
    open: Option<Tenant>,
    credentials: ArcSwap<Credentials>,
    tokens: Option<Tokens>,
    allowed_hosts: Arc<[String]>,
}

/// Exchanged as a whole.
struct Credentials {
    keys: HashMap<KeyHash, Key>,
    certificates: HashMap<Fingerprint, Tenant>,
}

struct Key {
    tenant: Tenant,
    /// None: it does not end.
    end: Option<SystemTime>,
}

/// Why a call is not served, without a word of what it presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no key in the call, and no certificate that names a tenant.
    #[error("the call has no API key: send one in the header 'x-api-key'")]
    NoKey,
    /// The key is nobody's.
    #[error("the API key is not known here: check it, or ask the operator for a new one")]
    UnknownKey,
    /// The key has expired.
    #[error("the API key has expired: use the one that followed it, or ask the operator for a new one")]
    ExpiredKey,
    /// It is known who calls, and that nothing of theirs may run.
    #[error("the tenant was {} by the operator: ask them", .0.name())]
    Stopped(Stopped),
    /// The token is good, but there is no room for one more tenant.
    #[error(
        "the server serves as many tenants by tokens as it may: try again later, or have the operator list this one"
    )]
    TooManyTenants,
    /// The token is of no use.
    #[error("the token {0}")]
    Token(&'static str),
    /// The key is one tenant's, the certificate another's.
    #[error(
        "the API key and the client's certificate belong to different tenants: send the one that fits the other"
    )]
    Contradiction,
}

impl AuthError {
    /// What the caller can do about it.
    pub fn code(self) -> ErrorCode {
        match self {
            AuthError::NoKey
            | AuthError::UnknownKey
            | AuthError::ExpiredKey
            | AuthError::Token(_)
            | AuthError::Contradiction => ErrorCode::Unauthenticated,
            AuthError::Stopped(_) => ErrorCode::PermissionDenied,
            AuthError::TooManyTenants => ErrorCode::Busy,
        }
    }
}

impl Authenticator {
    /// The keys of `service`'s tenants. A key of a tenant that the service does not have is an error, in
    /// words.
    pub fn new(config: &AuthConfig, service: &Service) -> Result<Authenticator, String> {
        let credentials = ArcSwap::from_pointee(Credentials::of(config, service)?);
        let tokens =
            config.jwt.as_ref().map(Tokens::new).transpose().map_err(|error| format!("jwt: {error}"))?;
        let allowed_hosts = config.check_hosts()?.into();
        let (service, open) = (service.clone(), service.open_tenant());
        Ok(Authenticator(Arc::new(Known { service, open, credentials, tokens, allowed_hosts })))
    }

    /// From now on these are the keys and certificates, whose tenants the service must have. The rest of the
    /// configuration stays as it is.
    pub fn replace(&self, config: &AuthConfig) -> Result<(), String> {
        self.0.credentials.store(Arc::new(Credentials::of(config, &self.0.service)?));
        Ok(())
    }

    /// By which names a listener on this address is called.
    pub fn hosts(&self, listens_on: IpAddr) -> Hosts {
        if !self.is_open() {
            return Hosts::any();
        }
        Hosts::without_keys(listens_on, &self.0.allowed_hosts).counted_by(&self.0.service)
    }

    /// The same for monitoring, which asks nobody for a key.
    pub fn hosts_for_monitoring(&self, listens_on: IpAddr) -> Hosts {
        Hosts::for_monitoring(listens_on, &self.0.allowed_hosts).counted_by(&self.0.service)
    }

    /// Whether everybody is let in, as the open tenant.
    pub fn is_open(&self) -> bool {
        self.0.open.is_some()
    }

    /// Whose call it is that has these headers, on a connection with this peer.
    pub async fn tenant(&self, headers: &HeaderMap, peer: Peer) -> Result<Tenant, AuthError> {
        if let Some(open) = &self.0.open {
            return Ok(open.clone());
        }
        let tenant = self.of_call(headers, peer).await.and_then(|tenant| match tenant.is_stopped() {
            None => Ok(tenant),
            // A key that was looked up just before its tenant was removed.
            Some(Stopped::Removed) => Err(AuthError::UnknownKey),
            Some(why) => Err(AuthError::Stopped(why)),
        });
        tenant.inspect_err(|_| self.denied())
    }

    /// A key says who calls also where the certificate is somebody's through whom many call, and is of no
    /// tenant.
    async fn of_call(&self, headers: &HeaderMap, peer: Peer) -> Result<Tenant, AuthError> {
        let by_certificate = peer
            .certificate
            .and_then(|certificate| self.0.credentials.load().certificates.get(&certificate).cloned());
        let by_key = match (presented(headers), &self.0.tokens) {
            (None, _) => return by_certificate.ok_or(AuthError::NoKey),
            (Some(Presented::Bearer(token)), Some(tokens)) if !token.starts_with(PREFIX) => {
                self.of_token(tokens, token).await?
            }
            (Some(Presented::Key(key) | Presented::Bearer(key)), _) => self.of_key(key)?,
        };
        match by_certificate {
            Some(other) if other.name() != by_key.name() => Err(AuthError::Contradiction),
            _ => Ok(by_key),
        }
    }

    /// Counts somebody who was sent away, by us or by a door that asks for more.
    pub fn denied(&self) {
        self.0.service.count_denied();
    }

    /// None: no tokens are taken.
    pub(crate) fn tokens(&self) -> Option<&Tokens> {
        self.0.tokens.as_ref()
    }

    async fn of_token(&self, tokens: &Tokens, token: &str) -> Result<Tenant, AuthError> {
        let name = tokens.tenant_name(token).await.map_err(AuthError::Token)?;
        self.0.service.vouched_for_tenant(&name).map_err(|no_tenant| match no_tenant {
            NoTenant::Unknown => AuthError::Token("is for a tenant that is not known here: ask the operator"),
            NoTenant::TooMany => AuthError::TooManyTenants,
        })
    }

    /// Reads the keys of tokens now and then, for ever; ready at once where no tokens are taken.
    pub async fn watch_token_keys(self) {
        if let Some(tokens) = &self.0.tokens {
            tokens.watch().await;
        }
    }

    fn of_key(&self, key: &str) -> Result<Tenant, AuthError> {
        let credentials = self.0.credentials.load();
        let known = credentials.keys.get(&KeyHash::of(key)).ok_or(AuthError::UnknownKey)?;
        match known.end {
            Some(end) if SystemTime::now() >= end => Err(AuthError::ExpiredKey),
            _ => Ok(known.tenant.clone()),
        }
    }
}

impl Credentials {
    fn of(config: &AuthConfig, service: &Service) -> Result<Credentials, String> {
        let tenant = |name: &str, what| {
            service.tenant(name).ok_or_else(|| format!("there is no tenant '{name}' for a {what}"))
        };
        let mut keys = HashMap::with_capacity(config.keys.len());
        for (name, hash) in &config.keys {
            let end = config.expiries.get(hash).copied();
            keys.insert(*hash, Key { tenant: tenant(name, "key")?, end });
        }
        let mut certificates = HashMap::with_capacity(config.certificates.len());
        for (name, fingerprint) in &config.certificates {
            certificates.insert(*fingerprint, tenant(name, "certificate")?);
        }
        Ok(Credentials { keys, certificates })
    }
}

/// What a call presents.
pub(crate) enum Presented<'a> {
    /// As what only keys are sent.
    Key(&'a str),
    /// A token, or a key.
    Bearer(&'a str),
}

pub(crate) fn presented(headers: &HeaderMap) -> Option<Presented<'_>> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let bearer = || text(AUTHORIZATION.as_str())?.strip_prefix(BEARER).map(str::trim);
    text(KEY_HEADER).map(Presented::Key).or_else(|| bearer().map(Presented::Bearer))
}
