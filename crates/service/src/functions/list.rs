//! Lists of functions, page by page.

use super::references::check_name;
use super::words;
use crate::capacity::aside::aside;
use crate::error::Error;
use crate::service::{Call, Service};
use ampoule_model::{FunctionSummary, FunctionVersion};
use ampoule_store::{FunctionIndex, StoreError, Version};
use std::collections::BTreeMap;

/// Functions on a page: when nothing is said, and at most.
const PAGE: usize = 100;
const LARGEST_PAGE: usize = 1000;

/// Heads that are read for one page, however few of them have what is looked for.
const MOST_READ: usize = LARGEST_PAGE;

/// A page ends when it has so many bytes, about: a quarter of what clients of gRPC take by default.
const FULL: usize = 1 << 20;

/// Memory for a page is set aside in steps of so many bytes of it; pages that are smaller than one count as
/// nothing.
const STEP: usize = 64 << 10;

/// A page is there as it is told, as its message, and as that message's bytes.
const COPIES: u64 = 3;

/// What of the functions is asked for.
#[derive(Clone, Debug, Default)]
pub struct ListFunctions {
    /// At most so many; 0: a hundred.
    pub size: usize,
    /// [`FunctionPage::next`] of the page before; empty: from the first.
    pub token: String,
    /// What versions must have, all of it.
    pub labels: BTreeMap<String, String>,
}

/// A page of functions.
#[derive(Clone, Debug)]
pub struct FunctionPage {
    /// By name.
    pub functions: Vec<FunctionSummary>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

impl Service {
    /// A page of the tenant's functions.
    pub async fn list_functions(&self, call: &Call, list: &ListFunctions) -> Result<FunctionPage, Error> {
        // Always aside: nobody asks in a hurry, and a page may have a hundred heads of a hundred KiB.
        let (service, call, list, tenant) = (self.clone(), call.clone(), list.clone(), &call.tenant);
        let listing = aside(tenant, async move { service.list_here(&call, &list).await });
        listing.await.unwrap_or(Err(Error::Panicked))
    }

    async fn list_here(&self, call: &Call, list: &ListFunctions) -> Result<FunctionPage, Error> {
        let functions = self.functions()?;
        let tenant = call.tenant.name();
        let ListFunctions { size, token, labels } = list;
        if *size > LARGEST_PAGE {
            let reason = format!("is {size}, at most {LARGEST_PAGE} are taken");
            return Err(Error::invalid("page_size", reason));
        }
        if !token.is_empty() {
            check_name(token)
                .map_err(|_| Error::invalid("page_token", "is not one that a page has ended with"))?;
        }
        words::check_labels(labels)?;
        let size = if *size == 0 { PAGE } else { *size };
        let _turn = call.tenant.0.store.acquire().await;
        let names = functions.store.names(tenant).await?;
        let names = names.into_iter().filter(|name| name.as_str() >= token.as_str());
        let mut page = FunctionPage { functions: Vec::new(), next: None };
        let (mut bytes, mut memory) = (0, vec![self.slots().reserve_to_send(&call.tenant, 0)?]);
        for (read, name) in names.enumerate() {
            if page.functions.len() == size || bytes >= FULL || read == MOST_READ {
                page.next = Some(name);
                break;
            }
            match functions.store.head(tenant, &name).await {
                Ok(head) => {
                    let Some(summary) = summary(name, &head, labels) else { continue };
                    bytes += size_of(&summary);
                    while memory.len() * STEP <= bytes {
                        memory.push(self.slots().reserve_to_send(&call.tenant, COPIES * STEP as u64)?);
                    }
                    page.functions.push(summary);
                }
                // Deleted meanwhile, or never finished.
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(page)
    }
}

/// What a list tells of a function; none if no version has the labels.
fn summary(name: String, head: &FunctionIndex, labels: &BTreeMap<String, String>) -> Option<FunctionSummary> {
    let version = |version: &Version| FunctionVersion {
        version: version.version.clone(),
        created_unix_millis: version.created_unix_millis,
        created_by: version.created_by.clone(),
        description: version.description.clone(),
        labels: version.labels.clone(),
    };
    let versions = head.versions.iter().filter(|version| words::has(&version.labels, labels));
    let versions: Vec<FunctionVersion> = versions.map(version).collect();
    let is_told = !versions.is_empty() || labels.is_empty();
    is_told.then(|| FunctionSummary { name, versions, aliases: head.aliases.clone() })
}

/// Its bytes in a message, about.
fn size_of(summary: &FunctionSummary) -> usize {
    let labels = |labels: &BTreeMap<String, String>| -> usize {
        labels.iter().map(|(key, value)| key.len() + value.len() + 8).sum()
    };
    let version = |version: &FunctionVersion| {
        // It is told twice.
        2 * version.version.len()
            + version.created_by.len()
            + version.description.len()
            + labels(&version.labels)
            + 40
    };
    let versions: usize = summary.versions.iter().map(version).sum();
    summary.name.len() + versions + labels(&summary.aliases)
}
