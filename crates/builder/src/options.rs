//! Where recipes, cache and images are.

use crate::error::{Error, Result};
use std::env;
use std::path::PathBuf;

/// The folders a build works with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Holds one folder per recipe, and what they share.
    pub runtimes: PathBuf,
    /// Sources, outputs of steps, logs, scratch; can be deleted at any time.
    pub cache: PathBuf,
    /// The built images.
    pub images: PathBuf,
    /// How many processes a step's tools may start.
    pub jobs: usize,
}

impl Options {
    /// From the environment: `AMPOULE_RUNTIMES` (else of the checkout that cargo runs this from, that it is
    /// called in, or that the program lies in), `XDG_CACHE_HOME` (else `~/.cache`), `AMPOULE_IMAGES` (else
    /// `ampoule/images` in the cache).
    pub fn from_env() -> Result<Options> {
        let runtimes = find_runtimes()?;
        let cache = absolute("XDG_CACHE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(env::temp_dir)
            .join("ampoule");
        let images = env::var_os("AMPOULE_IMAGES").filter(|value| !value.is_empty()).map(PathBuf::from);
        Ok(Options {
            runtimes,
            images: images.unwrap_or_else(|| cache.join("images")),
            cache,
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }
}

/// The XDG specification says that relative paths are to be ignored.
fn absolute(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn find_runtimes() -> Result<PathBuf> {
    if let Some(path) = env::var_os("AMPOULE_RUNTIMES").filter(|value| !value.is_empty()) {
        let path = PathBuf::from(path);
        return if path.is_dir() {
            Ok(path)
        } else {
            Err(Error::NoRuntimes(format!("AMPOULE_RUNTIMES is {}", path.display())))
        };
    }
    // The first, because checkouts that share a cargo target share binaries too. No path of the machine that
    // compiled this: it means nothing elsewhere.
    let run_from = absolute("CARGO_MANIFEST_DIR");
    let (here, binary) = (env::current_dir().ok(), env::current_exe().ok());
    let folders = [run_from, here, binary];
    let checkouts =
        folders.iter().flatten().flat_map(|path| path.ancestors()).map(|path| path.join("runtimes"));
    checkouts.into_iter().find(|path| path.join("guest").is_dir()).ok_or_else(|| {
        Error::NoRuntimes("neither this folder nor that of the program is in a checkout".into())
    })
}
