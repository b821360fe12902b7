//! `ampoule bench`: measures what SPECIFICATION.md promises.

use super::{CommandError, CommandResult, Exit, write_stdout};
use crate::{images, runtime};
use ampoule_bench::{Natives, Options, Soak};
use ampoule_engine::Engine;
use ampoule_model::Language;
use ampoule_service::{FunctionStore, Images, InMemory, Service, ServiceConfig, default_images_folder};
use clap::Args;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Measure this machine: every number of SPECIFICATION.md
#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Fewer samples: for a look
    #[arg(long)]
    quick: bool,
    /// Measure throughput and tails of 1, 8, 64 and 256 clients instead
    #[arg(long, conflicts_with = "only")]
    load: bool,
    /// Soak a server instead: so many executions of every kind, every outcome checked, its memory in soak.csv
    /// and soak.svg
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "200000", conflicts_with_all = ["only", "load", "quick"])]
    soak: Option<usize>,
    /// What the soak's calls are drawn from
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "soak")]
    seed: u64,
    /// Where the soak's files go
    #[arg(long, value_name = "FOLDER", default_value = "docs", requires = "soak")]
    out: PathBuf,
    /// Measure one part only
    #[arg(long, value_name = "PART", value_parser = ampoule_bench::PARTS)]
    only: Option<String>,
    /// A native CPython to compare with, instead of the one built from the image's source
    #[arg(long, value_name = "PATH", env = "AMPOULE_NATIVE_PYTHON")]
    native_python: Option<PathBuf>,
    /// The same with NumPy and pandas, instead of the ones pip installs
    #[arg(long, value_name = "PATH", env = "AMPOULE_NATIVE_PYTHON_WITH_PACKAGES")]
    native_python_with_packages: Option<PathBuf>,
    /// A native QuickJS-ng to compare with, instead of the one built from the image's source
    #[arg(long, value_name = "PATH", env = "AMPOULE_NATIVE_JAVASCRIPT")]
    native_javascript: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn bench(arguments: &BenchArguments) -> CommandResult {
    let folder = default_images_folder();
    let names = Language::ALL.map(|language| language.name().to_owned());
    images::ensure(&folder, &names)?;
    if arguments.load {
        return load(arguments.quick);
    }
    if let Some(executions) = arguments.soak {
        return soak(executions, arguments);
    }
    let config = ServiceConfig::default();
    let engine = Engine::new(config.engine.clone()).map_err(CommandError::infrastructure)?;
    let images = Images::load(&engine, &folder, &names).map_err(CommandError::infrastructure)?;
    let python_loaded = images.get("python").expect("it was just loaded").load_times();
    // Functions that are measured are kept for as long as this runs.
    let store = FunctionStore::new(Arc::new(InMemory::new()));
    let service = Service::with_functions(config, engine, images, Some(store));
    let server = this_program()?;
    let natives = Natives {
        python: native(&folder, Interpreter::Python, arguments.native_python.as_ref())?,
        python_with_packages: native(
            &folder,
            Interpreter::PythonWithPackages,
            arguments.native_python_with_packages.as_ref(),
        )?,
        javascript: native(&folder, Interpreter::Javascript, arguments.native_javascript.as_ref())?,
    };
    let options =
        Options { quick: arguments.quick, only: arguments.only.clone(), natives, server, python_loaded };
    let report = on_a_worker(async move { Box::pin(ampoule_bench::run(&service, &options)).await })?;
    write_stdout(report.to_markdown().as_bytes())?;
    Ok(Exit::Success)
}

/// Measures a server under load.
fn load(quick: bool) -> CommandResult {
    let server = this_program()?;
    let report = on_a_worker(async move { ampoule_bench::load(&server, quick).await })?;
    write_stdout(report.to_markdown().as_bytes())?;
    Ok(Exit::Success)
}

/// Soaks a server; fails where a row of the report does not hold.
fn soak(executions: usize, arguments: &BenchArguments) -> CommandResult {
    let soak = Soak { server: this_program()?, executions, seed: arguments.seed, out: arguments.out.clone() };
    let report = on_a_worker(async move { ampoule_bench::soak(&soak).await })?;
    write_stdout(report.to_markdown().as_bytes())?;
    Ok(if report.rows.iter().all(|row| row.holds) { Exit::Success } else { Exit::Failed })
}

/// What is started with `serve`.
fn this_program() -> CommandResult<PathBuf> {
    std::env::current_exe().map_err(|error| {
        CommandError::infrastructure(format!("cannot find this program's own file: {error}"))
    })
}

/// Runs what measures where a server's executions run; the thread that waits here would be woken at every
/// turn's end.
pub(super) fn on_a_worker<T: Send + 'static, E: Display + Send + 'static>(
    measuring: impl Future<Output = Result<T, E>> + Send + 'static,
) -> CommandResult<T> {
    let tokio = runtime::for_guests()
        .map_err(|error| CommandError::infrastructure(format!("no threads: {error}")))?;
    tokio
        .block_on(tokio.spawn(measuring))
        .map_err(|error| CommandError::infrastructure(format!("the benchmark broke off: {error}")))?
        .map_err(|error| CommandError::infrastructure(format!("{error:#}")))
}

/// What the images' interpreters are compared with.
#[derive(Clone, Copy)]
enum Interpreter {
    Python,
    PythonWithPackages,
    Javascript,
}

/// The interpreter that was named, else the one that a step of the recipe leaves, built if need be.
#[cfg(feature = "builder")]
fn native(images: &Path, which: Interpreter, named: Option<&PathBuf>) -> CommandResult<Option<PathBuf>> {
    if let Some(path) = named {
        return Ok(Some(path.clone()));
    }
    let (language, step, program) = match which {
        Interpreter::Python => (Language::Python, "native", "bin/python3"),
        Interpreter::PythonWithPackages => (Language::Python, "native-packages", "bin/python3"),
        Interpreter::Javascript => (Language::Javascript, "native", "bin/qjs"),
    };
    let mut progress = ampoule_builder::ConsoleProgress::new();
    let step = images::builder(images)?.build_step(language.name(), step, &mut progress);
    Ok(Some(step.map_err(images::of_builder)?.join(program)))
}

/// The interpreter that was named: without a builder there is no other.
#[cfg(not(feature = "builder"))]
fn native(_: &Path, _: Interpreter, named: Option<&PathBuf>) -> CommandResult<Option<PathBuf>> {
    Ok(named.cloned())
}
