//! Why a request was not executed.

use crate::error_code::ErrorCode;
use crate::tenants::quota::UsedUp;
use crate::tenants::stop::Stopped;
use ampoule_engine::{EngineError, NoMemory};
use ampoule_store::StoreError;
use std::time::Duration;

/// When processors that were busy for minutes may be less so.
const RETRY_AFTER_WAITING: Duration = Duration::from_secs(10);

/// A time to wait, as people say it.
fn told(time: Duration) -> String {
    if time < Duration::from_secs(1) {
        return format!("{} ms", time.as_millis());
    }
    format!("{} s", time.as_secs_f64().ceil())
}

/// While a server drains another one may be there within a second.
const RETRY_ELSEWHERE: Duration = Duration::from_secs(1);

/// Why a request was not executed, named for what its sender can do about it. No text in here holds anything
/// of a program's source, input or output; names and paths the sender chose are quoted, shortened and
/// escaped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be run as it is. Mend the field and send again.
    #[error("{field} {reason}")]
    Invalid {
        /// The field's path, e.g. `files[2].path`.
        field: String,
        /// What it is, what it may be, what to do.
        reason: String,
    },
    /// There is no such function, version or alias. The text says which.
    #[error("{0}")]
    NotFound(String),
    /// The tenant keeps as much as it may. Delete something first.
    #[error("{0}")]
    Full(String),
    /// This service keeps no functions.
    #[error("this server keeps no functions: its operator can set functions.folder")]
    NoFunctions,
    /// There is no slot in time, no place to wait, or no memory. Send again later, or elsewhere.
    #[error("{reason}: try again in {}", told(*retry_after))]
    Busy {
        /// What is short, in one word: `slots`, `queue`, `memory`, `processors`, `answer`, `function`.
        what: &'static str,
        /// What is taken, and by how many of the tenant's own requests.
        reason: String,
        /// When it may be better.
        retry_after: Duration,
    },
    /// The tenant has used up what it may. Send again later.
    #[error("the tenant's {quota} of {limit} is used up: try again in {} s", retry_after.as_secs_f64().ceil())]
    UsedUp {
        /// Which quota.
        quota: &'static str,
        /// Its value.
        limit: String,
        /// When there is some of it again.
        retry_after: Duration,
    },
    /// The tenant may not have anything run. Ask the operator.
    #[error("the tenant was {} by the operator: ask them", .0.name())]
    Stopped(Stopped),
    /// The service is shutting down. Send elsewhere.
    #[error("the server is shutting down: try another one")]
    Draining,
    /// The engine failed; the request is not at fault.
    #[error("the engine failed: {0}")]
    Engine(EngineError),
    /// The store of functions failed; the request is not at fault.
    #[error("the function store failed: try again later")]
    Store(StoreError),
    /// A bug in the service; the request was given up, everything else goes on.
    #[error("the execution hit a bug in the server and was given up")]
    Panicked,
}

impl Error {
    /// What its sender can do about it, for all protocols.
    pub fn code(&self) -> ErrorCode {
        match self {
            Error::Invalid { .. } => ErrorCode::InvalidArgument,
            Error::NotFound(_) => ErrorCode::NotFound,
            Error::NoFunctions => ErrorCode::Unimplemented,
            Error::Busy { .. } => ErrorCode::Busy,
            Error::UsedUp { .. } => ErrorCode::QuotaExceeded,
            Error::Full(_) => ErrorCode::StorageFull,
            Error::Stopped(_) => ErrorCode::PermissionDenied,
            Error::Draining => ErrorCode::Unavailable,
            Error::Engine(_) | Error::Store(_) | Error::Panicked => ErrorCode::Internal,
        }
    }

