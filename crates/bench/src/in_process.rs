//! Fresh guests through the service, in this process, one after the other.

use crate::stats::{Samples, human};
use crate::{Options, Report, native, programs, request};
use ampoule_model::{Language, Status};
use ampoule_service::Service;
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) async fn measure(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    trivial_python(service, options, report).await?;
    trivial_javascript(service, options, report).await?;
    dates(service, options, report).await?;
    typescript(service, options, report).await?;
    clean_up(service, options, report).await?;
    watchdog(service, options, report).await?;
    let loaded = options.python_loaded;
    report.row(
        "image `python` mapped",
        format!("{}, after {} for its sha256", human(loaded.mapped_in), human(loaded.checked_in)),
        "≤ 10 ms",
        loaded.mapped_in <= Duration::from_millis(10),
    );
    Ok(())
}

async fn trivial_python(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (source, input) = programs::trivial(Language::Python);
    let samples = executions(service, Language::Python, source, input, rounds(options, 3000)).await?;
    let reached = format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99()));
    report.row(
        "Python trivial `main(a, b)`, fresh guest, in process",
        reached,
        "p50 ≤ 100 µs",
        samples.p50() <= Duration::from_micros(100),
    );
    let spawns = (0..rounds(options, 20))
        .map(|_| native::spawn_once(Path::new("python3"), source, input))
        .collect::<Result<Vec<_>, _>>()?;
    let spawned = Samples::new(spawns).p50();
    let ratio = spawned.as_secs_f64() / samples.p50().as_secs_f64();
    report.row(
        "the same against spawning native `python3`",
        format!("{ratio:.0}x faster (spawn p50 {})", human(spawned)),
        "≥ 100x",
        ratio >= 100.0,
    );
    Ok(())
}

async fn trivial_javascript(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (source, input) = programs::trivial(Language::Javascript);
    let samples = executions(service, Language::Javascript, source, input, rounds(options, 3000)).await?;
    let reached = format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99()));
    report.row(
        "JavaScript trivial `main`, fresh guest, in process",
        reached,
        "p50 ≤ 60 µs",
        samples.p50() <= Duration::from_micros(60),
    );
    Ok(())
}

/// Two calls of `toLocaleDateString`, and all else that an execution takes.
async fn dates(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (source, input) = programs::DATES;
    let samples = executions(service, Language::Javascript, source, input, rounds(options, 1000)).await?;
    report.row(
        "seed 001 §2.3, two dates by `toLocaleDateString`, fresh guest, in process",
        format!("p50 {}, p99 {}", human(samples.p50()), human(samples.p99())),
        "p50 ≤ 0.2 ms",
        samples.p50() <= Duration::from_micros(200),
    );
    Ok(())
}

/// Sources of TypeScript that were never seen before: compiled, and run.
async fn typescript(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let (source, input) = programs::TYPESCRIPT;
    let mut first = Vec::new();
    for round in 0..rounds(options, 100) {
        let mut request = request(Language::Javascript, &format!("{source}// {round}\n"), input);
        request.program.file_name = "invoices.ts".into();
        let started = Instant::now();
        let execution = service.execute(request).await?;
        first.push(started.elapsed());
        if execution.outcome.status != Status::Completed {
            anyhow::bail!("the benchmark's own program failed: {:?}", execution.outcome.failure);
        }
    }
    let first = Samples::new(first);
    report.row(
        "the first run of 99 lines of TypeScript, in process",
        format!("p50 {}, p99 {}", human(first.p50()), human(first.p99())),
        "p50 ≤ 60 ms",
        first.p50() <= Duration::from_millis(60),
    );
    Ok(())
}

async fn clean_up(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let Some(python) = options.natives.of(Language::Python) else {
        report.details.push("Seed 001 §1.3 was not measured: no native Python of the same source.".into());
        return Ok(());
    };
    let input = programs::clean_up_input();
    let samples =
        executions(service, Language::Python, programs::CLEAN_UP, &input, rounds(options, 1000)).await?;
    let (_, warm) = native::warm_call(python, Language::Python, programs::CLEAN_UP, &input, 2000)?;
    let bound = warm * 2 + Duration::from_micros(100);
    report.row(
        "seed 001 §1.3, JSON clean-up in Python, fresh guest, in process",
        format!("p50 {} (warm native {})", human(samples.p50()), human(warm)),
        "p50 ≤ 2x warm native + 0.1 ms",
        samples.p50() <= bound,
    );
    Ok(())
}

/// What the second net below metering takes of the machine while a guest computes: the watchdog's own
/// processor time beside that of the guest that it watches. What a guest does for it, once a slice, is in
/// every other row.
async fn watchdog(service: &Service, options: &Options, report: &mut Report) -> anyhow::Result<()> {
    const LOOP: &str = "def main(n):\n    while n:\n        n -= 1\n";
    let Some(before) = thread_cpu_time("watchdog") else {
        report.details.push("The watchdog was not measured: the kernel tells no thread's time.".into());
        return Ok(());
    };
    let input = format!("{{\"n\": {}}}", rounds(options, 100) * 1_000_000);
    let execution = service.execute(request(Language::Python, LOOP, &input)).await?;
    if execution.outcome.status != Status::Completed {
        anyhow::bail!("the benchmark's own program failed: {:?}", execution.outcome.failure);
    }
    let took = thread_cpu_time("watchdog").unwrap_or(before).saturating_sub(before);
    let share = took.as_secs_f64() / execution.outcome.usage.cpu_time.as_secs_f64();
    report.row(
        "the watchdog's processor time, of that of a guest that computes",
        format!("{:.2} %", share * 100.0),
        "≤ 0.5 %",
        share <= 0.005,
    );
    Ok(())
}

/// Processor time of this process' threads of a name, from Linux' `schedstat`, which counts nanoseconds.
fn thread_cpu_time(name: &str) -> Option<Duration> {
    let mut total = None;
    for thread in std::fs::read_dir("/proc/self/task").ok()?.flatten() {
        let of = |file: &str| std::fs::read_to_string(thread.path().join(file));
        if of("comm").is_ok_and(|comm| comm.trim_end() == name)
            && let Ok(times) = of("schedstat")
            && let Some(nanos) = times.split(' ').next().and_then(|nanos| nanos.parse().ok())
        {
            *total.get_or_insert(Duration::ZERO) += Duration::from_nanos(nanos);
        }
    }
    total
}

pub(crate) fn rounds(options: &Options, full: usize) -> usize {
    if options.quick { (full / 10).max(5) } else { full }
}

/// Whole executions, admission and program cache included; a tenth of them more, before, to warm up.
pub(crate) async fn executions(
    service: &Service,
    language: Language,
    source: &str,
    input: &str,
    rounds: usize,
) -> anyhow::Result<Samples> {
    let mut samples = Vec::with_capacity(rounds);
    for round in 0..rounds + rounds / 10 + 3 {
        let request = request(language, source, input);
        let started = Instant::now();
        let execution = service.execute(request).await?;
        let elapsed = started.elapsed();
        if execution.outcome.status != Status::Completed {
            anyhow::bail!("the benchmark's own program failed: {:?}", execution.outcome.failure);
        }
        if round >= rounds / 10 + 3 {
            samples.push(elapsed);
        }
    }
    Ok(Samples::new(samples))
}
