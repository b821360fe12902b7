//! The user's folder for data that lasts.

use std::env;
use std::path::PathBuf;

/// Beside other programs' data of this user: `$XDG_DATA_HOME/ampoule/…`, or below `~/.local/share`. Who has
/// neither has nothing that lasts, and must say where.
pub fn folder(name: &str) -> Option<PathBuf> {
    let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    data.or_else(home).map(|data| data.join("ampoule").join(name))
}
