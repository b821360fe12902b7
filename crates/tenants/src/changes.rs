//! What is different between two lists of tenants, for the log: names and ids of keys, never a key, and not
//! too many of them.

use crate::entry::{KeyEntry, TenantEntry};
use crate::list::List;
use ampoule_auth::KeyHash;
use serde_json::Value;
use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;

/// So many of each kind are named; the others are counted.
const MOST_NAMED: usize = 20;

/// The longest values that are told of a field that has changed, in bytes.
const LONGEST: usize = 100;

/// Names, and how many more there are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names {
    named: Vec<String>,
    count: usize,
}

/// What has changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    created: Names,
    changed: Names,
    removed: Names,
    keys_added: Names,
    keys_revoked: Names,
    /// What those are granted that only tokens name.
    token_tenants: bool,
}

impl Names {
    fn add(&mut self, name: impl FnOnce() -> String) {
        if self.count < MOST_NAMED {
            self.named.push(name());
        }
        self.count += 1;
    }

    /// `a, b and 3 more`; none where there are none.
    fn told(&self) -> Option<String> {
        let mut told = self.named.join(", ");
        if self.count > self.named.len() {
            // Writing to a string does not fail.
            let _ = write!(told, " and {} more", self.count - self.named.len());
        }
        (self.count > 0).then_some(told)
    }
}

impl Changes {
    pub(crate) fn between(old: &List, new: &List) -> Changes {
        let mut changes = Changes { token_tenants: old.tokens != new.tokens, ..Changes::default() };
        for (name, listed) in &new.tenants {
            match old.tenants.get(name) {
                None => {
                    changes.created.add(|| name.clone());
                    changes.keys(name, &[], &listed.entry.keys);
                }
                Some(known) if known.entry == listed.entry => {}
                Some(known) => {
                    changes.keys(name, &known.entry.keys, &listed.entry.keys);
                    let (was, is) = (without_keys(&known.entry), without_keys(&listed.entry));
                    if was != is {
                        changes.changed.add(|| format!("{name} ({})", difference(&was, &is)));
                    }
                }
            }
        }
        for (name, listed) in old.tenants.iter().filter(|(name, _)| !new.tenants.contains_key(*name)) {
            changes.removed.add(|| name.clone());
            changes.keys(name, &listed.entry.keys, &[]);
        }
        changes
    }

    pub(crate) fn are_none(&self) -> bool {
        *self == Changes::default()
    }

    /// Writes them into the log, with who has made them.
    pub(crate) fn log(&self, by: &str, tenants: usize) {
        tracing::info!(
            by,
            tenants,
            created = self.created.told(),
            changed = self.changed.told(),
            removed = self.removed.told(),
            keys_added = self.keys_added.told(),
            keys_revoked = self.keys_revoked.told(),
            token_tenants = self.token_tenants.then_some("changed"),
            "tenants changed",
        );
    }

    fn keys(&mut self, tenant: &str, old: &[KeyEntry], new: &[KeyEntry]) {
        let (was, is): (HashSet<&str>, HashSet<&str>) = (hashes(old), hashes(new));
        for key in new.iter().filter(|key| !was.contains(key.hash.as_str())) {
            self.keys_added.add(|| named(tenant, key));
        }
        for key in old.iter().filter(|key| !is.contains(key.hash.as_str())) {
            self.keys_revoked.add(|| named(tenant, key));
        }
    }
}

fn hashes(keys: &[KeyEntry]) -> HashSet<&str> {
    keys.iter().map(|key| key.hash.as_str()).collect()
}

fn named(tenant: &str, key: &KeyEntry) -> String {
    format!("{tenant}:{}", id(key))
}

/// What a key is called.
pub(crate) fn id(key: &KeyEntry) -> String {
    key.hash.parse::<KeyHash>().map_or_else(|_| "?".into(), |hash| hash.id())
}

/// `weight 1 -> 3, disabled none -> true`; of what is long the name alone.
fn difference(was: &TenantEntry, is: &TenantEntry) -> String {
    let fields = |entry| match serde_json::to_value(entry) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (was, is) = (fields(was), fields(is));
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let different = names.into_iter().filter(|name| was.get(*name) != is.get(*name));
    let told = different.map(|name| {
        let [was, is] = [&was, &is].map(|fields| fields.get(name).map_or("none".into(), Value::to_string));
        if was.len() + is.len() > LONGEST { name.clone() } else { format!("{name} {was} -> {is}") }
    });
    told.collect::<Vec<_>>().join(", ")
}

fn without_keys(entry: &TenantEntry) -> TenantEntry {
    TenantEntry { keys: Vec::new(), ..entry.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::Origin;
    use std::sync::Arc;

    fn list(text: &str) -> List {
        let mut list = List::default();
        for entry in crate::files::parse(text).unwrap() {
            list.add(entry, Origin::Config).unwrap();
        }
        list
    }

    fn hash(number: u32) -> String {
        format!("sha256:{number:064x}")
    }

    #[test]
    fn what_changed_is_told_by_names_and_ids_of_keys() {
        let old = list(&format!(
            "[[tenants]]\nname = \"a\"\nkeys = [\"{}\"]\n[[tenants]]\nname = \"b\"\n[[tenants]]\nname = \"c\"\nkeys = [\"{}\"]",
            hash(1),
            hash(2)
        ));
        let new = list(&format!(
            "[[tenants]]\nname = \"a\"\nkeys = [\"{}1\"]\n[[tenants]]\nname = \"b\"\nweight = 2\n[[tenants]]\nname = \"d\"",
            &hash(0)[..70]
        ));
        let changes = Changes::between(&old, &new);
        let told = |names: &Names| names.told().unwrap_or_default();
        assert_eq!(
            (told(&changes.created), told(&changes.changed), told(&changes.removed)),
            ("d".into(), "b (weight none -> 2)".into(), "c".into())
        );
        assert_eq!(told(&changes.keys_revoked), "c:000000000000");
        assert_eq!(told(&changes.keys_added), "");
        assert!(Changes::between(&new, &new.clone()).are_none());
        let rotated = list(&format!("[[tenants]]\nname = \"a\"\nkeys = [\"sha256:{}\"]", "ab".repeat(32)));
        let changes = Changes::between(&list("[[tenants]]\nname = \"a\""), &rotated);
        assert_eq!(
            (told(&changes.changed), told(&changes.keys_added)),
            (String::new(), "a:abababababab".into())
        );
    }

    #[test]
    fn of_many_the_first_are_named_and_the_others_counted() {
        let mut many = List::default();
        for number in 0..5000 {
            let name = format!("tenant-{number:04}");
            many.add(Arc::new(TenantEntry { name, ..TenantEntry::default() }), Origin::Config).unwrap();
        }
        let created = Changes::between(&List::default(), &many).created.told().unwrap();
        assert!(created.ends_with("tenant-0019 and 4980 more") && created.len() < 400, "{created}");
    }
}
