//! npm packages: `npm pack`, which fetches a package's tarball as it is.

use super::client::{Answer, left, run};
use crate::recipe::Source;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn fetch(source: &Source, folder: &Path) -> Answer<PathBuf> {
    let mut npm = Command::new("npm");
    npm.args(["pack", "--ignore-scripts", "--silent", "--pack-destination"]).arg(folder);
    npm.arg(format!("{}@{}", source.package, source.version));
    // Not in a folder whose package.json or .npmrc could have a say.
    run(npm.current_dir(folder))?;
    left(folder, &tarball(&source.package, &source.version))
}

/// The name npm gives it: without the `@`, the scope joined by a `-`.
fn tarball(package: &str, version: &str) -> String {
    format!("{}-{version}.tgz", package.trim_start_matches('@').replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::tarball;

    #[test]
    fn scopes_are_part_of_the_name() {
        assert_eq!(tarball("buffer", "6.0.3"), "buffer-6.0.3.tgz");
        assert_eq!(tarball("@esbuild/linux-x64", "0.28.2"), "esbuild-linux-x64-0.28.2.tgz");
    }
}
