//! Tokens: which ones say who calls, and what the others are told.

use ampoule_auth::{ApiKey, AuthConfig, AuthError, Authenticator, JwksAddress, JwtConfig, check_address};
use ampoule_connection::{Connection, Fingerprint, Listener, Peer, Protocol};
use ampoule_engine::Engine;
use ampoule_service::{Images, Service, ServiceConfig, TenantConfig, UnlistedConfig};
use ampoule_testing::pki;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::KeyPair;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ISSUER: &str = "https://issuer.example";

/// A key of the issuer's.
struct Signer {
    kid: &'static str,
    key: EncodingKey,
    algorithm: Algorithm,
    /// Its public half, as RFC 7518 (6.2.1) and RFC 8037 (2) write it.
    jwk: Value,
}

impl Signer {
    fn new(kid: &'static str, algorithm: Algorithm) -> Signer {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (key, mut jwk) = match algorithm {
            Algorithm::ES256 => {
                let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
                // 4, for a point that is not compressed, and its two coordinates.
                let (x, y) = pair.public_key_raw()[1..].split_at(32);
                let jwk = json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) });
                (EncodingKey::from_ec_der(&pair.serialize_der()), jwk)
            }
            Algorithm::EdDSA => {
                let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
                let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": text(pair.public_key_raw()) });
                (EncodingKey::from_ed_der(&pair.serialize_der()), jwk)
            }
            other => unreachable!("{other:?}"),
        };
        jwk["kid"] = kid.into();
        jwk["alg"] = json!(algorithm);
        Signer { kid, key, algorithm, jwk }
    }

    fn jwk(&self) -> Value {
        self.jwk.clone()
    }

    fn sign(&self, claims: &Value) -> String {
        let header = Header { kid: Some(self.kid.into()), ..Header::new(self.algorithm) };
        encode(&header, claims, &self.key).unwrap()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Good claims, changed.
fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims =
        json!({ "iss": ISSUER, "aud": ["ampoule", "other"], "exp": now() + 300, "tenant": "acme" });
    change(&mut claims);
    claims
}

fn write(path: &Path, signers: &[&Signer]) {
    // One of a kind that nobody knows, and a secret: neither is of use, nor does it spoil the others.
    let mut keys =
        vec![json!({ "kty": "new", "kid": "new" }), json!({ "kty": "oct", "kid": "oct", "k": "c2VjcmV0" })];
    keys.extend(signers.iter().map(|signer| signer.jwk()));
    std::fs::write(path, json!({ "keys": keys }).to_string()).unwrap();
}

fn access(jwks: JwksAddress, api_key: Option<&ApiKey>) -> Authenticator {
    access_with(jwks, api_key, |_| {})
}

fn access_with(
    jwks: JwksAddress,
    api_key: Option<&ApiKey>,
    change: impl FnOnce(&mut ServiceConfig),
) -> Authenticator {
    let mut config = ServiceConfig::default();
    config.engine.slots = 1;
    config.tenants = vec![config.tenant("acme"), config.tenant("other")];
    change(&mut config);
    let engine = Engine::new(config.engine.clone()).unwrap();
    let service = Service::new(config, engine, Images::default());
    let jwt =
        JwtConfig { jwks, issuer: ISSUER.into(), audience: "ampoule".into(), tenant_claim: "tenant".into() };
    let keys = api_key.map(|key| ("other".to_owned(), key.hash())).into_iter().collect();
    Authenticator::new(&AuthConfig { keys, jwt: Some(jwt), ..AuthConfig::default() }, &service).unwrap()
}

async fn ask(access: &Authenticator, token: &str) -> Result<String, AuthError> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    access.tenant(&headers, Peer::default()).await.map(|tenant| tenant.name().to_owned())
}

/// What is said of a token that is of no use.
async fn refused(access: &Authenticator, token: &str) -> String {
    let said = ask(access, token).await.unwrap_err().to_string();
    for part in token.split('.').filter(|part| part.len() > 8) {
        assert!(!said.contains(part), "{said} holds a part of the token");
    }
    said
}

/// What is done to a good token.
type Change = Box<dyn Fn(&mut Value)>;

#[tokio::test]
async fn a_good_token_names_its_tenant_and_keys_stay_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (path, api_key) = (folder.path().join("keys.json"), ApiKey::generate().unwrap());
    let signers = [Signer::new("es", Algorithm::ES256), Signer::new("ed", Algorithm::EdDSA)];
    write(&path, &[&signers[0], &signers[1]]);
    let access = access(JwksAddress::File(path), Some(&api_key));
    for signer in &signers {
        assert_eq!(ask(&access, &signer.sign(&claims(|_| {}))).await.unwrap(), "acme", "{}", signer.kid);
    }
    assert_eq!(ask(&access, api_key.reveal()).await.unwrap(), "other");
    assert_eq!(ask(&access, "amp_unknown").await, Err(AuthError::UnknownKey));
    // What only keys are sent as is no token.
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", signers[0].sign(&claims(|_| {})).parse().unwrap());
    assert_eq!(access.tenant(&headers, Peer::default()).await.err(), Some(AuthError::UnknownKey));
}