    /// The name of its code, for logs and metrics.
    pub fn name(&self) -> &'static str {
        self.code().name()
    }

    /// When it may be sent again, if that can help.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Busy { retry_after, .. } | Error::UsedUp { retry_after, .. } => Some(*retry_after),
            Error::Draining => Some(RETRY_ELSEWHERE),
            _ => None,
        }
    }

    /// Why, in one word, more finely than [`Error::name`]: for logs and metrics.
    pub fn cause(&self) -> &'static str {
        match self {
            Error::Invalid { .. } | Error::NotFound(_) => self.name(),
            Error::Full(_) => "store_full",
            Error::NoFunctions => "no_functions",
            Error::Busy { what, .. } => what,
            Error::UsedUp { .. } => "quota",
            Error::Stopped(why) => why.name(),
            Error::Draining => "draining",
            Error::Engine(_) => "engine_failed",
            Error::Store(_) => "store_failed",
            Error::Panicked => "bug",
        }
    }

    /// What the cause is about, in words of ours: the field of a request, or the quota.
    pub(crate) fn about(&self) -> Option<&str> {
        match self {
            Error::Invalid { field, .. } => Some(field),
            Error::UsedUp { quota, .. } => Some(quota),
            _ => None,
        }
    }

    /// Writes what only the operator is to know: a fault of ours, with all we know of it.
    pub fn log(&self, id: &str) {
        match self {
            Error::Engine(_) | Error::Panicked => {
                tracing::error!(id, error = %self, "a request was given up")
            }
            Error::Store(error) => tracing::error!(id, %error, "a request was given up"),
            _ => {}
        }
    }

    pub(crate) fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Error::Invalid { field: field.into(), reason: reason.into() }
    }
}

impl From<UsedUp> for Error {
    fn from(UsedUp { quota, limit, retry_after }: UsedUp) -> Self {
        Error::UsedUp { quota, limit, retry_after }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Error::NotFound(what),
            StoreError::Full(why) => Error::Full(why),
            StoreError::InUse(why) | StoreError::Ambiguous(why) => Error::invalid("function.version", why),
            StoreError::Contended => Error::Busy {
                what: "function",
                reason: "the function is being changed by others all the time".into(),
                retry_after: Duration::from_secs(1),
            },
            StoreError::Damaged(_) | StoreError::Failed(_) => Error::Store(error),
        }
    }
}

impl From<EngineError> for Error {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Waited { waited } => Error::Busy {
                what: "processors",
                reason: format!(
                    "the processors were busy with other executions, and this one was given up after {:.1} s of waiting for them",
                    waited.as_secs_f64()
                ),
                retry_after: RETRY_AFTER_WAITING,
            },
            EngineError::Shutdown => Error::Draining,
            EngineError::NoMemory(NoMemory { reason, retry_after }) => {
                Error::Busy { what: "memory", reason, retry_after }
            }
            error => Error::Engine(error),
        }
    }
}

/// A caller's text for a message: escaped, and cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut quoted = String::from("'");
    for (position, character) in text.chars().enumerate() {
        if position == LONGEST {
            quoted.push('…');
            break;
        }
        match character {
            '\'' | '\\' => quoted.push(character),
            _ => quoted.extend(character.escape_debug()),
        }
    }
    quoted.push('\'');
    quoted
}

/// A number of bytes for a message: `16 MiB`, or plain bytes where it is no round number.
pub(crate) fn bytes(number: u64) -> String {
    match number {
        0 => "0 bytes".into(),
        n if n % (1 << 30) == 0 => format!("{} GiB", n >> 30),
        n if n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        n => format!("{n} bytes"),
    }
}

/// About so many bytes: in MiB from a few of them on.
pub(crate) fn about(number: u64) -> String {
    if number < 4 << 20 { bytes(number) } else { format!("{} MiB", number >> 20) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_callers_are_escaped_and_cut() {
        assert_eq!(quoted("a\n\u{1b}b'"), r"'a\n\u{1b}b''");
        assert_eq!(quoted(&"x".repeat(500)).chars().count(), 83);
    }

    #[test]
    fn bytes_are_told_in_the_largest_whole_unit() {
        assert_eq!(bytes(16 << 20), "16 MiB");
        assert_eq!(bytes((1 << 20) + 1), "1048577 bytes");
    }
}
