//! `[connections]` of the configuration, and the files that the process may have open.

use ampoule_connection::{ConnectionLimits, MOST_ENDING};
use ampoule_tenants::units::Span;
use rlimit::Resource;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Connections for monitoring: a collector and a few probes, from wherever they come.
const MONITORING: usize = 32;

/// Connections for administration: a console or two, and those who try.
const ADMINISTRATION: usize = 16;

/// Files that are kept for what is no connection: those for monitoring and administration, those that were
/// told to end, listeners, the store and the log, and what the runtime has open (some 20).
const KEPT_BACK: u64 = 192;

/// Where more files can be open more are kept: the store reads and writes on as many threads as there is
/// work.
const PART_KEPT_BACK: u64 = 8;

/// How many connections there may be, and how long they may take to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionsConfig {
    /// On all listeners together but that for monitoring; left out: 8192, or what the limit of open files or
    /// the memory allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<u64>,
    /// Of one address; left out: half of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_peer: Option<u64>,
    /// How long a client of gRPC may take to begin HTTP/2.
    preface: Span,
    /// How often a client of gRPC that says nothing is asked whether it is there.
    keepalive_interval: Span,
    /// How long its answer may take.
    keepalive_timeout: Span,
    /// How old a connection of gRPC may grow; left out: as old as its client likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_connection_age: Option<Span>,
    /// How long what is in progress on it may then take; left out: as long as it likes.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_connection_age_grace: Option<Span>,
}

impl Default for ConnectionsConfig {
    fn default() -> Self {
        let limits = ConnectionLimits::default();
        ConnectionsConfig {
            all: None,
            per_peer: None,
            preface: Span(limits.preface),
            keepalive_interval: Span(limits.keepalive_interval),
            keepalive_timeout: Span(limits.keepalive_timeout),
            max_connection_age: limits.max_age.map(Span),
            max_connection_age_grace: limits.max_age_grace.map(Span),
        }
    }
}

impl ConnectionsConfig {
    /// With a value for every key.
    pub fn with_everything() -> ConnectionsConfig {
        let span = Some(Span(Duration::from_secs(1)));
        ConnectionsConfig {
            all: Some(2),
            per_peer: Some(1),
            max_connection_age: span,
            max_connection_age_grace: span,
            ..ConnectionsConfig::default()
        }
    }

    /// What is wrong with it on any machine, in words for the operator.
    pub fn check(&self) -> Result<(), String> {
        self.limits(u64::MAX, u64::MAX).map(|_| ())
    }

    /// For a process that may have so many files open, and sets so many bytes of memory aside for executions.
    pub fn limits(&self, files: u64, memory: u64) -> Result<ConnectionLimits, String> {
        let default = ConnectionLimits::default();
        let room = files - kept_back(files);
        let affordable = (memory / PART_OF_MEMORY / OF_A_STRANGER).max(FEWEST);
        let all = self.all.unwrap_or(room.min(affordable).min(default.all as u64));
        if all == 0 {
            return Err("connections.all is 0: nobody could call".into());
        }
        if all > room {
            return Err(format!(
                "connections.all is {all}, but the process may have {files} files open, which leaves {room} for connections: \
                 raise its limit of open files (LimitNOFILE of systemd, --ulimit nofile of Docker), or lower connections.all"
            ));
        }
        let per_peer = self.per_peer.unwrap_or((all / 2).max(1));
        if per_peer == 0 || per_peer > all {
            return Err(format!(
                "connections.per_peer is {per_peer}, it must be from 1 to connections.all, {all}"
            ));
        }
        if self.preface.0.is_zero() {
            return Err("connections.preface is 0: no client is that fast".into());
        }
        for (key, span) in [
            ("keepalive_interval", Some(self.keepalive_interval)),
            ("keepalive_timeout", Some(self.keepalive_timeout)),
            ("max_connection_age", self.max_connection_age),
        ] {
            if span.is_some_and(|span| span.0.is_zero()) {
                return Err(format!("connections.{key} is 0: no connection would last"));
            }
        }
        if self.max_connection_age.is_none() && self.max_connection_age_grace.is_some() {
            return Err(
                "connections.max_connection_age_grace is there, but no max_connection_age that it could follow: set one"
                    .into(),
            );
        }
        Ok(ConnectionLimits {
            all: all as usize,
            per_peer: per_peer as usize,
            preface: self.preface.0,
            keepalive_interval: self.keepalive_interval.0,
            keepalive_timeout: self.keepalive_timeout.0,
            max_age: self.max_connection_age.map(|span| span.0),
            max_age_grace: self.max_connection_age_grace.map(|span| span.0),
        })
    }
}

