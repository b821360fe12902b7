//! NumPy and pandas in fresh guests, where they are imported already, against pip's builds of them in a
//! native CPython.

use crate::in_process::{executions, rounds};
use crate::stats::{Samples, human};
use crate::{Options, Report, native, programs, request};
use ampoule_model::{Language, Status};
use ampoule_service::Service;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

pub(crate) async fn measure(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let Some(python) = options.natives.python_with_packages.as_deref() else {
        report.details.push("NumPy and pandas were not measured: no native Python that has them.".into());
        return Ok(());
    };
    table(service, python, options, report).await?;
    for group in &programs::NUMPY {
        operations(service, python, options, group, report).await?;
    }
    Ok(())
}

async fn table(
    service: &Service,
    python: &Path,
    options: &Options,
    report: &mut Report,
) -> anyhow::Result<()> {
    let input = programs::pandas_input();
    let source = programs::PANDAS_TABLE;
    let samples = executions(service, Language::Python, source, &input, rounds(options, 300)).await?;
    let (_, warm) = native::warm_call(python, Language::Python, source, &input, 300)?;
    let ratio = samples.p50().as_secs_f64() / warm.as_secs_f64();
    report.row(
        "seed 001 §2.2, pandas on 100 records, fresh guest, in process",
        format!("p50 {}, {ratio:.2}x (warm native {})", human(samples.p50()), human(warm)),
        "≤ 3x warm native with pip's pandas",
        ratio <= 3.0,
    );
    let spawns = (0..rounds(options, 10))
        .map(|_| native::spawn_once(python, source, &input))
        .collect::<Result<Vec<_>, _>>()?;
    let spawned = Samples::new(spawns).p50();
    let ratio = spawned.as_secs_f64() / samples.p50().as_secs_f64();
    report.row(
        "the same against spawning native `python3` with its imports",
        format!("{ratio:.0}x faster (spawn p50 {})", human(spawned)),
        "≥ 40x",
        ratio >= 40.0,
    );
    Ok(())
}

/// Every operation of the group for itself, fastest against fastest, in turns; the row shows the slowest.
async fn operations(
    service: &Service,
    python: &Path,
    options: &Options,
    group: &programs::NumpyGroup,
    report: &mut Report,
) -> anyhow::Result<()> {
    let turns = if options.quick { 2 } else { 5 };
    let mut detail =
        format!("{}:\n\n| operation | guest | native | ratio |\n|---|---|---|---|\n", group.what);
    let mut slowest = ("", 0.0);
    for &(name, n) in group.operations {
        let input = serde_json::json!({ "op": name, "n": n }).to_string();
        let (mut guest, mut here) = (Duration::MAX, Duration::MAX);
        for _ in 0..turns {
            let request = request(Language::Python, programs::NUMPY_OPS, &input);
            let execution = service.execute(request).await?;
            if execution.outcome.status != Status::Completed {
                anyhow::bail!("{name} failed: {:?}", execution.outcome.failure);
            }
            guest = guest.min(execution.outcome.usage.wall_time);
            here = here.min(native::warm_call(python, Language::Python, programs::NUMPY_OPS, &input, 3)?.0);
        }
        let ratio = guest.as_secs_f64() / here.as_secs_f64();
        if ratio > slowest.1 {
            slowest = (name, ratio);
        }
        let _ = writeln!(detail, "| {name} | {} | {} | {ratio:.2}x |", human(guest / n), human(here / n));
    }
    let (name, ratio) = slowest;
    let promise = format!("each ≤ {}x native", group.bound);
    report.row(group.what, format!("slowest {name}, {ratio:.2}x"), &promise, ratio <= group.bound);
    report.details.push(detail);
    Ok(())
}
