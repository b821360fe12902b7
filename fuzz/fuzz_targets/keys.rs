//! API keys, their hashes, and the headers that carry them: nobody is let in but with the key.
#![no_main]

use ampoule_auth::{Authenticator, AuthConfig, KeyHash};
use ampoule_connection::Peer;
use ampoule_fuzz::tiny;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// Short, so that a fuzzer finds it; the server does not look at how keys are made.
const KEY: &str = "amp_k";

static ACCESS: LazyLock<Authenticator> = LazyLock::new(|| {
    let service = tiny::service(|config| {
        config.engine.slots = 1;
        config.tenants = vec![config.tenant("one"), config.tenant("other")];
    });
    let keys = vec![("one".into(), KeyHash::of(KEY)), ("other".into(), KeyHash::of("amp_other"))];
    Authenticator::new(&AuthConfig { keys, ..AuthConfig::default() }, &service).expect("both tenants are there")
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        match text.parse::<KeyHash>() {
            Ok(hash) => assert_eq!(hash.to_string(), text.to_ascii_lowercase()),
            Err(bad) => assert!(!bad.to_string().is_empty()),
        }
    }
    // Lines of `name: value`.
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    // Without tokens nothing is ever waited for.
    let let_in = ACCESS.tenant(&headers, Peer::default()).now_or_never().expect("it is told at once");
    let let_in = let_in.ok().map(|tenant| tenant.name().to_owned());
    let carried = |key: &str| {
        headers.iter().any(|(name, value)| {
            let text = value.to_str().unwrap_or_default();
            let bearer = (name == "authorization").then(|| text.strip_prefix("Bearer ")).flatten();
            let plain = (name == "x-api-key").then_some(text);
            bearer.or(plain).is_some_and(|text| text.trim() == key)
        })
    };
    match let_in.as_deref() {
        Some("one") => assert!(carried(KEY)),
        Some("other") => assert!(carried("amp_other")),
        Some(nobody) => panic!("{nobody} is no tenant"),
        None => {
            // Alone, the key opens.
            let only = headers.len() == 1;
            assert!(!(only && carried(KEY)), "the key was refused");
        }
    }
});
