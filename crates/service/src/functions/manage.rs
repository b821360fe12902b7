//! Telling of functions, moving their aliases, and deleting them.

use super::Functions;
use super::put::{MOST_ALIASES, describe};
use super::references::{check_name, check_reference, check_version, resolve};
use crate::capacity::aside::aside;
use crate::error::{Error, quoted};
use crate::service::{Call, Service};
use ampoule_model::{AliasTarget, AliasUpdate, Function, FunctionReference};
use ampoule_store::FunctionIndex;
use std::sync::Arc;

impl Service {
    /// All of a version.
    pub async fn get_function(&self, call: &Call, reference: &FunctionReference) -> Result<Function, Error> {
        let functions = self.functions()?;
        let (tenant, name) = (call.tenant.name(), &reference.name);
        let version = functions.version(tenant, "function", reference).await?;
        // Always aside: how large it is is known once it is looked for, and nobody asks in a hurry.
        let (service, tenant, name) = (self.clone(), call.tenant.clone(), name.clone());
        let telling = aside(&call.tenant, async move {
            let known = service.known(&tenant, &name, &version).await?;
            let head = service.functions()?.store.head(tenant.name(), &name).await?;
            Ok(describe(&name, &version, &head, &known.definition, known.signature.as_deref()))
        });
        telling.await.unwrap_or(Err(Error::Panicked))
    }

    /// Points aliases to versions that are kept and removes others, in one step. Answers what there is of the
    /// function then.
    pub async fn update_aliases(
        &self,
        call: &Call,
        update: &AliasUpdate,
    ) -> Result<Arc<FunctionIndex>, Error> {
        let Functions { store, .. } = self.functions()?;
        check_update(update)?;
        let _turn = call.tenant.0.store.acquire().await;
        let (tenant, name) = (call.tenant.name(), &update.name);
        // As it is now: what somebody has just moved is promoted, not what was there a second ago.
        let head = store.head_now(tenant, name).await?;
        let mut set = Vec::with_capacity(update.set.len());
        for (index, target) in update.set.iter().enumerate() {
            let reference = FunctionReference {
                name: name.clone(),
                version: target.version.clone(),
                alias: target.from_alias.clone(),
            };
            set.push((target.alias.clone(), resolve(&head, &format!("set[{index}]"), &reference)?));
        }
        Ok(store.update_aliases(tenant, name, &set, &update.remove).await?)
    }

    /// Deletes a function, or one of its versions, or one of its aliases.
    pub async fn delete_function(&self, call: &Call, reference: &FunctionReference) -> Result<(), Error> {
        let Functions { store, .. } = self.functions()?;
        check_reference("function", reference)?;
        let _turn = call.tenant.0.store.acquire().await;
        let (tenant, name) = (call.tenant.name(), &reference.name);
        if !reference.version.is_empty() {
            let head = store.head_now(tenant, name).await?;
            store.delete_version(tenant, name, &resolve(&head, "function", reference)?).await?;
        } else if !reference.alias.is_empty() {
            store.delete_alias(tenant, name, &reference.alias).await?;
        } else {
            store.delete(tenant, name).await?;
        }
        Ok(())
    }

    /// Deletes all functions of a tenant.
    pub(crate) async fn forget_functions(&self, tenant: &str) -> Result<(), Error> {
        let Ok(functions) = self.functions() else { return Ok(()) };
        for name in functions.store.names(tenant).await? {
            match functions.store.delete(tenant, &name).await {
                // Deleted meanwhile, or never finished.
                Ok(()) | Err(ampoule_store::StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Removes what crashes have left in the store. Long work; once at a start is enough.
    pub async fn sweep_functions(&self) {
        let Ok(functions) = self.functions() else { return };
        let images: Vec<String> = self.images().iter().map(|image| image.digest().to_owned()).collect();
        let images: Vec<&str> = images.iter().map(String::as_str).collect();
        match functions.store.sweep(&images).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(removed, "leftovers in the function store"),
            Err(error) => tracing::error!(%error, "the function store could not be swept"),
        }
    }
}

fn check_update(update: &AliasUpdate) -> Result<(), Error> {
    check_name(&update.name).map_err(|reason| Error::invalid("name", reason))?;
    for (field, count) in [("set", update.set.len()), ("remove", update.remove.len())] {
        if count > MOST_ALIASES {
            return Err(Error::invalid(
                field,
                format!("has {count} entries, at most {MOST_ALIASES} are taken"),
            ));
        }
    }
    if update.set.is_empty() && update.remove.is_empty() {
        return Err(Error::invalid("set", "is empty, and so is remove: name an alias"));
    }
    for (index, AliasTarget { alias, version, from_alias }) in update.set.iter().enumerate() {
        let invalid = |part: &str, reason: String| Error::invalid(format!("set[{index}].{part}"), reason);
        check_name(alias).map_err(|reason| invalid("alias", reason))?;
        let again = |other: &AliasTarget| other.alias == *alias;
        if update.set[..index].iter().any(again) || update.remove.contains(alias) {
            return Err(invalid(
                "alias",
                format!("{} occurs twice: say once what becomes of it", quoted(alias)),
            ));
        }
        match (version.is_empty(), from_alias.is_empty()) {
            (true, true) => {
                return Err(invalid("version", "is missing: name a version or another alias".into()));
            }
            (false, false) => {
                return Err(invalid(
                    "from_alias",
                    "is given together with a version: give one of them".into(),
                ));
            }
            (false, true) => check_version(version).map_err(|reason| invalid("version", reason))?,
            (true, false) => check_name(from_alias).map_err(|reason| invalid("from_alias", reason))?,
        }
    }
    for (index, alias) in update.remove.iter().enumerate() {
        check_name(alias).map_err(|reason| Error::invalid(format!("remove[{index}]"), reason))?;
    }
    Ok(())
}
