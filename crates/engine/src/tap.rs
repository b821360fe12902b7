//! What an execution prints, handed on while it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Pieces kept for a reader that does not keep up. What comes then joins the last piece of its stream: no byte is lost and
/// each stream keeps its order, and a guest that prints single bytes cannot fill memory with their bookkeeping.
const MOST_PIECES: usize = 1024;

/// Where a piece was printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Bytes printed to one stream, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where.
    pub stream: Stream,
    /// What; a character can begin in one piece and end in the next of its stream.
    pub bytes: Vec<u8>,
}

/// Takes what an execution prints, up to its limit of output. Cheap to clone; clones share what there is.
#[derive(Clone, Debug, Default)]
pub struct OutputTap(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    pieces: Mutex<Vec<Piece>>,
    more: Notify,
}

impl OutputTap {
    /// Waits until something was printed, and takes it all. One reader at a time. Readers are woken at the end of a slice of fuel and
    /// when the program sleeps, not for each piece; what comes after the last slice is there when the execution has ended.
    pub async fn next(&self) -> Vec<Piece> {
        loop {
            let pieces = self.take();
            if !pieces.is_empty() {
                return pieces;
            }
            self.0.more.notified().await;
        }
    }

    /// What was printed since the last time; may be nothing.
    pub fn take(&self) -> Vec<Piece> {
        std::mem::take(&mut *self.pieces())
    }

    /// Bytes that were printed and not taken yet.
    pub fn unread_bytes(&self) -> u64 {
        self.pieces().iter().map(|piece| piece.bytes.len() as u64).sum()
    }

    pub(crate) fn push(&self, stream: Stream, bytes: &[u8]) {
        let mut pieces = self.pieces();
        let full = pieces.len() >= MOST_PIECES;
        let joins = match pieces.last() {
            Some(last) if last.stream == stream => Some(pieces.len() - 1),
            _ if full => pieces.iter().rposition(|piece| piece.stream == stream),
            _ => None,
        };
        match joins {
            Some(index) => pieces[index].bytes.extend_from_slice(bytes),
            None => pieces.push(Piece { stream, bytes: bytes.to_vec() }),
        }
    }

    /// Wakes who waits for more.
    pub(crate) fn hand_on(&self) {
        self.0.more.notify_one();
    }

    fn pieces(&self) -> MutexGuard<'_, Vec<Piece>> {
        self.0.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_keep_their_order_and_are_bounded() {
        let tap = OutputTap::default();
        tap.push(Stream::Stdout, b"a");
        tap.push(Stream::Stdout, b"b");
        tap.push(Stream::Stderr, b"c");
        tap.push(Stream::Stdout, b"d");
        let texts: Vec<_> = tap.next().await.into_iter().map(|piece| (piece.stream, piece.bytes)).collect();
        let expected = [(Stream::Stdout, "ab"), (Stream::Stderr, "c"), (Stream::Stdout, "d")];
        assert_eq!(texts, expected.map(|(stream, text)| (stream, text.as_bytes().to_vec())));
        for _ in 0..100_000 {
            tap.push(Stream::Stdout, b"o");
            tap.push(Stream::Stderr, b"e");
        }
        let pieces = tap.take();
        assert_eq!(pieces.len(), MOST_PIECES);
        assert_eq!(pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>(), 200_000);
        assert!(tap.take().is_empty());
    }
}
