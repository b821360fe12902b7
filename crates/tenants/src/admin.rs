//! The admin API's messages, answered. Transports look at who calls and at deadlines, and nothing else.

use crate::changes::id;
use crate::directory::{Directory, NotChanged};
use crate::entry::{KeyEntry, TenantEntry, Time};
use crate::list::Listed;
use crate::settings::{self, Wrong, after, key_to_proto, to_proto};
use crate::usage_message::usage_to_proto;
use ampoule_api::admin::v1::{
    CreateKeyRequest, CreateKeyResponse, CreateTenantRequest, CreateTenantResponse, DeleteTenantRequest,
    DeleteTenantResponse, GetTenantRequest, GetTenantResponse, GetTenantUsageRequest, GetTenantUsageResponse,
    ListTenantsRequest, ListTenantsResponse, NewKey, RevokeKeyRequest, RevokeKeyResponse, RotateKeyRequest,
    RotateKeyResponse, TenantSettings, UpdateTenantRequest, UpdateTenantResponse,
};
use ampoule_auth::ApiKey;
use ampoule_service::ErrorCode;
use std::time::{Duration, SystemTime};

/// Tenants on a page: when nothing is said, and at most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// Keys of one tenant, those that have ended and are still told of included.
const MOST_KEYS: usize = 32;

/// Characters of a key's description.
const LONGEST_DESCRIPTION: usize = 200;

/// How long a key that is followed by another one is still good: when nothing is said, and at most.
const OVERLAP: Duration = Duration::from_secs(60 * 60);
const LONGEST_OVERLAP: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A key that has ended is told of for so long: its calls hear that it has expired, and not that nobody knows
/// it.
const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Answers to those who administer tenants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Admin(Directory);

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// What the caller can do about it.
    pub code: ErrorCode,
    /// What it is, in words.
    pub message: String,
}

type Answer<T> = Result<T, Refused>;

impl Admin {
    /// For those who administer these tenants.
    pub fn new(directory: Directory) -> Admin {
        Admin(directory)
    }

    /// Counts somebody who was sent away.
    pub fn count_denied(&self) {
        self.0.service().count_denied();
    }

    /// Makes a tenant; `by` says in the log who has, as everywhere here.
    pub async fn create_tenant(&self, by: &str, asked: CreateTenantRequest) -> Answer<CreateTenantResponse> {
        let CreateTenantRequest { name, settings, without_key, key_description } = asked;
        check_new_name(&name)?;
        let made = if without_key { None } else { Some(make_key(key_description, None)?) };
        let keys = made.iter().map(|(_, entry)| entry.clone()).collect();
        let entry = TenantEntry { name: name.clone(), keys, ..TenantEntry::default() };
        let entry = set(entry, settings)?;
        self.change(&name, by, move |known| match known {
            Some(_) => {
                Err(refused(ErrorCode::AlreadyExists, format!("there is a tenant '{}' already", entry.name)))
            }
            None => Ok(Some(entry)),
        })
        .await?;
        let tenant = Some(to_proto(&self.find(&name)?));
        Ok(CreateTenantResponse { tenant, key: made.map(|(key, entry)| new_key(&key, &entry)) })
    }

    /// Tells of a tenant.
    pub fn get_tenant(&self, asked: &GetTenantRequest) -> Answer<GetTenantResponse> {
        Ok(GetTenantResponse { tenant: Some(to_proto(&self.find(&asked.name)?)) })
    }