/// Those for monitoring, which find room whatever the others do.
pub fn for_monitoring() -> ConnectionLimits {
    ConnectionLimits { all: MONITORING, per_peer: MONITORING, ..ConnectionLimits::default() }
}

/// Those for administration, likewise.
pub fn for_admin() -> ConnectionLimits {
    ConnectionLimits { all: ADMINISTRATION, per_peer: ADMINISTRATION, ..ConnectionLimits::default() }
}

/// What a connection holds of which it is not known who calls: half a head that is read ahead, and calls of
/// which each has its head and its refusal. All of them together may hold as much again as this part of what
/// executions may take.
const OF_A_STRANGER: u64 = 192 << 10;
const PART_OF_MEMORY: u64 = 4;

/// Without a setting, there are so many connections at least.
const FEWEST: u64 = 256;

fn kept_back(files: u64) -> u64 {
    const { assert!(KEPT_BACK >= (MONITORING + ADMINISTRATION + 3 * MOST_ENDING + 32) as u64) };
    // Where there are next to none half of them have to do.
    (files / PART_KEPT_BACK).max(KEPT_BACK).min(files / 2)
}

/// Has the process have as many files open as it may, and says how many those are. The lower limit that
/// processes start with is for those that use `select`.
pub fn raise_file_limit() -> u64 {
    // Linux always says; the least that POSIX grants is what is left to assume.
    let (soft, hard) = Resource::NOFILE.get().unwrap_or((20, 20));
    match Resource::NOFILE.set(hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(%error, soft, hard, "the limit of open files stays as it is");
            soft
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(all: Option<u64>, per_peer: Option<u64>, files: u64) -> Result<(usize, usize), String> {
        let config = ConnectionsConfig { all, per_peer, ..ConnectionsConfig::default() };
        config.limits(files, u64::MAX).map(|limits| (limits.all, limits.per_peer))
    }

    #[test]
    fn files_are_kept_back_for_what_is_no_connection() {
        assert_eq!(limits(None, None, 1024), Ok((832, 416)));
        assert_eq!(limits(None, None, 4096), Ok((3584, 1792)));
        assert_eq!(limits(None, None, u64::MAX), Ok((8192, 4096)));
        // A container of 1 GiB.
        let small = ConnectionsConfig::default().limits(u64::MAX, 768 << 20).unwrap();
        assert_eq!((small.all, small.per_peer), (1024, 512));
        assert_eq!(limits(None, None, 64), Ok((32, 16)));
        assert_eq!(limits(Some(832), Some(832), 1024), Ok((832, 832)));
    }

    #[test]
    fn what_cannot_be_is_said() {
        let error = limits(Some(833), None, 1024).unwrap_err();
        assert!(
            error.starts_with("connections.all is 833, but the process may have 1024 files open, which"),
            "{error}"
        );
        let second = Some(Span(Duration::from_secs(1)));
        let zero = Span(Duration::ZERO);
        let good = ConnectionsConfig::default;
        for (key, bad) in [
            ("keepalive_interval", ConnectionsConfig { keepalive_interval: zero, ..good() }),
            ("keepalive_timeout", ConnectionsConfig { keepalive_timeout: zero, ..good() }),
            ("max_connection_age", ConnectionsConfig { max_connection_age: Some(zero), ..good() }),
            ("max_connection_age_grace", ConnectionsConfig { max_connection_age_grace: second, ..good() }),
        ] {
            let error = bad.limits(1024, u64::MAX).unwrap_err();
            assert!(error.starts_with(&format!("connections.{key} is ")), "{error}");
        }
        for (all, per_peer) in [(Some(0), None), (Some(4), Some(5)), (Some(4), Some(0))] {
            assert!(limits(all, per_peer, 1024).unwrap_err().starts_with("connections."));
        }
    }
}
