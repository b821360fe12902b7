//! The images a service has.
//!
//! `<images>/<name>/current` holds the digest of the image in use, `<images>/<name>/<digest>/` its files.

use ampoule_engine::{Engine, EngineError, Image};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Holds the digest of the image in use.
const CURRENT_FILE: &str = "current";

/// Images by name, loaded and verified.
#[derive(Clone, Default)]
pub struct Images {
    by_name: BTreeMap<String, Image>,
}

impl Images {
    /// Loads the current image of every name in `names` from the folder `images`.
    pub fn load(engine: &Engine, images: &Path, names: &[String]) -> Result<Images, EngineError> {
        let mut loaded = Images::default();
        for name in names {
            let folder = image_folder(images, name).map_err(|error| EngineError::BadImage {
                path: images.join(name),
                reason: format!("it is not built ({error}); build it with: ampoule image build {name}"),
            })?;
            loaded.insert(engine.load(&folder)?);
        }
        Ok(loaded)
    }

    /// Adds an image under its own name.
    pub fn insert(&mut self, image: Image) {
        self.by_name.insert(image.manifest().name.clone(), image);
    }

    /// The image of this name.
    pub fn get(&self, name: &str) -> Option<&Image> {
        self.by_name.get(name)
    }

    /// All images, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Image> {
        self.by_name.values()
    }

    /// Their names for a message.
    pub(crate) fn list(&self) -> String {
        if self.by_name.is_empty() {
            return "none".into();
        }
        let names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        names.join(", ")
    }
}

/// Where images are: `AMPOULE_IMAGES`, else `ampoule/images` in the user's cache folder.
pub fn default_images_folder() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = variable("AMPOULE_IMAGES") {
        return folder;
    }
    // The XDG specification says that relative paths are to be ignored.
    variable("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("ampoule/images")
}

/// Names of the images that are built, sorted. A folder that does not exist holds none.
pub fn image_names(images: &Path) -> io::Result<Vec<String>> {
    let entries = match std::fs::read_dir(images) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && entry.path().join(CURRENT_FILE).is_file()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The folder of the current image of this name.
pub fn image_folder(images: &Path, name: &str) -> io::Result<PathBuf> {
    let of_name = images.join(name);
    let digest = std::fs::read_to_string(of_name.join(CURRENT_FILE))?;
    let digest = digest.trim();
    if digest.is_empty() || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(io::Error::other(format!("{CURRENT_FILE} holds no digest")));
    }
    Ok(of_name.join(digest))
}
