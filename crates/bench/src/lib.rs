//! `ampoule bench`: measures every promise of SPECIFICATION.md on this machine, native interpreters in the
//! same run.
//!
//! * [`in_process`]: fresh guests through the service, without a transport,
//! * [`cpu`]: CPU-bound programs against the native interpreters of the same source,
//! * [`fuel`]: how many units of fuel there are in a second of processor time,
//! * [`data`]: NumPy and pandas against pip's builds of them,
//! * [`served`]: a server of its own process over gRPC loopback: latency, throughput, fairness, memory,
//! * [`tenants`]: the same with two tenants, one of them greedy,
//! * [`dify`]: nodes of Dify over HTTP, against a process for each, as its own sandbox has it,
//! * [`functions`]: calls from a checkpoint, against running the whole program,
//! * [`load()`]: throughput and tails for many clients, of each kind of call,
//! * [`soak()`]: hundreds of thousands of calls, good and bad ones, each checked, and the server's memory,
//! * [`native`]: the interpreters that all of it is compared with.
//!
//! Times are of this machine and moment; the promises that matter are ratios within one run.
#![forbid(unsafe_code)]

mod calls;
mod cpu;
mod data;
mod dify;
mod fuel;
mod functions;
mod in_process;
mod load;
mod native;
mod programs;
mod report;
mod served;
mod server;
mod soak;
mod stats;
mod tenants;

pub use fuel::{FuelRate, fuel_rates};
pub use load::{CLIENTS, Kind, load};
pub use native::Natives;
pub use report::{Report, Row};
pub use soak::{Soak, soak};

use ampoule_model::{Entry, Language, Program, Request};
use ampoule_service::{LoadTimes, Service};
use std::path::PathBuf;

/// What can be measured by itself: in process, CPU-bound programs, NumPy and pandas, over gRPC, two tenants,
/// as Dify calls, functions, fuel in processor time.
pub const PARTS: [&str; 8] = ["process", "cpu", "data", "grpc", "tenants", "dify", "functions", "fuel"];

/// What to measure with.
pub struct Options {
    /// Fewer samples: for a look, not for SPECIFICATION.md.
    pub quick: bool,
    /// One of [`PARTS`]; without it all are measured.
    pub only: Option<String>,
    /// The native interpreters.
    pub natives: Natives,
    /// The `ampoule` binary that is started with `serve`.
    pub server: PathBuf,
    /// How long it took to load the image `python`.
    pub python_loaded: LoadTimes,
}

/// Measures everything; takes about three minutes.
pub async fn run(service: &Service, options: &Options) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let wanted = |part: &str| {
        let wanted = options.only.as_deref().is_none_or(|only| only == part);
        if wanted {
            eprintln!("{part}");
        }
        wanted
    };
    if wanted(PARTS[0]) {
        in_process::measure(service, options, &mut report).await?;
    }
    if wanted(PARTS[1]) {
        cpu::measure(service, options, &mut report).await?;
    }
    if wanted(PARTS[2]) {
        data::measure(service, options, &mut report).await?;
    }
    if wanted(PARTS[3]) {
        served::measure(options, &mut report).await?;
    }
    if wanted(PARTS[4]) {
        tenants::measure(options, &mut report).await?;
    }
    if wanted(PARTS[5]) {
        dify::measure(options, &mut report).await?;
    }
    if wanted(PARTS[6]) {
        functions::measure(service, options, &mut report).await?;
    }
    if wanted(PARTS[7]) {
        fuel::measure(service, options, &mut report).await?;
    }
    Ok(report)
}

pub(crate) fn request(language: Language, source: &str, input_json: &str) -> Request {
    let program = Program {
        language,
        entry: Entry::Main,
        source: source.to_owned(),
        file_name: String::new(),
        modules: Vec::new(),
        bigint: false,
    };
    Request { input_json: input_json.to_owned(), ..Request::of(program) }
}
