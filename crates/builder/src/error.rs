//! What can go wrong, named for what the caller can do about it.

use crate::recipe::Source;
use std::path::{Path, PathBuf};

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an image could not be built.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no `runtimes/` folder to read recipes from.
    #[error("no folder of recipes found: {0}; set AMPOULE_RUNTIMES to the checkout's `runtimes` folder")]
    NoRuntimes(String),

    /// A file of the cache is not what it was when it was made.
    #[error("{} was damaged and has been removed from the cache; run the same command again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },

    /// No recipe has this name.
    #[error("no image is called `{name}`; there are: {}", known.join(", "))]
    UnknownImage {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },

    /// The recipe has no such step.
    #[error("image `{image}` has no step `{step}`; there are: {}", known.join(", "))]
    UnknownStep {
        /// The image.
        image: String,
        /// The step asked for.
        step: String,
        /// The steps there are.
        known: Vec<String>,
    },

    /// A recipe says something that cannot be; to be mended in the recipe.
    #[error("{}: {message}", file.display())]
    Recipe {
        /// The recipe.
        file: PathBuf,
        /// The field and what is wrong with it.
        message: String,
    },

    /// A source could not be fetched; usually the network or a registry.
    #[error("source `{}` ({} {} from {}) could not be fetched:\n{message}", of.id, of.package, of.version, of.from)]
    Fetch {
        /// The source.
        of: Box<Source>,
        /// What each way of fetching it answered.
        message: String,
    },

    /// A source has other bytes than the recipe pins. Nothing of it was kept.
    #[error(
        "source `{}` ({} {}, {}) has the wrong sha256:\n  expected {}\n  found    {found}\nnothing was kept; either the recipe's pin is wrong or the download was tampered with",
        of.id, of.package, of.version, of.file, of.sha256
    )]
    WrongHash {
        /// The source, with the sha256 that was expected.
        of: Box<Source>,
        /// The sha256 of what came.
        found: String,
    },

    /// A step's script failed.
    #[error("step `{step}` of image `{image}` failed ({status}); its last lines:\n{tail}\nwhole log: {}", log.display())]
    Step {
        /// The image.
        image: String,
        /// The step.
        step: String,
        /// How the script ended.
        status: String,
        /// The last lines of its log.
        tail: String,
        /// The whole log.
        log: PathBuf,
    },

    /// The guest a recipe produced is not one: wrong imports or exports, a trap while booting.
    #[error("the guest of image `{image}` cannot become an image: {message}")]
    Guest {
        /// The image.
        image: String,
        /// What is wrong.
        message: String,
    },

    /// A file operation failed.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Adds the operation and the path to an I/O error.
pub(crate) trait IoContext<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io { doing, path: path.to_path_buf(), source })
    }
}
