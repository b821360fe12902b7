//! Which build this is: `ampoule --version`, the metric `ampoule_build_info`, the server's first log line.
//! From `build.rs`.

/// The package's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, in twelve digits, or `unknown`.
pub(crate) const COMMIT: &str = env!("BUILD_INFO_COMMIT");

/// For `--version`.
pub(crate) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("BUILD_INFO_COMMIT"),
    ", rustc ",
    env!("BUILD_INFO_RUSTC"),
    ", wasmtime ",
    env!("BUILD_INFO_WASMTIME"),
    ", proto ",
    env!("BUILD_INFO_PROTO"),
    ")"
);

/// Names and values, as labels.
pub(crate) const LABELS: [(&str, &str); 5] = [
    ("version", VERSION),
    ("commit", COMMIT),
    ("rustc", env!("BUILD_INFO_RUSTC")),
    ("wasmtime", env!("BUILD_INFO_WASMTIME")),
    ("proto", env!("BUILD_INFO_PROTO")),
];
