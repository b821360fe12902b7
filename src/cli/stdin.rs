//! The command line's own stdin, which is that of the program that it runs.

use super::{CommandError, CommandResult, say};
use std::io::{IsTerminal, Read, Result};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// No server takes more, and what never ends must not fill this machine's memory.
const MOST: u64 = 256 << 20;

/// When to say what is being waited for.
const STDIN_TIMEOUT: Duration = Duration::from_secs(3);

/// All of it; nothing of a terminal, which nobody has typed anything into.
pub(super) fn own_stdin() -> CommandResult<Vec<u8>> {
    if std::io::stdin().is_terminal() {
        return Ok(Vec::new());
    }
    let (sender, read) = mpsc::channel();
    std::thread::spawn(move || sender.send(read_all()));
    let read = match read.recv_timeout(STDIN_TIMEOUT) {
        Err(RecvTimeoutError::Timeout) => {
            say("waiting for the end of stdin, which is the program's: --no-stdin leaves it alone");
            read.recv().ok()
        }
        read => read.ok(),
    };
    let bytes = read.unwrap_or(Ok(Vec::new())).map_err(|error| {
        CommandError::usage(format!(
            "cannot read stdin, which is the program's: {error}; --no-stdin leaves it alone"
        ))
    })?;
    if bytes.len() as u64 > MOST {
        return Err(CommandError::usage(format!(
            "stdin, which is the program's, has more than {} MiB: give less, or --no-stdin to leave it alone",
            MOST >> 20
        )));
    }
    Ok(bytes)
}

fn read_all() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
