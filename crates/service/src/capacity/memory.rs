//! What an execution can take of the host's memory at most, so that load cannot drive the server out of it.

use crate::tenants::TenantConfig;
use ampoule_model::{File, FunctionCall, Invocation, Limits, Outcome, PutFunction, Request};
use std::path::Path;

/// Of the machine's memory (or the container's), what executions may take together. The rest is for the
/// images' code, connections, the program cache and the system.
const SHARE_OF_MACHINE: (u64, u64) = (3, 4);

/// What an execution has from its start: enough for a short program, which makes some hundred pages its own.
/// Whatever needs more asks for it (`crates/engine/src/host/room.rs`). Kept guests have up to 4 MiB and their
/// stack when they start.
pub(crate) const AT_START: u64 = 8 << 20;

/// A request is held as the transport received it and once more as the message in the guest's own memory,
/// which counts there; while it is decoded there are two of it.
pub(crate) const COPIES_OF_REQUEST: u64 = 2;

/// The bytes that a request holds while it waits and runs.
pub(crate) fn of_request(request: &Request) -> u64 {
    let program = &request.program;
    let modules: usize = program.modules.iter().map(|module| module.name.len() + module.source.len()).sum();
    let program = program.source.len() + modules;
    COPIES_OF_REQUEST * program as u64
        + of_input(&request.input_json, &request.files, &request.environment)
        + of_streams(&request.stdin, &request.output_files)
}

/// The same, whatever is asked for.
pub(crate) fn of_asked(asked: &Invocation) -> u64 {
    match asked {
        Invocation::Program(request) => of_request(request),
        Invocation::Function(call) => of_call(call),
    }
}

/// The same for a call of a function.
pub(crate) fn of_call(call: &FunctionCall) -> u64 {
    of_input(&call.input_json, &call.files, &call.environment) + of_streams(&call.stdin, &call.output_files)
}

/// The bytes of what is put as a function, once.
pub(crate) fn of_put(put: &PutFunction) -> u64 {
    let program = &put.program;
    let modules: usize = program.modules.iter().map(|module| module.name.len() + module.source.len()).sum();
    let environment: usize = put.environment.iter().map(|(key, value)| key.len() + value.len()).sum();
    of_files(&put.files) + (program.source.len() + modules + environment) as u64
}

fn of_streams(stdin: &[u8], output_files: &[String]) -> u64 {
    let patterns: usize = output_files.iter().map(String::len).sum();
    COPIES_OF_REQUEST * (stdin.len() + patterns) as u64
}

fn of_input(input_json: &str, files: &[File], environment: &[(String, String)]) -> u64 {
    let files = of_files(files) as usize;
    let environment: usize = environment.iter().map(|(key, value)| key.len() + value.len()).sum();
    COPIES_OF_REQUEST * (input_json.len() + files + environment) as u64
}

/// The bytes of files, once.
pub(crate) fn of_files(files: &[File]) -> u64 {
    files.iter().map(|file| file.path.len() + file.content.len()).sum::<usize>() as u64
}

/// What an execution within these limits may need in the end: a server that could never give it so much
/// refuses it at once. Of its image's own memory, programs make a small part their own.
pub(crate) fn of_limits(limits: &Limits) -> u64 {
    AT_START + limits.memory_bytes + limits.output_bytes + limits.result_bytes + limits.file_bytes
}

/// What a kept answer takes beside its texts and files: its key, bookkeeping.
const ANSWER_OVERHEAD: u64 = 2 << 10;

/// The bytes of an answer that is kept.
pub(crate) fn of_answer(outcome: &Outcome) -> u64 {
    let failure = outcome.failure.as_ref();
    let failure =
        failure.map_or(0, |failure| failure.kind.len() + failure.message.len() + failure.traceback.len());
    let files = of_files(&outcome.files) as usize;
    let texts = outcome.result_json.len() + outcome.stdout.len() + outcome.stderr.len();
    ANSWER_OVERHEAD + (failure + files + texts) as u64
}

/// The bytes that an answer to a request can have.
pub(crate) fn of_largest_answer(tenant: &TenantConfig, asked: &Invocation) -> u64 {
    let limit = |limit: Option<u64>, default: u64, cap: u64| match (limit, asked) {
        (None | Some(0), Invocation::Program(_)) => default,
        // What a function has chosen for its calls is not known yet.
        (None | Some(0), Invocation::Function(_)) => cap,
        (Some(limit), _) => limit.min(cap),
    };
    let (caps, defaults, asked) = (&tenant.caps, &tenant.defaults, asked.limits());
    let result = limit(asked.result_bytes, defaults.result_bytes, caps.result_bytes);
    let output = limit(asked.output_bytes, defaults.output_bytes, caps.output_bytes);
    // A failure's texts are at most a mebibyte each (crates/engine/src/execute/response.rs).
    ANSWER_OVERHEAD + result + output + defaults.file_bytes + (3 << 20)
}

/// What executions may take together by default, in bytes.
pub(crate) fn default_budget() -> u64 {
    let machine = machine_bytes().unwrap_or(4 << 30);
    machine / SHARE_OF_MACHINE.1 * SHARE_OF_MACHINE.0
}

/// The machine's memory, or less where a control group says so.
fn machine_bytes() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = total.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(control_group_bytes().map_or(kibibytes << 10, |limit| limit.min(kibibytes << 10)))
}

/// The lowest limit of this process's control group and those above it.
fn control_group_bytes() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let version_2 = groups.lines().find_map(|line| line.strip_prefix("0::"));
    let version_1 = || groups.lines().find_map(|line| line.split_once(":memory:").map(|(_, path)| path));
    let (root, file, path) = match version_2 {
        Some(path) if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() => {
            ("/sys/fs/cgroup", "memory.max", path)
        }
        _ => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", version_1()?),
    };
    // Within a container the path can be the host's, whose files are not there: then the root's count.
    let folders = Path::new(path.trim_start_matches('/')).ancestors();
    let limit = |folder: &Path| {
        std::fs::read_to_string(Path::new(root).join(folder).join(file)).ok()?.trim().parse().ok()
    };
    folders.filter_map(limit).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_less_than_the_machine_has() {
        let machine = machine_bytes().expect("this is Linux");
        assert!(default_budget() < machine && default_budget() > machine / 2);
    }
}
