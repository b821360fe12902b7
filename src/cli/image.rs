//! `ampoule image`: build, list and inspect images.

use super::{CommandError, CommandResult, Exit, write_stdout};
use crate::images;
use ampoule_model::manifest::{MANIFEST_FILE, Manifest, Package};
use ampoule_service::{default_images_folder, image_folder};
use clap::{Args, Subcommand};
use std::fmt::Write;
use std::path::Path;

/// Build, list and inspect images
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    #[command(subcommand)]
    command: ImageCommand,
}

#[derive(Debug, Subcommand)]
enum ImageCommand {
    /// Build images from their recipes; those that are current are left alone
    Build {
        /// Names of the images [default: all there are recipes for]
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Say which steps would run and why, and run none
        #[arg(long)]
        explain: bool,
    },
    /// List the images that are built
    List {
        /// One JSON array of manifests
        #[arg(long)]
        json: bool,
    },
    /// Show what an image is and holds
    Inspect {
        /// Name of the image
        name: String,
        /// Its manifest as it is
        #[arg(long)]
        json: bool,
    },
}

/// Runs the command.
pub(crate) fn image(arguments: &ImageArguments) -> CommandResult {
    let folder = default_images_folder();
    match &arguments.command {
        ImageCommand::Build { names, explain } => build(&folder, names, *explain),
        ImageCommand::List { json } => list(&folder, *json),
        ImageCommand::Inspect { name, json } => inspect(&folder, name, *json),
    }
}

#[cfg(not(feature = "builder"))]
fn build(_: &Path, _: &[String], _: bool) -> CommandResult {
    Err(CommandError::infrastructure(
        "this build of ampoule holds no compiler: build images with the default features",
    ))
}

#[cfg(feature = "builder")]
fn build(folder: &Path, names: &[String], explain: bool) -> CommandResult {
    let builder = images::builder(folder)?;
    let names = if names.is_empty() { builder.names().map_err(images::of_builder)? } else { names.to_vec() };
    for name in &names {
        if explain {
            let mut text = format!("{name}\n");
            for step in builder.explain(name).map_err(images::of_builder)? {
                let verb = if step.reason.runs() { "run " } else { "keep" };
                let _ = writeln!(text, "  {verb} {:<16} {}", step.name, step.reason);
            }
            write_stdout(text.as_bytes())?;
            continue;
        }
        let image =
            builder.build(name, &mut ampoule_builder::ConsoleProgress::new()).map_err(images::of_builder)?;
        let line =
            format!("{name} {} {}\n", image.manifest.digest, if image.fresh { "built" } else { "current" });
        write_stdout(line.as_bytes())?;
    }
    Ok(Exit::Success)
}

fn list(folder: &Path, json: bool) -> CommandResult {
    let names = images::built(folder)?;
    let manifests = names.iter().map(|name| manifest(folder, name)).collect::<CommandResult<Vec<_>>>()?;
    if json {
        return print_json(&manifests);
    }
    let mut text =
        format!("{:<16} {:<12} {:<10} {:>9} {:<12}\n", "NAME", "LANGUAGE", "VERSION", "PACKAGES", "DIGEST");
    for manifest in &manifests {
        let _ = writeln!(
            text,
            "{:<16} {:<12} {:<10} {:>9} {:<12}",
            manifest.name,
            manifest.language.name(),
            manifest.version,
            manifest.packages.len(),
            manifest.digest.get(..12).unwrap_or(&manifest.digest)
        );
    }
    write_stdout(text.as_bytes())?;
    Ok(Exit::Success)
}

fn inspect(folder: &Path, name: &str, json: bool) -> CommandResult {
    if !images::built(folder)?.iter().any(|built| built == name) {
        let message =
            format!("image {name} is not in {}; build it with: ampoule image build {name}", folder.display());
        return Err(CommandError::usage(message));
    }
    let manifest = manifest(folder, name)?;
    if json {
        return print_json(&manifest);
    }
    let place = image_folder(folder, name).map_err(CommandError::infrastructure)?;
    let mebibytes = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
    let facts = [
        ("name", manifest.name.clone()),
        ("digest", manifest.digest.clone()),
        ("language", format!("{} {}", manifest.language.name(), manifest.version)),
        (
            "memory",
            format!(
                "{} at the start, {} of it not zero",
                mebibytes(manifest.initial_memory_bytes),
                mebibytes(manifest.snapshot_bytes)
            ),
        ),
        ("engine", format!("wasmtime {}, configuration {}", manifest.engine_version, manifest.engine_config)),
        ("machine", format!("{} with {}", manifest.target, manifest.cpu_features.join(" "))),
        ("imports", manifest.imports.join(" ")),
        ("folder", place.display().to_string()),
    ];
    let mut text = String::new();
    for (name, fact) in facts {
        let _ = writeln!(text, "{name:<9} {fact}");
    }
    text.push_str(&packages_table(&manifest.packages));
    write_stdout(text.as_bytes())?;
    Ok(Exit::Success)
}

/// A line a package, in columns as wide as their widest cell.
fn packages_table(packages: &[Package]) -> String {
    let row = |package: &Package| {
        let imported = match (package.modules.is_empty(), package.preimported) {
            (true, _) => "",
            (false, true) => "at the snapshot",
            (false, false) => "on demand",
        };
        [
            package.name.clone(),
            package.version.clone(),
            package.licence.clone(),
            if package.native { "native" } else { "pure" }.to_owned(),
            package.modules.join(" "),
            imported.to_owned(),
        ]
    };
    let head = ["package", "version", "licence", "code", "modules", "imported"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(packages.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    std::iter::once("\n".to_owned()).chain(rows.iter().map(line)).collect()
}

fn manifest(folder: &Path, name: &str) -> CommandResult<Manifest> {
    let broken = |error: String| {
        CommandError::infrastructure(format!(
            "image {name} is broken: {error}; rebuild it with: ampoule image build {name}"
        ))
    };
    let path = image_folder(folder, name).map_err(|error| broken(error.to_string()))?.join(MANIFEST_FILE);
    let text = std::fs::read(&path).map_err(|error| broken(format!("{}: {error}", path.display())))?;
    serde_json::from_slice(&text).map_err(|error| broken(format!("{}: {error}", path.display())))
}

fn print_json(value: &impl serde::Serialize) -> CommandResult {
    let mut text = serde_json::to_vec_pretty(value).expect("manifests are JSON");
    text.push(b'\n');
    write_stdout(&text)?;
    Ok(Exit::Success)
}
