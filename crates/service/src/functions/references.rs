//! Names, versions and aliases: what a reference may be, and which version it means.

use super::Functions;
use crate::error::{Error, quoted};
use ampoule_model::FunctionReference;
use ampoule_store::FunctionIndex;

/// Longest name of a function or alias.
const LONGEST_NAME: usize = 100;

/// Hexadecimal digits of a version, and of the shortest beginning that is taken for one.
const VERSION_DIGITS: usize = 64;
const FEWEST_DIGITS: usize = 4;

/// The alias that points to what was put last.
pub(crate) const LATEST: &str = "latest";

impl Functions {
    /// The version that a reference means; `field` is where it stands.
    pub(super) async fn version(
        &self,
        tenant: &str,
        field: &str,
        reference: &FunctionReference,
    ) -> Result<String, Error> {
        check_reference(field, reference)?;
        let head = self.store.head(tenant, &reference.name).await?;
        resolve(&head, field, reference)
    }
}

/// The version that a reference means among those of a function.
pub(super) fn resolve(
    head: &FunctionIndex,
    field: &str,
    reference: &FunctionReference,
) -> Result<String, Error> {
    let name = &reference.name;
    if !reference.version.is_empty() {
        let found = head.version_from(&reference.version);
        let found = found.map_err(|error| Error::invalid(format!("{field}.version"), error.to_string()))?;
        let version = found.ok_or_else(|| {
            Error::NotFound(format!("function '{name}' has no version {}", quoted(&reference.version)))
        })?;
        return Ok(version.version.clone());
    }
    let alias = if reference.alias.is_empty() { LATEST } else { &reference.alias };
    let version = head.aliases.get(alias);
    version.cloned().ok_or_else(|| Error::NotFound(format!("function '{name}' has no alias '{alias}'")))
}

/// Checks a reference; `field` is where it stands.
pub(super) fn check_reference(field: &str, reference: &FunctionReference) -> Result<(), Error> {
    let invalid = |part: &str, reason: String| Err(Error::invalid(format!("{field}.{part}"), reason));
    if let Err(reason) = check_name(&reference.name) {
        return invalid("name", reason);
    }
    if !reference.version.is_empty() && !reference.alias.is_empty() {
        return invalid("alias", "is given together with a version: give one of them".into());
    }
    if !reference.version.is_empty()
        && let Err(reason) = check_version(&reference.version)
    {
        return invalid("version", reason);
    }
    if !reference.alias.is_empty()
        && let Err(reason) = check_name(&reference.alias)
    {
        return invalid("alias", reason);
    }
    Ok(())
}

/// What is wrong with the name of a function or an alias.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    const RULE: &str = "use 1 to 100 letters, digits, '-', '_' or '.', the first a letter or digit";
    if name.is_empty() {
        return Err(format!("is empty: {RULE}"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let starts_well = name.as_bytes()[0].is_ascii_alphanumeric();
    if name.len() <= LONGEST_NAME && starts_well && name.bytes().all(plain) {
        return Ok(());
    }
    Err(format!("{} is no name: {RULE}", quoted(name)))
}

/// What is wrong with a version, or with the beginning of one.
pub(crate) fn check_version(version: &str) -> Result<(), String> {
    let is_hex = version.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_hex && (FEWEST_DIGITS..=VERSION_DIGITS).contains(&version.len()) {
        return Ok(());
    }
    Err(format!(
        "is {}: versions have {VERSION_DIGITS} hexadecimal digits in lower case, of which the first {FEWEST_DIGITS} or more are \
         taken where no other version begins with them; is it an alias?",
        quoted(version)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["a", "9", "text-tools_v1.2", &"x".repeat(100)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", ".", "..", ".a", "-a", "a/b", "a b", "ä", "a\0", &"x".repeat(101)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn versions_are_hexadecimal_digits() {
        for good in ["0123", "abcdef", &"0".repeat(64)] {
            assert_eq!(check_version(good), Ok(()), "{good}");
        }
        for bad in ["", "012", "ABCD", "stable", "ab-d", &"0".repeat(65)] {
            assert!(check_version(bad).is_err(), "{bad}");
        }
    }
}
