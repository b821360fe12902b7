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
    left(folder, &source.file)
}
