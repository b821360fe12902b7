//! What a guest prints.

use super::Stop;
use crate::execute::output_stream::{OutputStream, Stream};
use ampoule_model::Limit;

/// stdout and stderr, bounded together.
pub(crate) struct Output {
    pub(super) limit: u64,
    pub(crate) written: u64,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) stdout_truncated: bool,
    pub(crate) stderr_truncated: bool,
    /// Takes it all; then nothing is kept here.
    output_stream: Option<OutputStream>,
    /// The stream has more than its reader was told.
    news: bool,
}

impl Output {
    pub(super) fn new(limit: u64, output_stream: Option<OutputStream>) -> Self {
        Output {
            limit,
            written: 0,
            stdout: Vec::new(),
            stderr: Vec::new(),
            stdout_truncated: false,
            stderr_truncated: false,
            output_stream,
            news: false,
        }
    }

    /// Once a slice, not for each piece: waking another thread takes as long as a short program.
    pub(super) fn hand_on(&mut self) {
        if std::mem::take(&mut self.news)
            && let Some(output_stream) = &self.output_stream
        {
            output_stream.hand_on();
        }
    }

    pub(super) fn append(&mut self, stream: i32, bytes: &[u8]) -> Result<(), Stop> {
        let (stream, buffer, truncated) = match stream {
            1 => (Stream::Stdout, &mut self.stdout, &mut self.stdout_truncated),
            2 => (Stream::Stderr, &mut self.stderr, &mut self.stderr_truncated),
            _ => return Err(Stop::Misuse("output_write knows streams 1 and 2")),
        };
        let room = self.limit.saturating_sub(self.written).min(usize::MAX as u64) as usize;
        self.written = self.written.saturating_add(bytes.len() as u64);
        self.news = true;
        let fits = &bytes[..bytes.len().min(room)];
        match &self.output_stream {
            Some(output_stream) => output_stream.push(stream, fits),
            None => buffer.extend_from_slice(fits),
        }
        if bytes.len() > room {
            *truncated = true;
            return Err(Stop::Limit(Limit::Output));
        }
        Ok(())
    }
}
