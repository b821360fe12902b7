//! What a unit of fuel is in time: how many of them this machine's processors burn in a nanosecond, by kinds
//! of programs.

use crate::{Options, Report, programs, request};
use ampoule_model::{Language, Limits, Status};
use ampoule_service::Service;
use std::fmt::Write;

/// How fast one kind of program burns fuel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FuelRate {
    /// The kind of program.
    pub kind: &'static str,
    /// Its language.
    pub language: Language,
    /// Units of fuel in a nanosecond of processor time.
    pub per_nanosecond: f64,
}

/// Each kind with its program and an input that keeps a processor busy for some 20 ms.
fn kinds() -> Vec<(&'static str, Language, &'static str, String)> {
    let mut kinds = Vec::new();
    for language in Language::ALL {
        for (kind, name, n) in
            [("calls", "fib", 22), ("loops", "spectral_norm", 50), ("texts", "strings", 400)]
        {
            let program = programs::cpu_set(language).iter().find(|program| program.name == name);
            let program = program.expect("it is in the set of both languages");
            kinds.push((kind, language, program.source, format!("{{\"n\": {n}}}")));
        }
        if language == Language::Python {
            kinds.push(("pandas", language, programs::PANDAS_TABLE, programs::pandas_input()));
            kinds.push(("NumPy", language, programs::NUMPY_OPS, "{\"op\": \"sum\", \"n\": 1000}".into()));
        }
    }
    kinds
}

/// Runs a short program of each kind, twice after it was compiled; the faster run counts. A kind that does
/// not run here, as its image or a package is missing, is left out.
pub async fn fuel_rates(service: &Service) -> Vec<FuelRate> {
    let mut rates = Vec::new();
    for (kind, language, source, input) in kinds() {
        let mut best = None;
        for round in 0..3 {
            let Ok(execution) = service.execute(request(language, source, &input)).await else { break };
            if execution.outcome.status != Status::Completed {
                break;
            }
            let usage = execution.outcome.usage;
            if round > 0 && !usage.cpu_time.is_zero() {
                let per_nanosecond = usage.fuel as f64 / usage.cpu_time.as_nanos() as f64;
                best = Some(per_nanosecond.max(best.unwrap_or(0.0)));
            }
        }
        rates.extend(best.map(|per_nanosecond| FuelRate { kind, language, per_nanosecond }));
    }
    rates
}

pub(crate) async fn measure(service: &Service, _: &Options, report: &mut Report) -> anyhow::Result<()> {
    let rates = fuel_rates(service).await;
    let limits = Limits::default();
    let of_rate = |rate: f64| limits.fuel as f64 / rate / 1e9;
    let all = || rates.iter().map(|rate| rate.per_nanosecond);
    let (slowest, fastest) = (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max));
    if fastest == 0.0 {
        anyhow::bail!("none of the programs that measure fuel ran");
    }
    report.row(
        "fuel in processor time: the default limit of 10¹²",
        format!(
            "{:.0} to {:.0} s, at {fastest:.1} to {slowest:.1} units a nanosecond",
            of_rate(fastest),
            of_rate(slowest)
        ),
        "more than the default wall time of 10 s",
        of_rate(fastest) > limits.wall_time.as_secs_f64(),
    );
    let mut detail =
        String::from("Units of fuel in a nanosecond of processor time:\n\n| program | units |\n|---|---|\n");
    for FuelRate { kind, language, per_nanosecond } in rates {
        let _ = writeln!(detail, "| {}, {kind} | {per_nanosecond:.1} |", language.name());
    }
    report.details.push(detail);
    Ok(())
}
