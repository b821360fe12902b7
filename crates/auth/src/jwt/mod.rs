//! Tokens of an identity provider (JWT), as an alternative to API keys.
//!
//! ```text
//! token ─▶ kid ─▶ key set ─▶ signature, times, issuer, audience ─▶ the tenant's name
//!                   ▲ read again now and then, and when a kid is not in it
//!                 a file, or an https:// address
//! ```
//!
//! The key decides which algorithms it is used with, never the token, and only asymmetric ones are there: a
//! token that says `none`, or that is signed with the public key as if it were a secret, is refused before
//! anything is computed.

mod fetch;
mod keys;

use fetch::Source;
pub use fetch::{JwksAddress, check_address};
use jsonwebtoken::{Validation, decode, decode_header};
use keys::KeySet;
use serde_json::{Map, Value};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How far clocks may be apart, in seconds: so long a token is taken after its end, and before its beginning.
const LEEWAY_SECONDS: u64 = 60;

/// Between two readings because of a kid that is not in the set: anybody can make one up.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

/// Longer tokens are not looked at.
const LONGEST_TOKEN: usize = 16 << 10;

/// Who issues tokens, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwtConfig {
    /// Where the issuer's keys are.
    pub jwks: JwksAddress,
    /// What a token's `iss` must be.
    pub issuer: String,
    /// What its `aud` must be, or hold.
    pub audience: String,
    /// The claim that holds the tenant's name.
    pub tenant_claim: String,
}

/// Why a token does not say who calls.
pub(crate) type Refused = &'static str;

/// Looks at tokens.
pub(crate) struct Tokens {
    config: JwtConfig,
    source: Source,
    keys: RwLock<Arc<KeySet>>,
    /// When the keys were last read because of a token.
    looked: Mutex<Option<Instant>>,
}

impl Tokens {
    /// Keys in a file must be readable now; those at an address may come later.
    pub(crate) fn new(config: &JwtConfig) -> Result<Tokens, String> {
        let source = Source::new(&config.jwks)?;
        let keys = match &config.jwks {
            JwksAddress::File(_) => source.read_file()?,
            JwksAddress::Url { .. } => KeySet::default(),
        };
        let keys = RwLock::new(Arc::new(keys));
        Ok(Tokens { config: config.clone(), source, keys, looked: Mutex::new(None) })
    }

    /// The name of the tenant that the token is for.
    pub(crate) async fn tenant_name(&self, token: &str) -> Result<String, Refused> {
        let claims = self.claims(token).await?;
        let tenant = claims.get(&self.config.tenant_claim).and_then(Value::as_str);
        tenant.map(str::to_owned).ok_or("does not say which tenant it is for")
    }

    /// Whom the token is about.
    pub(crate) async fn subject(&self, token: &str) -> Result<String, Refused> {
        let claims = self.claims(token).await?;
        let subject = claims.get("sub").and_then(Value::as_str);
        subject.map(str::to_owned).ok_or("does not say whom it is about")
    }

    /// What a good token says.
    async fn claims(&self, token: &str) -> Result<Map<String, Value>, Refused> {
        if token.len() > LONGEST_TOKEN {
            return Err("is too long to be one: send another");
        }
        // A header that names `none`, or an algorithm that is not known, is no header.
        let header = decode_header(token)
            .map_err(|_| "cannot be read: send an API key, or a JWT with a signature of an asymmetric key")?;
        let kid = header.kid.as_deref();
        let mut keys = self.keys();
        if keys.find(kid).is_none() {
            self.look_again(&keys).await;
            keys = self.keys();
        }
        let key = keys.find(kid).ok_or("is signed with a key that is not known here: get a new one")?;
        let mut validation = Validation::new(header.alg);
        validation.algorithms.clone_from(&key.algorithms);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.config.issuer]);
        validation.set_audience(&[&self.config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let decoded = decode::<Map<String, Value>>(token, &key.key, &validation);
        Ok(decoded.map_err(|error| reason(error.kind()))?.claims)
    }

    /// Reads the keys now and then, for ever. The last good ones stay where they cannot be read.
    pub(crate) async fn watch(&self) {
        loop {
            self.refresh().await;
            tokio::time::sleep(self.source.interval()).await;
        }
    }

    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys because of a token, unless that was done just now. Whoever comes meanwhile waits for
    /// it.
    async fn look_again(&self, seen: &Arc<KeySet>) {
        let mut looked = self.looked.lock().await;
        let is_new = !Arc::ptr_eq(seen, &self.keys());
        if is_new || looked.is_some_and(|looked| looked.elapsed() < BETWEEN_LOOKS) {
            return;
        }
        *looked = Some(Instant::now());
        self.refresh().await;
    }

    async fn refresh(&self) {
        match self.source.read().await {
            Ok(keys) => {
                let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
                if **current != keys {
                    tracing::info!(keys = keys.len(), "the token issuer's keys are new");
                    *current = Arc::new(keys);
                }
            }
            Err(error) => tracing::warn!(error, "the token issuer's keys cannot be read, the last ones stay"),
        }
    }
}

/// In words of ours: the library's quote the token.
fn reason(kind: &jsonwebtoken::errors::ErrorKind) -> Refused {
    use jsonwebtoken::errors::ErrorKind;
    match kind {
        ErrorKind::ExpiredSignature => "has expired: get a new one",
        ErrorKind::ImmatureSignature => "is not valid yet: check the clocks",
        ErrorKind::InvalidIssuer => "is of another issuer: get one from the issuer that this server knows",
        ErrorKind::InvalidAudience => "is for another audience: get one for this server",
        ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm => {
            "is signed by an algorithm that its key is not for: use one of the key's own"
        }
        ErrorKind::MissingRequiredClaim(_) => "lacks a claim: it needs exp, iss and aud",
        ErrorKind::InvalidSignature => "has a signature that does not fit: get a new one",
        _ => "cannot be read: get a new one",
    }
}
