//! How a server ends: it leaves, then it drains.
//!
//! While it leaves, everything is served as ever, but whoever asks whether it is ready is told no, so that
//! balancers send elsewhere before anybody is refused. While it drains, what was accepted is answered and
//! nothing more is taken.

use tokio::sync::watch;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Leaving,
    Draining,
}

/// Ends servers. Dropping it means draining.
#[derive(Debug)]
pub struct ShutdownHandle(watch::Sender<Stage>);

/// Tells servers when to end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<Stage>);

impl ShutdownHandle {
    /// From now on the servers say that they are not ready.
    pub fn leave(&self) {
        self.0.send_replace(Stage::Leaving);
    }

    /// From now on they take nothing more.
    pub fn drain(&self) {
        self.0.send_replace(Stage::Draining);
    }
}

impl Shutdown {
    /// An end that is not yet in sight, and who brings it about.
    pub fn new() -> (ShutdownHandle, Shutdown) {
        let (sender, receiver) = watch::channel(Stage::Serving);
        (ShutdownHandle(sender), Shutdown(receiver))
    }

    /// Ready when the server is to say that it is not.
    pub async fn leaving(&self) {
        self.reached(Stage::Leaving).await;
    }

    /// Ready when nothing more is to be taken.
    pub async fn draining(&self) {
        self.reached(Stage::Draining).await;
    }

    /// Whether requests are better sent elsewhere.
    pub fn is_leaving(&self) -> bool {
        *self.0.borrow() >= Stage::Leaving || self.0.has_changed().is_err()
    }

    async fn reached(&self, wanted: Stage) {
        // A sender that is gone means the same.
        let _ = self.0.clone().wait_for(|stage| *stage >= wanted).await;
    }
}
