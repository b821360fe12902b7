//! CPU-bound programs, fuel on, against the native interpreter built from the same source: fastest against
//! fastest, taken in turns so that a busy moment of the machine hits both.

use crate::stats::{geometric_mean, human};
use crate::{Options, Report, native, programs, request};
use ampoule_model::{Language, Status};
use ampoule_service::Service;
use std::fmt::Write;
use std::time::Duration;

pub(crate) async fn measure(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    for (language, what, promise, bound) in [
        (
            Language::Python,
            "CPU-bound Python against native CPython of the same source",
            "geometric mean ≤ 2.4x",
            2.4,
        ),
        (
            Language::Javascript,
            "CPU-bound JavaScript against native QuickJS-ng of the same source",
            "geometric mean ≤ 2.0x",
            2.0,
        ),
    ] {
        let Some(interpreter) = options.natives.of(language) else {
            report.details.push(format!("{what}: not measured, no native interpreter of the same source."));
            continue;
        };
        let turns = if options.quick { 2 } else { 5 };
        let mut ratios = Vec::new();
        let mut detail = format!("{what}:\n\n| program | guest | native | ratio |\n|---|---|---|---|\n");
        for program in programs::cpu_set(language) {
            let input = format!("{{\"n\": {}}}", program.n);
            let (mut guest, mut here) = (Duration::MAX, Duration::MAX);
            for _ in 0..turns {
                let execution = service.execute(request(language, program.source, &input)).await?;
                if execution.outcome.status != Status::Completed {
                    anyhow::bail!("{} failed: {:?}", program.name, execution.outcome.failure);
                }
                guest = guest.min(execution.outcome.usage.wall_time);
                here = here.min(native::warm_call(interpreter, language, program.source, &input, 2)?.0);
            }
            let ratio = guest.as_secs_f64() / here.as_secs_f64();
            let _ =
                writeln!(detail, "| {} | {} | {} | {ratio:.2}x |", program.name, human(guest), human(here));
            ratios.push(ratio);
        }
        let mean = geometric_mean(&ratios);
        report.row(what, format!("{mean:.2}x"), promise, mean <= bound);
        report.details.push(detail);
    }
    Ok(())
}