    /// Tells of a page of tenants.
    pub fn list_tenants(&self, asked: &ListTenantsRequest) -> Answer<ListTenantsResponse> {
        let size = match asked.page_size as usize {
            0 => PAGE,
            size if size > LARGEST_PAGE => {
                return Err(invalid("page_size", format!("is {size}, at most {LARGEST_PAGE} are taken")));
            }
            size => size,
        };
        let (listed, next) = self.0.page(&asked.page_token, size);
        Ok(ListTenantsResponse {
            tenants: listed.iter().map(to_proto).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    /// Replaces a tenant's settings.
    pub async fn update_tenant(&self, by: &str, asked: UpdateTenantRequest) -> Answer<UpdateTenantResponse> {
        let UpdateTenantRequest { name, settings, revision } = asked;
        self.change(&name.clone(), by, move |known| {
            let listed = known.ok_or_else(|| no_tenant(&name))?;
            let current = settings::revision(&listed.entry);
            if !revision.is_empty() && revision != current {
                let message =
                    format!("revision is not {current}, which tenant '{name}' has now: read it again");
                return Err(refused(ErrorCode::Aborted, message));
            }
            Ok(Some(set((*listed.entry).clone(), settings)?))
        })
        .await
        .and_then(|name| Ok(UpdateTenantResponse { tenant: Some(to_proto(&self.find(&name)?)) }))
    }

    /// Deletes a tenant with all that is its own.
    pub async fn delete_tenant(&self, by: &str, asked: DeleteTenantRequest) -> Answer<DeleteTenantResponse> {
        let name = self
            .change(&asked.name.clone(), by, move |known| {
                known.ok_or_else(|| no_tenant(&asked.name))?;
                Ok(None)
            })
            .await?;
        self.0.service().forget_tenant(&name).await.map_err(|error| {
            error.log(&name);
            let message = format!(
                "the tenant '{name}' is deleted, but some of its functions are not: {error}; create and delete it again before another one has its name"
            );
            refused(ErrorCode::Internal, message)
        })?;
        Ok(DeleteTenantResponse {})
    }

    /// Makes one more key.
    pub async fn create_key(&self, by: &str, asked: CreateKeyRequest) -> Answer<CreateKeyResponse> {
        let CreateKeyRequest { tenant, description, valid_for } = asked;
        let valid_for = settings::duration("valid_for", valid_for.as_ref()).map_err(wrong)?;
        let (key, made) = make_key(description, valid_for)?;
        let answer = CreateKeyResponse { key: Some(new_key(&key, &made)) };
        self.change(&tenant.clone(), by, move |known| with_key(known, &tenant, made)).await?;
        Ok(answer)
    }

    /// Makes a key that follows another one.
    pub async fn rotate_key(&self, by: &str, asked: RotateKeyRequest) -> Answer<RotateKeyResponse> {
        let RotateKeyRequest { tenant, id, overlap } = asked;
        let overlap = settings::duration("overlap", overlap.as_ref()).map_err(wrong)?.unwrap_or(OVERLAP);
        if overlap > LONGEST_OVERLAP {
            return Err(invalid("overlap", "is more than 90 days: let both keys be for less".into()));
        }
        let known = self.find(&tenant)?;
        let old = find_key(&known.entry.keys, &tenant, &id)?;
        let (key, made) = make_key(old.description.clone(), None)?;
        let answered = made.clone();
        self.change(&tenant.clone(), by, {
            let id = id.clone();
            move |known| {
                let mut entry = with_key(known, &tenant, made)?.unwrap_or_default();
                let place = place_of(&entry.keys, &tenant, &id)?;
                if overlap.is_zero() {
                    entry.keys.remove(place);
                } else {
                    let end = after(overlap);
                    let old = &mut entry.keys[place];
                    // One that ends earlier by itself does not live longer for being followed.
                    old.expires = match (old.expires, end) {
                        (Some(one), Some(other)) if one.0 < other.0 => Some(one),
                        (_, end) => end,
                    };
                }
                Ok(Some(entry))
            }
        })
        .await
        .and_then(|tenant| {
            let now = self.find(&tenant)?;
            let old_key = find_key(&now.entry.keys, &tenant, &id).ok().map(key_to_proto);
            Ok(RotateKeyResponse { key: Some(new_key(&key, &answered)), old_key })
        })
    }

    /// Revokes a key.
    pub async fn revoke_key(&self, by: &str, asked: RevokeKeyRequest) -> Answer<RevokeKeyResponse> {
        let RevokeKeyRequest { tenant, id } = asked;
        self.change(&tenant.clone(), by, move |known| {
            let mut entry = (*known.ok_or_else(|| no_tenant(&tenant))?.entry).clone();
            let place = place_of(&entry.keys, &tenant, &id)?;
            entry.keys.remove(place);
            Ok(Some(entry))
        })
        .await?;
        Ok(RevokeKeyResponse {})
    }

    /// Tells what a tenant uses.
    pub fn get_tenant_usage(&self, asked: &GetTenantUsageRequest) -> Answer<GetTenantUsageResponse> {
        let service = self.0.service();
        let tenant = service.known_tenant(&asked.name).ok_or_else(|| no_tenant(&asked.name))?;
        Ok(GetTenantUsageResponse { usage: Some(usage_to_proto(&service.usage(&tenant))) })
    }

    fn find(&self, name: &str) -> Answer<Listed> {
        self.0.get(name).ok_or_else(|| no_tenant(name))
    }

    /// Changes a tenant on a thread that may wait for the disk, to its end even if the caller leaves; gives
    /// its name back.
    async fn change(
        &self,
        name: &str,
        by: &str,
        change: impl FnOnce(Option<&Listed>) -> Answer<Option<TenantEntry>> + Send + 'static,
    ) -> Answer<String> {
        let (directory, name, by) = (self.0.clone(), name.to_owned(), format!("admin key {by}"));
        let changed = tokio::task::spawn_blocking(move || {
            let changed = directory.change(&name, &by, change);
            (changed, name)
        });
        let bug =
            || refused(ErrorCode::Internal, "the server hit a bug: whether it was done is not known".into());
        let (changed, name) = changed.await.map_err(|_| bug())?;
        changed.map_err(|error| not_changed(error, &name))??;
        Ok(name)
    }
}

/// Writes the line of a call that was answered, the same from every transport. What was changed has a line of
/// its own.
pub fn log_call<T>(transport: &'static str, what: &'static str, by: &str, answered: &Result<T, Refused>) {
    let status = answered.as_ref().map_or_else(|refused| refused.code.name(), |_| "ok");
    tracing::info!(target: "ampoule::admin", transport, what, by, status);
}

fn not_changed(error: NotChanged, name: &str) -> Refused {
    match error {
        NotChanged::NoFolder => refused(
            ErrorCode::FailedPrecondition,
            "the server has no folder for tenants: its operator can set admin.folder".into(),
        ),
        NotChanged::ReadOnly(place) => {
            let message =
                format!("tenant '{name}' is in {place}, which the server does not write: change it there");
            refused(ErrorCode::FailedPrecondition, message)
        }
        NotChanged::Invalid(reason) => refused(ErrorCode::InvalidArgument, reason),
        NotChanged::Full(most) => refused(
            ErrorCode::StorageFull,
            format!(
                "there are {most} tenants, as many as there may be: delete one, or have admin.tenants raised"
            ),
        ),
        NotChanged::Failed(error) => {
            tracing::error!(error, tenant = name, "a tenant could not be changed");
            refused(
                ErrorCode::Internal,
                "it could not be brought to the disk, and nothing has changed: see the server's log".into(),
            )
        }
    }
}

/// A tenant with one key more.
fn with_key(known: Option<&Listed>, tenant: &str, made: KeyEntry) -> Answer<Option<TenantEntry>> {
    let mut entry = (*known.ok_or_else(|| no_tenant(tenant))?.entry).clone();
    let now = SystemTime::now();
    entry.keys.retain(|key| key.expires.is_none_or(|Time(end)| now < end + REMEMBERED));
    if entry.keys.len() >= MOST_KEYS {
        let message = format!("tenant '{tenant}' has {MOST_KEYS} keys, as many as one may have: revoke one");
        return Err(refused(ErrorCode::StorageFull, message));
    }
    entry.keys.push(made);
    Ok(Some(entry))
}

fn make_key(description: String, valid_for: Option<Duration>) -> Answer<(ApiKey, KeyEntry)> {
    let length = description.chars().count();
    if length > LONGEST_DESCRIPTION {
        let reason = format!("has {length} characters, at most {LONGEST_DESCRIPTION} are taken");
        return Err(invalid("description", reason));
    }
    let key = ApiKey::generate().map_err(|error| {
        tracing::error!(%error, "no random bytes from the system");
        refused(ErrorCode::Internal, "the system gave no random bytes: try again".into())
    })?;
    let (hash, created, expires) = (key.hash().to_string(), after(Duration::ZERO), valid_for.and_then(after));
    let entry = KeyEntry { hash, description, created, expires };
    Ok((key, entry))
}

fn new_key(key: &ApiKey, entry: &KeyEntry) -> NewKey {
    NewKey { key: Some(key_to_proto(entry)), api_key: key.reveal().to_owned() }
}

fn find_key<'a>(keys: &'a [KeyEntry], tenant: &str, id: &str) -> Answer<&'a KeyEntry> {
    Ok(&keys[place_of(keys, tenant, id)?])
}

fn place_of(keys: &[KeyEntry], tenant: &str, wanted: &str) -> Answer<usize> {
    let place = keys.iter().position(|key| id(key) == wanted);
    place.ok_or_else(|| {
        let message = format!("tenant '{}' has no key '{}'", tenant.escape_debug(), wanted.escape_debug());
        refused(ErrorCode::NotFound, message)
    })
}

fn set(entry: TenantEntry, given: Option<TenantSettings>) -> Answer<TenantEntry> {
    settings::with_settings(entry, given.unwrap_or_default())
        .map_err(|(field, reason)| invalid(&format!("settings.{field}"), reason))
}

/// The service looks at the characters; a name becomes that of a file.
fn check_new_name(name: &str) -> Answer<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let starts_well = name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
    if starts_well && name.len() <= 64 && name.bytes().all(plain) {
        return Ok(());
    }
    let shown: String = name.chars().take(80).collect();
    let reason = format!(
        "is '{}', which is no name: use 1 to 64 letters, digits, '-', '_' or '.', the first a letter or digit",
        shown.escape_debug()
    );
    Err(invalid("name", reason))
}

fn no_tenant(name: &str) -> Refused {
    let shown: String = name.chars().take(80).collect();
    refused(ErrorCode::NotFound, format!("there is no tenant '{}'", shown.escape_debug()))
}

fn wrong((field, reason): Wrong) -> Refused {
    invalid(&field, reason)
}

fn invalid(field: &str, reason: String) -> Refused {
    refused(ErrorCode::InvalidArgument, format!("{field} {reason}"))
}

fn refused(code: ErrorCode, message: String) -> Refused {
    Refused { code, message }
}