/// What is kept of who put a function.
#[tokio::test]
async fn a_call_says_by_which_credential_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let (path, api_key) = (folder.path().join("keys.json"), ApiKey::generate().unwrap());
    let signer = Signer::new("es", Algorithm::ES256);
    write(&path, &[&signer]);
    let access = access(JwksAddress::File(path), Some(&api_key));
    let by = async |name: &'static str, value: &str, certificate: Option<Fingerprint>| {
        let mut headers = HeaderMap::new();
        if !name.is_empty() {
            headers.insert(name, value.parse().unwrap());
        }
        access.identity(&headers, Peer { certificate }).await
    };
    let twelve = |hash: &str| hash["sha256:".len()..][..12].to_owned();
    let key = format!("key:{}", twelve(&api_key.hash().to_string()));
    assert_eq!(by("x-api-key", api_key.reveal(), None).await, key);
    assert_eq!(by("authorization", &format!("Bearer {}", api_key.reveal()), None).await, key);
    let certificate = Fingerprint::of(b"certificate");
    let shown = format!("certificate:{}", twelve(&certificate.to_string()));
    assert_eq!(by("", "", Some(certificate)).await, shown);
    // Through whose certificate a key comes says less than the key.
    assert_eq!(by("x-api-key", api_key.reveal(), Some(certificate)).await, key);
    let token = signer.sign(&claims(|claims| claims["sub"] = "ada@example.com".into()));
    assert_eq!(by("authorization", &format!("Bearer {token}"), None).await, "token:ada@example.com");
    // Nothing is taken from a token that is not good.
    let stranger = Signer::new("es", Algorithm::ES256);
    let forged = stranger.sign(&claims(|claims| claims["sub"] = "ada@example.com".into()));
    assert_eq!(by("authorization", &format!("Bearer {forged}"), None).await, "token:");
}

#[tokio::test]
async fn a_token_may_name_a_tenant_that_is_not_listed_where_that_is_allowed_and_so_many_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let signer = Signer::new("es", Algorithm::ES256);
    write(&path, &[&signer]);
    let of = |name: &str| signer.sign(&claims(|claims| claims["tenant"] = name.into()));
    let access = access_with(JwksAddress::File(path), None, |config| {
        let granted = TenantConfig { weight: 7, ..config.tenant("") };
        config.unlisted = Some(UnlistedConfig { granted, most: 2, idle: Duration::from_secs(60) });
    });
    for name in ["acme", "new", "newer", "new"] {
        assert_eq!(ask(&access, &of(name)).await.as_deref(), Ok(name));
    }
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {}", of("new")).parse().unwrap());
    assert_eq!(access.tenant(&headers, Peer::default()).await.unwrap().config().weight, 7);
    assert_eq!(ask(&access, &of("newest")).await, Err(AuthError::TooManyTenants));
    for no_name in ["", "no name", "../x", &"x".repeat(65)] {
        assert!(refused(&access, &of(no_name)).await.contains("is for a tenant that is not known here"));
    }
}

#[tokio::test]
async fn tokens_that_do_not_fit_are_refused_and_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let (signer, stranger) = (Signer::new("es", Algorithm::ES256), Signer::new("es", Algorithm::ES256));
    write(&path, &[&signer]);
    let access = access(JwksAddress::File(path), None);
    let cases: [(&str, Change); 9] = [
        ("has expired", Box::new(|claims| claims["exp"] = (now() - 61).into())),
        ("is not valid yet", Box::new(|claims| claims["nbf"] = (now() + 70).into())),
        ("is of another issuer", Box::new(|claims| claims["iss"] = "https://else.example".into())),
        ("is for another audience", Box::new(|claims| claims["aud"] = "else".into())),
        ("lacks a claim", Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("exp")))),
        ("lacks a claim", Box::new(|claims| drop(claims.as_object_mut().unwrap().remove("aud")))),
        ("does not say which tenant", Box::new(|claims| claims["tenant"] = 7.into())),
        ("is for a tenant that is not known here", Box::new(|claims| claims["tenant"] = "nobody".into())),
        ("is for a tenant that is not known here", Box::new(|claims| claims["tenant"] = "open".into())),
    ];
    for (expected, change) in cases {
        let said = refused(&access, &signer.sign(&claims(change))).await;
        assert!(said.starts_with(&format!("the token {expected}")), "{said}, not: {expected}");
    }
    // Within the leeway.
    ask(&access, &signer.sign(&claims(|claims| claims["exp"] = (now() - 50).into()))).await.unwrap();
    ask(&access, &signer.sign(&claims(|claims| claims["nbf"] = (now() + 50).into()))).await.unwrap();
    let forged = refused(&access, &stranger.sign(&claims(|_| {}))).await;
    assert!(forged.contains("a signature that does not fit"), "{forged}");
    for junk in ["junk", "a.b.c", "..", &"x".repeat(20_000)] {
        refused(&access, junk).await;
    }
}

