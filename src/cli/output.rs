//! What a program prints, as it comes.

use super::{CommandResult, write_stdout};
use ampoule_service::{OutputChunk, Stream};
use std::cell::Cell;
use std::io::{self, Write};

/// Writes pieces of output, and knows whether a line is open.
#[derive(Debug)]
pub(crate) struct Printer {
    at_line_start: Cell<bool>,
}

impl Default for Printer {
    fn default() -> Self {
        Printer { at_line_start: Cell::new(true) }
    }
}

impl Printer {
    pub(crate) fn pieces(&self, pieces: Vec<OutputChunk>) -> CommandResult<()> {
        for piece in pieces {
            match piece.stream {
                Stream::Stdout => self.stdout(&piece.bytes)?,
                Stream::Stderr => self.stderr(&piece.bytes),
            }
        }
        Ok(())
    }

    pub(crate) fn stdout(&self, bytes: &[u8]) -> CommandResult<()> {
        if let Some(last) = bytes.last() {
            self.at_line_start.set(*last == b'\n');
        }
        write_stdout(bytes)
    }

    /// When stderr is gone there is nobody to tell.
    pub(crate) fn stderr(&self, bytes: &[u8]) {
        let _ = io::stderr().write_all(bytes);
    }

    /// Whether the last line of stdout is ended.
    pub(crate) fn is_at_line_start(&self) -> bool {
        self.at_line_start.get()
    }
}
