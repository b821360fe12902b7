//! Crates: cargo fetches the `.crate` file into its own registry cache; it is copied from there.

use super::client::{Answer, Refusal, run};
use crate::recipe::Source;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn fetch(source: &Source, folder: &Path) -> Answer<PathBuf> {
    let name = format!("{}-{}.crate", source.package, source.version);
    if cached(&name).is_none() {
        // Reads the package's own Cargo.toml, so it downloads that one crate and none of its dependencies.
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["info", "--color", "never"]).arg(format!("{}@{}", source.package, source.version));
        run(cargo.current_dir(folder))?;
    }
    let crate_file = cached(&name).ok_or_else(|| {
        Refusal::finally(format!("cargo fetched it, but there is no {name} in its registry cache"))
    })?;
    let copy = folder.join(&source.file);
    let copied = std::fs::copy(&crate_file, &copy);
    copied.map_err(|error| Refusal::again(format!("cannot copy {}: {error}", crate_file.display())))?;
    Ok(copy)
}

/// The file in cargo's cache, whichever registry or mirror it came from.
fn cached(name: &str) -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))?;
    let registries = std::fs::read_dir(home.join("registry/cache")).ok()?;
    let files = registries.flatten().map(|registry| registry.path().join(name));
    files.into_iter().find(|file| file.is_file())
}
