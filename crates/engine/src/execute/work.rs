//! An execution, ready to begin: what a [`Job`] lends, in a form that can go to another thread.

use crate::checkpoint::Checkpoint;
use crate::error::EngineError;
use crate::execute::output_stream::OutputStream;
use crate::guest::EntryPoint;
use crate::image::Image;
use crate::job::{Compiled, Job, MemoryGrant, Permit, Start};
use crate::reset::history::History;
use crate::schedule::{FairShare, Ground};
use ampoule_model::message::{MessageWriter, tag};
use ampoule_model::{Deterministic, Limits};
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct Work {
    pub(crate) image: Image,
    pub(crate) entry_point: EntryPoint,
    /// The message for the guest.
    pub(crate) request: Vec<u8>,
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Patterns of files that come back, too.
    pub(crate) output_files: Vec<String>,
    /// As they were asked for.
    pub(crate) limits: Limits,
    /// What compiling its program took of its limits.
    pub(crate) compiling: Compiling,
    /// Of its compiled program.
    pub(crate) history: Option<Arc<History>>,
    pub(crate) deterministic: Option<Deterministic>,
    pub(crate) share: FairShare,
    pub(crate) output_stream: Option<OutputStream>,
    pub(crate) ground: Ground,
    pub(crate) memory: Option<Arc<dyn MemoryGrant>>,
    /// Dropped when the guest is gone.
    pub(crate) _permit: Option<Permit>,
}

/// What compiling took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Compiling {
    pub(crate) fuel: u64,
    pub(crate) wall_time: Duration,
    pub(crate) cpu_time: Duration,
}

impl Work {
    pub(crate) fn of(
        image: &Image,
        job: &Job<'_>,
        entry_point: EntryPoint,
        ground: Ground,
    ) -> Result<Work, EngineError> {
        let compiled = match job.start {
            Start::Program { compiled, .. } => compiled,
            Start::Checkpoint(_) => None,
        };
        Ok(Work {
            image: image.clone(),
            entry_point,
            request: request(image, job, entry_point),
            checkpoint: checkpoint_of(image, job, entry_point)?.cloned(),
            output_files: if entry_point.is_to_the_end() { job.output_files.to_vec() } else { Vec::new() },
            limits: job.limits,
            compiling: compiled.map(Compiling::of).unwrap_or_default(),
            history: compiled.map(|compiled| Arc::clone(&compiled.history)),
            deterministic: job.deterministic,
            share: job.share.clone(),
            output_stream: job.output_stream.cloned(),
            ground,
            memory: job.memory.cloned(),
            _permit: job.permit.cloned(),
        })
    }

    /// The limits, less what compiling the program took.
    pub(crate) fn remaining(&self) -> Limits {
        let Compiling { fuel, wall_time, cpu_time } = self.compiling;
        Limits {
            fuel: self.limits.fuel.saturating_sub(fuel),
            wall_time: self.limits.wall_time.saturating_sub(wall_time),
            cpu_time: self.limits.cpu_time.saturating_sub(cpu_time),
            ..self.limits
        }
    }
}

impl Compiling {
    fn of(compiled: &Compiled) -> Self {
        let Compiled { fuel, wall_time, cpu_time, .. } = *compiled;
        Compiling { fuel, wall_time, cpu_time }
    }
}

/// The checkpoint that a call starts from, if it is one of this image. Only calls do.
fn checkpoint_of<'a>(
    image: &Image,
    job: &Job<'a>,
    entry_point: EntryPoint,
) -> Result<Option<&'a Checkpoint>, EngineError> {
    let Start::Checkpoint(checkpoint) = job.start else { return Ok(None) };
    if entry_point != EntryPoint::Call {
        return Err(EngineError::BadCheckpoint("a program is compiled and prepared from its source".into()));
    }
    checkpoint.check(image)?;
    Ok(Some(checkpoint))
}

fn request(image: &Image, job: &Job<'_>, entry_point: EntryPoint) -> Vec<u8> {
    let (source_bytes, code) = match job.start {
        Start::Program { program, compiled } => {
            (program.source.len(), compiled.filter(|compiled| compiled.image_digest == image.inner.digest))
        }
        Start::Checkpoint(_) => (0, None),
    };
    let files: usize = job.files.iter().map(|file| file.content.len() + 64).sum();
    let texts = source_bytes + job.input_json.len() + job.stdin.len();
    let size = texts + code.map_or(0, |code| code.code.len()) + files + 1024;
    let mut message = MessageWriter::with_capacity(size);
    if let Start::Program { program, .. } = job.start {
        message
            .number(tag::ENTRY, program.entry.abi_number())
            .bytes(tag::FILE_NAME, program.file_name.as_bytes())
            .bytes(tag::SOURCE, program.source.as_bytes());
        if let Some(compiled) = code {
            message.bytes(tag::CODE, &compiled.code);
        }
        if program.bigint {
            message.bytes(tag::BIGINTS, b"");
        }
    }
    message.bytes(tag::INPUT, job.input_json.as_bytes());
    if let Start::Program { program, .. } = job.start {
        for module in &program.modules {
            message.named(tag::MODULE, &module.name, module.source.as_bytes());
        }
    }
    for file in job.files {
        message.named(tag::FILE, &file.path, &file.content);
    }
    for (key, value) in job.environment {
        message.named(tag::ENV, key, value.as_bytes());
    }
    if entry_point.is_to_the_end() && !job.stdin.is_empty() {
        message.bytes(tag::STDIN, job.stdin);
    }
    if entry_point.is_to_the_end() {
        for pattern in job.output_files {
            message.bytes(tag::OUTPUT, pattern.as_bytes());
        }
    }
    if job.deterministic.is_some() {
        message.bytes(tag::DETERMINISTIC, b"");
    }
    message.finish()
}
