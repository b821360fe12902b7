//! Images on this machine: found, or built on first use where there is a builder.

use crate::cli::{CommandError, CommandResult};
use ampoule_service::image_names;
use std::path::Path;

/// Makes sure that every image of `names` is there.
pub(crate) fn ensure(images: &Path, names: &[String]) -> CommandResult<()> {
    let built = built(images)?;
    let missing: Vec<&str> = names.iter().filter(|name| !built.contains(name)).map(String::as_str).collect();
    if missing.is_empty() { Ok(()) } else { provide(images, &missing, &built) }
}

/// Names of the images that are built.
pub(crate) fn built(images: &Path) -> CommandResult<Vec<String>> {
    image_names(images).map_err(|error| {
        CommandError::infrastructure(format!("cannot list images in {}: {error}", images.display()))
    })
}

/// Names of all images a server offers: those that are built, and with a builder those that can be.
pub(crate) fn offered(images: &Path) -> CommandResult<Vec<String>> {
    let mut names = built(images)?;
    names.extend(buildable(images)?);
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(CommandError::infrastructure(format!(
            "there are no images in {}; build them with: ampoule image build",
            images.display()
        )));
    }
    Ok(names)
}

#[cfg(not(feature = "builder"))]
fn buildable(_: &Path) -> CommandResult<Vec<String>> {
    Ok(Vec::new())
}

#[cfg(not(feature = "builder"))]
fn provide(images: &Path, missing: &[&str], _: &[String]) -> CommandResult<()> {
    Err(CommandError::infrastructure(format!(
        "image {} is not in {}; this build of ampoule holds no compiler: build it where there is one, with: ampoule image build {}",
        missing.join(", "),
        images.display(),
        missing.join(" ")
    )))
}

/// None where there are no recipes: a program that was copied to another machine serves what images there
/// are.
#[cfg(feature = "builder")]
fn buildable(images: &Path) -> CommandResult<Vec<String>> {
    let mut options = match ampoule_builder::Options::from_env() {
        Err(ampoule_builder::Error::NoRuntimes(_)) => return Ok(Vec::new()),
        options => options.map_err(of_builder)?,
    };
    options.images = images.to_owned();
    ampoule_builder::Builder::new(options).map_err(of_builder)?.names().map_err(CommandError::infrastructure)
}

#[cfg(feature = "builder")]
fn provide(images: &Path, missing: &[&str], built: &[String]) -> CommandResult<()> {
    let mut options = match ampoule_builder::Options::from_env() {
        Err(error @ ampoule_builder::Error::NoRuntimes(_)) => {
            return Err(CommandError::usage(format!(
                "image {} is not in {}; there are: {}. It cannot be built either: {error}",
                missing.join(", "),
                images.display(),
                if built.is_empty() { "none".to_owned() } else { built.join(", ") }
            )));
        }
        options => options.map_err(of_builder)?,
    };
    options.images = images.to_owned();
    let builder = ampoule_builder::Builder::new(options).map_err(of_builder)?;
    for name in missing {
        builder.build(name, &mut ampoule_builder::ConsoleProgress::new()).map_err(of_builder)?;
    }
    Ok(())
}

/// A builder that writes to `images`.
#[cfg(feature = "builder")]
pub(crate) fn builder(images: &Path) -> CommandResult<ampoule_builder::Builder> {
    let mut options = ampoule_builder::Options::from_env().map_err(of_builder)?;
    options.images = images.to_owned();
    ampoule_builder::Builder::new(options).map_err(of_builder)
}

/// An unknown name is the caller's mistake, everything else is not.
#[cfg(feature = "builder")]
pub(crate) fn of_builder(error: ampoule_builder::Error) -> CommandError {
    match error {
        ampoule_builder::Error::UnknownImage { .. } => CommandError::usage(error),
        _ => CommandError::infrastructure(error),
    }
}
