//! `ampoule doctor`: what of this machine Ampoule uses, what is missing, and what to do.

use super::{CommandError, CommandResult, Exit, write_stdout};
use crate::images;
use ampoule_config::Config;
use clap::Args;
use std::fs;
use std::path::PathBuf;

/// Look at this machine: kernel, processors, memory, swap, images, and how many executions fit
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// Configuration file of the server that is to run here
    #[arg(long, value_name = "F")]
    config: Option<PathBuf>,
}

/// How well a thing is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grade {
    Good,
    /// It works, slower or with less.
    Poor,
    /// It does not work.
    Bad,
}

/// One line: what was looked at, how it is, and what to do about it.
struct Finding {
    grade: Grade,
    what: &'static str,
    found: String,
}

/// Runs the command. Bad findings are the machine's fault, not the caller's.
pub(crate) fn doctor(arguments: &DoctorArguments) -> CommandResult {
    let config =
        Config::read(arguments.config.as_deref()).and_then(Config::checked).map_err(CommandError::usage)?;
    let findings = [kernel(), processors(), swap(), engine(), images_of(&config), memory(&config)];
    let mut text = String::new();
    for Finding { grade, what, found } in &findings {
        let mark = match grade {
            Grade::Good => "ok  ",
            Grade::Poor => "slow",
            Grade::Bad => "BAD ",
        };
        text.push_str(&format!("{mark}  {what:<11} {found}\n"));
    }
    write_stdout(text.as_bytes())?;
    let bad = findings.iter().any(|finding| finding.grade == Grade::Bad);
    Ok(if bad { Exit::Infrastructure } else { Exit::Success })
}

fn kernel() -> Finding {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    let keeps = ampoule_engine::knows_dirty_pages();
    let (grade, more) = if keeps {
        (Grade::Good, "tells which pages were written to, so guests of long programs are reused")
    } else {
        (
            Grade::Poor,
            "does not tell which pages were written to: Linux 6.7 does, and long programs start faster there",
        )
    };
    Finding { grade, what: "kernel", found: format!("Linux {release}; {more}") }
}

fn processors() -> Finding {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.trim().to_owned());
    let found = format!("{count} for guests; {model}");
    Finding { grade: Grade::Good, what: "processors", found }
}

fn swap() -> Finding {
    let (grade, found) = if ampoule_engine::swap_is_off() {
        (Grade::Good, "off")
    } else {
        (Grade::Poor, "on: guests are reset the slow way; turn it off with swapoff -a, or for the container")
    };
    Finding { grade, what: "swap", found: found.into() }
}

/// Starts an engine as the server would.
fn engine() -> Finding {
    match ampoule_engine::Engine::new(ampoule_engine::EngineConfig::default()) {
        Ok(_) => Finding { grade: Grade::Good, what: "engine", found: "starts".into() },
        Err(error) => Finding {
            grade: Grade::Bad,
            what: "engine",
            found: format!(
                "{error}: look at the limit of address space (ulimit -v) and at vm.overcommit_memory"
            ),
        },
    }
}

fn images_of(config: &Config) -> Finding {
    let folder = config.images.display();
    match images::built(&config.images) {
        Ok(names) if !names.is_empty() => {
            Finding { grade: Grade::Good, what: "images", found: format!("{} in {folder}", names.join(", ")) }
        }
        _ => {
            let found = format!("none in {folder}: build them with ampoule image build, or copy them there");
            Finding { grade: Grade::Bad, what: "images", found }
        }
    }
}

fn memory(config: &Config) -> Finding {
    match config.service() {
        Ok(service) => {
            let capacity = service.capacity();
            let found = format!(
                "{} MiB for executions: {} short ones at the same time, {} that use all of their default limits",
                capacity.bytes >> 20,
                capacity.short,
                capacity.full
            );
            Finding { grade: Grade::Good, what: "memory", found }
        }
        Err(error) => Finding { grade: Grade::Bad, what: "memory", found: error },
    }
}
