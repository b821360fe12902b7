//! Functions: calls that start where a top level of tens of milliseconds has ended, against running all of
//! it.

use crate::in_process::{executions, rounds};
use crate::stats::{Samples, human};
use crate::{Options, Report, programs};
use ampoule_model::{Entry, FunctionCall, FunctionReference, Language, Program, PutFunction, Status};
use ampoule_service::{Call, Service};
use std::time::{Duration, Instant};

const NAME: &str = "rates";

pub(crate) async fn measure(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (source, input) = programs::RATES;
    let tenant = service.open_tenant().ok_or_else(|| anyhow::anyhow!("the benchmark's service is open"))?;
    let call = Call::new(tenant);
    let program = Program {
        language: Language::Python,
        entry: Entry::Main,
        source: source.to_owned(),
        file_name: String::new(),
        modules: Vec::new(),
        bigint: false,
    };
    let put = PutFunction::of(NAME, program);
    let put = service.put_function(&call, put).await?;
    let preparation = put.preparation.ok_or_else(|| anyhow::anyhow!("it was kept already"))?;
    if put.function.is_none() {
        anyhow::bail!("the benchmark's own function failed: {:?}", preparation.outcome.failure);
    }
    let samples = calls(service, &call, input, rounds(options, 2000)).await?;
    let whole = executions(service, Language::Python, source, input, rounds(options, 100)).await?;
    let ratio = whole.p50().as_secs_f64() / samples.p50().as_secs_f64();
    report.row(
        "a function whose top level imports and builds tables, in process",
        format!(
            "p50 {}, p99 {}; {ratio:.0}x faster than with its top level ({})",
            human(samples.p50()),
            human(samples.p99()),
            human(whole.p50())
        ),
        "p50 ≤ 1 ms, where the top level takes at least 50 ms",
        samples.p50() <= Duration::from_millis(1) && whole.p50() >= Duration::from_millis(50),
    );
    Ok(())
}

async fn calls(service: &Service, call: &Call, input: &str, rounds: usize) -> anyhow::Result<Samples> {
    let mut samples = Vec::with_capacity(rounds);
    for round in 0..rounds + rounds / 10 {
        let asked = FunctionCall {
            function: FunctionReference { name: NAME.to_owned(), ..FunctionReference::default() },
            input_json: input.to_owned(),
            ..FunctionCall::default()
        };
        let started = Instant::now();
        let execution = service.execute_as(call, asked).await?;
        let elapsed = started.elapsed();
        if execution.outcome.status != Status::Completed {
            anyhow::bail!("the benchmark's own function failed: {:?}", execution.outcome.failure);
        }
        if round >= rounds / 10 {
            samples.push(elapsed);
        }
    }
    Ok(Samples::new(samples))
}
