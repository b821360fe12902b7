//! What went wrong, as each protocol and the log name it: the one table.

/// Why a request was refused or failed, by what its sender can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Mend the field that the message names.
    InvalidArgument,
    /// Send a key, or another one.
    Unauthenticated,
    /// Ask the operator.
    PermissionDenied,
    /// Name something else.
    NotFound,
    /// Name something else, or update it.
    AlreadyExists,
    /// Change what the operator has configured.
    FailedPrecondition,
    /// Read it again: somebody else has changed it.
    Aborted,
    /// This server does not do that.
    Unimplemented,
    /// The server is busy. Send it again later.
    Busy,
    /// A quota is used up. Send it again later.
    QuotaExceeded,
    /// As much is stored as may be. Delete something first.
    StorageFull,
    /// Give it more time.
    DeadlineExceeded,
    /// Send it to another server.
    Unavailable,
    /// A fault of the server's.
    Internal,
}

impl ErrorCode {
    /// All of them.
    pub const ALL: [ErrorCode; 14] = [
        ErrorCode::InvalidArgument,
        ErrorCode::Unauthenticated,
        ErrorCode::PermissionDenied,
        ErrorCode::NotFound,
        ErrorCode::AlreadyExists,
        ErrorCode::FailedPrecondition,
        ErrorCode::Aborted,
        ErrorCode::Unimplemented,
        ErrorCode::Busy,
        ErrorCode::QuotaExceeded,
        ErrorCode::StorageFull,
        ErrorCode::DeadlineExceeded,
        ErrorCode::Unavailable,
        ErrorCode::Internal,
    ];

    /// Its name in JSON, in logs and in metrics, the number of gRPC's status, and HTTP's status.
    const fn row(self) -> (&'static str, i32, u16) {
        match self {
            ErrorCode::InvalidArgument => ("invalid_argument", 3, 400),
            ErrorCode::DeadlineExceeded => ("deadline_exceeded", 4, 504),
            ErrorCode::NotFound => ("not_found", 5, 404),
            ErrorCode::AlreadyExists => ("already_exists", 6, 409),
            ErrorCode::PermissionDenied => ("permission_denied", 7, 403),
            ErrorCode::Busy => ("resource_exhausted", 8, 503),
            ErrorCode::QuotaExceeded => ("resource_exhausted", 8, 429),
            // WebDAV's status for it: trying again does not help.
            ErrorCode::StorageFull => ("resource_exhausted", 8, 507),
            ErrorCode::FailedPrecondition => ("failed_precondition", 9, 409),
            ErrorCode::Aborted => ("aborted", 10, 409),
            ErrorCode::Unimplemented => ("unimplemented", 12, 501),
            // Not `internal`, which is how an outcome is called.
            ErrorCode::Internal => ("internal_error", 13, 500),
            ErrorCode::Unavailable => ("unavailable", 14, 503),
            ErrorCode::Unauthenticated => ("unauthenticated", 16, 401),
        }
    }

    /// Its name in JSON, in logs and in metrics: that of gRPC's status, in lower case.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The number of gRPC's status.
    pub const fn grpc(self) -> i32 {
        self.row().1
    }

    /// HTTP's status.
    pub const fn http(self) -> u16 {
        self.row().2
    }

    /// The first with this number of gRPC's status.
    pub fn of_grpc(number: i32) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|code| code.grpc() == number)
    }
}
