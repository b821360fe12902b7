//! The interpreters' own tests, run inside the guests the way programs of users are: by the service.
//!
//! - CPython's `Lib/test`, the modules of `runtimes/python/conformance/modules.txt`;
//! - numpy's and pandas's own tests by pytest, the folders of `runtimes/python/conformance/packages.txt`;
//! - QuickJS-ng's `tests`, compared with a native `qjs` of the same sources;
//! - test262, the folders of `runtimes/javascript/conformance/test262.txt`, compared with the same, or with
//!   Node where they are about Intl;
//! - Node's own tests, those of `runtimes/javascript/conformance/node.txt`;
//! - web-platform-tests, the copy in Node's sources, except for the lines of
//!   `runtimes/javascript/conformance/wpt.txt`;
//! - Wycheproof's vectors for `node:crypto`, those of `runtimes/javascript/conformance/wycheproof.txt`;
//! - tables of what scripts print, compared with what Node prints.
//!
//! A short list runs in the ordinary test suite, everything with `just conformance`.
//! `AMPOULE_CONFORMANCE_REPORT=1` prints a line for each part; `AMPOULE_CONFORMANCE_ONLY=*pattern*` runs only
//! some tests of the Python modules and packages, excluded ones too.

mod answer;
mod javascript;
mod lists;
mod nodejs;
mod packages;
mod python;
mod quickjs;
mod report;
mod tables;
mod test262;
mod wpt;
mod wycheproof;

#[path = "../common/mod.rs"]
mod common;

use ampoule_builder::{Builder, ConsoleProgress, Options};
use ampoule_engine::EngineConfig;
use ampoule_model::Caps;
use ampoule_service::{Service, ServiceConfig, Sizes};
use libtest_mimic::Arguments;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Duration;

/// The product's service, except that it grants what tests need and users do not: minutes, and thousands of
/// files.
static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let config = ServiceConfig::default();
    common::service_of(ServiceConfig {
        engine: EngineConfig { slots: 8, ..config.engine },
        caps: Caps { wall_time: Duration::from_secs(1200), ..config.caps },
        sizes: Sizes { files: 6000, file_bytes: 96 << 20, ..config.sizes },
        ..config
    })
});

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = python::trials();
    trials.extend(packages::trials());
    trials.extend(quickjs::trials());
    trials.extend(test262::trials());
    trials.extend(tables::trials());
    trials.extend(nodejs::trials());
    trials.extend(wycheproof::trials());
    trials.extend(wpt::trials());
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        report::print();
    }
    conclusion.exit_code()
}

/// What a step of a recipe left; it is built if it is not there.
fn step_output(image: &str, step: &str) -> PathBuf {
    let builder =
        Builder::new(Options::from_env().expect("the options are sound")).expect("the cache can be written");
    let output = builder.build_step(image, step, &mut ConsoleProgress::new());
    output.unwrap_or_else(|error| panic!("{image}'s step {step} fails: {error}"))
}

/// A file or folder of a runtime's `conformance` folder.
fn conformance_file(language: &str, name: &str) -> PathBuf {
    common::checkout().join("runtimes").join(language).join("conformance").join(name)
}
