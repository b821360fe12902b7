//! Compiles the programs, once per machine and state of the sources.

use ampoule_builder::{Builder, ConsoleProgress, Options};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The programs in their three forms.
pub(crate) struct Compiled {
    /// A command that imports `wasi_snapshot_preview1`.
    pub(crate) wasi: PathBuf,
    /// A command that imports `ampoule`.
    pub(crate) guest: PathBuf,
    /// A process.
    pub(crate) linux: PathBuf,
}

pub(crate) static COMPILED: LazyLock<Compiled> = LazyLock::new(compile);

const COMMON: [&str; 3] = ["-O2", "-std=gnu23", "-Wno-unused-result"];
/// What the host writes to before the start; and a stack as guests have it.
const LINK: [&str; 8] = [
    "-s",
    "-Wl,--export=chosen",
    "-Wl,--export=variant",
    "-Wl,--export=operations",
    "-Wl,--export=operation_count",
    "-Wl,--export=given_input",
    "-Wl,--export=given_length",
    "-Wl,-z,stack-size=8388608",
];
/// gcc has it from version 9 on, gnu23 only lately.
const LINUX: [&str; 4] = ["-O1", "-std=gnu17", "-D_GNU_SOURCE", "-w"];

fn compile() -> Compiled {
    let checkout = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests"));
    let (programs, guest) = (checkout.join("tests/wasi/programs"), checkout.join("runtimes/guest"));
    let options = Options::from_env().expect("the options are sound");
    let cache = options.cache.clone();
    let builder = Builder::new(options).expect("the cache can be written");
    let toolchain = builder
        .build_step("python", "toolchain", &mut ConsoleProgress::new())
        .unwrap_or_else(|error| panic!("the C compiler cannot be unpacked: {error}"));

    let mut key = Sha256::new();
    key.update(toolchain.to_string_lossy().as_bytes());
    key.update([COMMON.join(" "), LINK.join(" "), LINUX.join(" ")].join(" "));
    for file in [&programs, &guest].into_iter().flat_map(|folder| files(folder, &["c", "h"])) {
        key.update(file.file_name().expect("it has a name").to_string_lossy().as_bytes());
        key.update(std::fs::read(&file).expect("it can be read"));
    }
    let folder = cache.join("tests").join(format!("wasi-{}", hex::encode(&key.finalize()[..8])));
    let compiled = Compiled {
        wasi: folder.join("wasi.wasm"),
        guest: folder.join("guest.wasm"),
        linux: folder.join("linux"),
    };
    if folder.is_dir() {
        return compiled;
    }

    // Made elsewhere and renamed: it is complete, or not there.
    std::fs::create_dir_all(cache.join("tests")).expect("the cache can be written");
    let scratch = tempfile::tempdir_in(cache.join("tests")).expect("the cache can be written");
    let at = |name: &str| scratch.path().join(name);
    let cc = |output: &str| {
        let mut command = Command::new(toolchain.join("bin/cc"));
        command.env("AMPOULE_TOOL_CACHE", cache.join("tools")).args(COMMON).arg("-o").arg(at(output));
        command
    };
    run(cc("wasi.wasm").args(LINK).args(files(&programs, &["c"])));
    // The programs are compiled as the interpreters are, the guest's files as in a recipe's last step.
    let posix = guest.join("posix.h");
    let mut objects = Vec::new();
    for (kind, folder) in [("guest", &guest), ("program", &programs)] {
        for file in files(folder, &["c"]) {
            let stem = file.file_stem().expect("it has a name").to_string_lossy();
            let object = format!("{kind}-{stem}.o");
            let mut command = cc(&object);
            command.arg("-c").arg("-I").arg(&guest).arg(&file);
            if kind == "program" {
                command.arg("-include").arg(&posix);
            }
            run(&mut command);
            objects.push(at(&object));
        }
    }
    run(cc("guest.wasm").args(LINK).args(&objects).arg("-lwasi-emulated-process-clocks"));
    run(Command::new("cc").args(LINUX).args(files(&programs, &["c"])).arg("-o").arg(at("linux")));
    for object in objects {
        std::fs::remove_file(object).expect("it is there");
    }
    // Another run of the tests may have been faster: it made the same.
    if std::fs::rename(scratch.path(), &folder).is_ok() {
        let _ = scratch.keep();
    }
    compiled
}

/// A folder's files with these extensions, in order.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    files.retain(|file| {
        file.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
    });
    files.sort();
    files
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}
