//! Telling of functions, listing and deleting them.

use super::put::describe;
use super::{Functions, check_name, check_reference};
use crate::error::Error;
use crate::service::{Call, Service};
use ampoule_store::Head;
use ampoule_world::{Function, FunctionReference};
use std::sync::Arc;

/// Functions on a page: when nothing is said, and at most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// A page of functions.
#[derive(Clone, Debug)]
pub struct FunctionPage {
    /// Names and what there is of each, by name.
    pub functions: Vec<(String, Arc<Head>)>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

impl Service {
    /// All of a version.
    pub async fn get_function(&self, call: &Call, reference: &FunctionReference) -> Result<Function, Error> {
        let functions = self.functions()?;
        let (tenant, name) = (call.tenant.name(), &reference.name);
        let version = functions.version(tenant, reference).await?;
        let (definition, signature) = functions.definition(tenant, name, &version).await?;
        let head = functions.store.head(tenant, name).await?;
        Ok(describe(name, &version, &head, &definition, signature.as_deref()))
    }

    /// At most `size` functions (0: a hundred) from the one named by `token` on.
    pub async fn list_functions(&self, call: &Call, size: usize, token: &str) -> Result<FunctionPage, Error> {
        let functions = self.functions()?;
        let tenant = call.tenant.name();
        if size > LARGEST_PAGE {
            let reason = format!("is {size}, at most {LARGEST_PAGE} are taken");
            return Err(Error::invalid("page_size", reason));
        }
        if !token.is_empty() {
            check_name(token)
                .map_err(|_| Error::invalid("page_token", "is not one that a page has ended with"))?;
        }
        let size = if size == 0 { PAGE } else { size };
        let names = functions.store.names(tenant).await?;
        let mut names = names.into_iter().filter(|name| name.as_str() >= token);
        let mut page = FunctionPage { functions: Vec::new(), next: None };
        for name in names.by_ref() {
            if page.functions.len() == size {
                page.next = Some(name);
                break;
            }
            match functions.store.head(tenant, &name).await {
                Ok(head) => page.functions.push((name, head)),
                // Deleted meanwhile, or never finished.
                Err(ampoule_store::StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(page)
    }

    /// Deletes a function, or one of its versions, or one of its aliases.
    pub async fn delete_function(&self, call: &Call, reference: &FunctionReference) -> Result<(), Error> {
        let Functions { store, .. } = self.functions()?;
        check_reference("function", reference)?;
        let (tenant, name) = (call.tenant.name(), &reference.name);
        if !reference.version.is_empty() {
            store.delete_version(tenant, name, &reference.version).await?;
        } else if !reference.alias.is_empty() {
            store.delete_alias(tenant, name, &reference.alias).await?;
        } else {
            store.delete(tenant, name).await?;
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
