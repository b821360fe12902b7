//! What can go wrong with a store.

/// What went wrong. Nothing is half done: what is not answered with success is not there, or is swept away.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such function, version or alias. The text says which.
    #[error("{0}")]
    NotFound(String),
    /// The tenant keeps as much as it may. The text names the limit.
    #[error("{0}")]
    Full(String),
    /// The version cannot be deleted, as an alias points to it. The text says which.
    #[error("{0}")]
    InUse(String),
    /// Several versions begin with what was given. The text names them.
    #[error("{0}")]
    Ambiguous(String),
    /// Others changed the same function all the while. Try again.
    #[error("the function is being changed by others all the time: try again")]
    Contended,
    /// An object is not what was written. The text names it.
    #[error("{0} is damaged")]
    Damaged(String),
    /// The store itself failed: disk full, no right to write …
    #[error("the function store failed: {0}")]
    Failed(String),
}

impl From<object_store::Error> for StoreError {
    fn from(error: object_store::Error) -> Self {
        StoreError::Failed(error.to_string())
    }
}
