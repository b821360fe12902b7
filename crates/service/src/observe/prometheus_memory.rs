//! What the memory is set aside for, and what tenants keep of functions, among the metrics.

use crate::functions::Functions;
use crate::service::Service;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use std::fmt;

/// Memory of the budget by its purposes, memory that is kept beside it, and what the kernel says of the
/// process.
pub(crate) fn encode_memory(service: &Service, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let level = service.level();
    let beside = [level.waiting_bytes, level.receiving, level.sending, level.kept];
    let executions = level.set_aside.saturating_sub(beside.iter().sum());
    let [waiting, receiving, sending, kept] = beside;
    let help = "Memory by what it is set aside for: of the budget for executions, for requests that wait or arrive, and for answers that \
                are sent or kept; beside it what compiled programs and checkpoints take; free is what is left of the budget";
    let mut metric = encoder.encode_descriptor("memory", help, Some(&Unit::Bytes), MetricType::Gauge)?;
    for (kind, bytes) in [
        ("executions", executions),
        ("waiting", waiting),
        ("receiving", receiving),
        ("sending", sending),
        ("kept_answers", kept),
        ("free", level.memory.saturating_sub(level.set_aside)),
        ("programs", service.program_cache().bytes),
        ("checkpoints", service.functions().map_or(0, Functions::checkpoint_bytes)),
    ] {
        metric.encode_family(&[("kind", kind)])?.encode_gauge(&(bytes as i64))?;
    }
    let Some(resident) = resident_bytes() else { return Ok(()) };
    let help = "Memory of the server's process that is resident, mapped files of images included";
    let mut metric =
        encoder.encode_descriptor("resident_memory", help, Some(&Unit::Bytes), MetricType::Gauge)?;
    metric.encode_gauge(&(resident as i64))
}

/// As counted last, see [`Service::count_functions`].
pub(crate) fn encode_functions(service: &Service, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let Ok(functions) = service.functions() else { return Ok(()) };
    let kept = functions.census.kept();
    for (name, help, of) in [
        ("functions", "Functions that are kept, by tenant", 0),
        ("function_versions", "Versions of functions that are kept, by tenant", 1),
        (
            "function_stored_bytes",
            "What functions take in the store with their files and checkpoints, by tenant",
            2,
        ),
    ] {
        let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (tenant, kept) in &kept {
            let value = [kept.functions, kept.versions, kept.bytes][of];
            metric.encode_family(&[("tenant", tenant.as_str())])?.encode_gauge(&(value as i64))?;
        }
    }
    Ok(())
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}
