//! Keys that come, end and go while calls are looked at.

use ampoule_auth::{AdminKeys, ApiKey, AuthConfig, AuthError, Authenticator};
use ampoule_connection::Peer;
use ampoule_engine::Engine;
use ampoule_service::{Images, Service, ServiceConfig, Stopped, TenantConfig};
use http::HeaderMap;
use std::time::{Duration, SystemTime};

fn service() -> Service {
    let mut config = ServiceConfig::default();
    config.engine.slots = 1;
    config.tenants = vec![config.tenant("acme"), config.tenant("other")];
    let engine = Engine::new(config.engine.clone()).unwrap();
    Service::new(config, engine, Images::default())
}

fn headers(key: &ApiKey) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", key.reveal().parse().unwrap());
    headers
}

async fn ask(access: &Authenticator, key: &ApiKey) -> Result<String, AuthError> {
    access.tenant(&headers(key), Peer::default()).await.map(|tenant| tenant.name().to_owned())
}

fn keys(keys: &[(&str, &ApiKey)]) -> AuthConfig {
    let keys = keys.iter().map(|(name, key)| ((*name).to_owned(), key.hash())).collect();
    AuthConfig { keys, ..AuthConfig::default() }
}

#[tokio::test]
async fn keys_are_exchanged_as_a_whole_or_not_at_all() {
    let (one, two, three) =
        (ApiKey::generate().unwrap(), ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
    let access = Authenticator::new(&keys(&[("acme", &one), ("other", &two)]), &service()).unwrap();
    let clone = access.clone();
    assert_eq!(ask(&access, &one).await.as_deref(), Ok("acme"));
    access.replace(&keys(&[("other", &two), ("acme", &three)])).unwrap();
    assert_eq!(ask(&clone, &one).await, Err(AuthError::UnknownKey), "the key is revoked in every clone");
    assert_eq!(ask(&clone, &two).await.as_deref(), Ok("other"));
    assert_eq!(ask(&clone, &three).await.as_deref(), Ok("acme"));
    assert!(access.replace(&keys(&[("acme", &one), ("nobody", &two)])).is_err());
    assert_eq!(ask(&clone, &one).await, Err(AuthError::UnknownKey));
    assert_eq!(ask(&clone, &three).await.as_deref(), Ok("acme"));
}

#[tokio::test]
async fn a_key_with_an_end_ends_then() {
    let (over, good) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
    let mut config = keys(&[("acme", &over), ("acme", &good)]);
    config.expiries.insert(over.hash(), SystemTime::now() - Duration::from_secs(1));
    config.expiries.insert(good.hash(), SystemTime::now() + Duration::from_secs(600));
    let access = Authenticator::new(&config, &service()).unwrap();
    assert_eq!(ask(&access, &over).await, Err(AuthError::ExpiredKey));
    assert_eq!(ask(&access, &good).await.as_deref(), Ok("acme"));
}

#[tokio::test]
async fn the_key_of_a_tenant_that_is_disabled_or_gone_opens_nothing() {
    let (service, key) = (service(), ApiKey::generate().unwrap());
    let access = Authenticator::new(&keys(&[("acme", &key)]), &service).unwrap();
    let acme = service.tenant("acme").unwrap().config().clone();
    service.replace_tenants(vec![TenantConfig { disabled: true, ..acme.clone() }], None);
    assert_eq!(ask(&access, &key).await, Err(AuthError::Stopped(Stopped::Disabled)));
    service.replace_tenants(Vec::new(), None);
    assert_eq!(ask(&access, &key).await, Err(AuthError::UnknownKey), "before the keys are exchanged, too");
    service.replace_tenants(vec![acme], None);
    assert_eq!(ask(&access, &key).await.as_deref(), Ok("acme"));
}

#[test]
fn keys_of_those_who_administer_are_their_own() {
    let (admin, other) = (ApiKey::generate().unwrap(), ApiKey::generate().unwrap());
    let keys = AdminKeys::new(vec![admin.hash()]);
    assert_eq!(keys.of_call(&headers(&admin)).as_deref(), Ok(admin.hash().id().as_str()));
    assert_eq!(keys.of_call(&headers(&other)), Err(AuthError::UnknownKey));
    assert_eq!(keys.of_call(&HeaderMap::new()), Err(AuthError::NoKey));
    assert_eq!(AdminKeys::new(Vec::new()).of_call(&headers(&admin)), Err(AuthError::UnknownKey));
}