#[tokio::test]
async fn algorithms_are_the_keys_own_and_never_the_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let signer = Signer::new("es", Algorithm::ES256);
    write(&path, &[&signer]);
    let access = access(JwksAddress::File(path.clone()), None);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for none in ["none", "None", "NONE", ""] {
        let token = format!("{}.{}.", part(&json!({ "alg": none, "kid": "es" })), part(&claims(|_| {})));
        let said = refused(&access, &token).await;
        assert!(said.contains("cannot be read"), "{said}");
    }
    // The public key as a secret, in whatever form a verifier might have it.
    let jwk = signer.jwk();
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], bytes("x"), bytes("y")].concat();
    for secret in [point, jwk.to_string().into_bytes(), b"secret".to_vec()] {
        for kid in ["es", "oct"] {
            let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::HS256) };
            let token = encode(&header, &claims(|_| {}), &EncodingKey::from_secret(&secret)).unwrap();
            let said = refused(&access, &token).await;
            let expected =
                if kid == "es" { "by an algorithm that its key is not for" } else { "is not known here" };
            assert!(said.contains(expected), "{said}");
        }
    }
}

#[tokio::test]
async fn new_keys_are_found_when_a_token_needs_them_and_the_last_good_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let (old, new) = (Signer::new("old", Algorithm::ES256), Signer::new("new", Algorithm::EdDSA));
    write(&path, &[&old]);
    let access = access(JwksAddress::File(path.clone()), None);
    ask(&access, &old.sign(&claims(|_| {}))).await.unwrap();
    std::fs::write(&path, "broken").unwrap();
    let said = refused(&access, &new.sign(&claims(|_| {}))).await;
    assert!(said.contains("is signed with a key that is not known here"), "{said}");
    ask(&access, &old.sign(&claims(|_| {}))).await.unwrap();
    write(&path, &[&new]);
    // It was looked just now: not again for every token that somebody makes up.
    refused(&access, &new.sign(&claims(|_| {}))).await;
    let watching = tokio::spawn(access.clone().watch_token_keys());
    while ask(&access, &new.sign(&claims(|_| {}))).await.is_err() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    watching.abort();
    refused(&access, &old.sign(&claims(|_| {}))).await;
}

#[tokio::test]
async fn keys_are_fetched_over_https_once_for_many_unknown_ones() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), pki::Authority::new());
    let tls = pki::tls(folder.path(), &authority, None);
    let signer = Signer::new("es", Algorithm::ES256);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/keys", listener.local_addr().unwrap().port());
    let mut listener = Listener::new(listener, Some(&tls), Protocol::Http1);
    let (asked, document) = (Arc::new(AtomicUsize::new(0)), json!({ "keys": [signer.jwk()] }).to_string());
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        loop {
            let connection = listener.accept().await;
            count.fetch_add(1, Relaxed);
            answer(connection, &document).await;
        }
    });
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let access = access(check_address(&url, Some(ca)).unwrap(), None);
    let token = signer.sign(&claims(|_| {}));
    let (one, other) = tokio::join!(ask(&access, &token), ask(&access, &token));
    assert_eq!((one.unwrap(), other.unwrap()), ("acme".into(), "acme".into()));
    let made_up = Signer::new("made-up", Algorithm::ES256).sign(&claims(|_| {}));
    for _ in 0..10 {
        refused(&access, &made_up).await;
    }
    assert_eq!(asked.load(Relaxed), 1);
    for bad in ["http://issuer.example/keys", "ftp://x"] {
        assert!(check_address(bad, None).unwrap_err().contains("from a file or from https:// only"));
    }
}

async fn answer(mut connection: Connection, document: &str) {
    let _ = connection.read(&mut [0; 4096]).await;
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", document.len());
    let _ = connection.write_all(format!("{head}{document}").as_bytes()).await;
    let _ = connection.shutdown().await;
}
