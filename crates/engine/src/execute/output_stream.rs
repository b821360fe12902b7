//! What an execution prints, handed on while it runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Pieces kept for a reader that does not keep up. What comes then joins the last piece of its stream: no
/// byte is lost and each stream keeps its order, and a guest that prints single bytes cannot fill memory with
/// their bookkeeping.
const MOST_PIECES: usize = 1024;

/// Bytes of a piece at most, and of those that a reader takes at once, about: a reader turns them into text
/// and JSON on a thread that serves sockets, in some ten microseconds.
const PORTION: usize = 64 << 10;

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
pub struct OutputChunk {
    /// Where.
    pub stream: Stream,
    /// What; a character can begin in one piece and end in the next of its stream.
    pub bytes: Vec<u8>,
}

/// Takes what an execution prints, up to its limit of output. Cheap to clone; clones share what there is.
#[derive(Clone, Debug, Default)]
pub struct OutputStream(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    pieces: Mutex<VecDeque<OutputChunk>>,
    more: Notify,
}

impl OutputStream {
    /// Waits until something was printed, and takes some of it. One reader at a time. Readers are woken at
    /// the end of a slice of fuel and when the program sleeps, not for each piece; what comes after the last
    /// slice is there when the execution has ended.
    pub async fn next(&self) -> Vec<OutputChunk> {
        loop {
            let pieces = self.take();
            if !pieces.is_empty() {
                return pieces;
            }
            self.0.more.notified().await;
        }
    }

    /// What was printed first of all that was not taken yet, up to twice 64 KiB; may be nothing.
    pub fn take(&self) -> Vec<OutputChunk> {
        let (mut pieces, mut taken, mut bytes) = (self.pieces(), Vec::new(), 0);
        while bytes < PORTION
            && let Some(piece) = pieces.pop_front()
        {
            bytes += piece.bytes.len();
            taken.push(piece);
        }
        taken
    }

    /// Bytes that were printed and not taken yet.
    pub fn unread_bytes(&self) -> u64 {
        self.pieces().iter().map(|piece| piece.bytes.len() as u64).sum()
    }

    pub(crate) fn push(&self, stream: Stream, mut bytes: &[u8]) {
        let mut pieces = self.pieces();
        let last = match pieces.back() {
            Some(last) if last.stream == stream => pieces.back_mut(),
            _ if pieces.len() >= MOST_PIECES => pieces.iter_mut().rfind(|piece| piece.stream == stream),
            _ => None,
        };
        if let Some(last) = last {
            let (joins, rest) = bytes.split_at(bytes.len().min(PORTION.saturating_sub(last.bytes.len())));
            last.bytes.extend_from_slice(joins);
            bytes = rest;
        }
        pieces.extend(bytes.chunks(PORTION).map(|bytes| OutputChunk { stream, bytes: bytes.to_vec() }));
    }

    /// Wakes who waits for more.
    pub(crate) fn hand_on(&self) {
        self.0.more.notify_one();
    }

    fn pieces(&self) -> MutexGuard<'_, VecDeque<OutputChunk>> {
        self.0.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_keep_their_order_and_are_bounded() {
        let output_stream = OutputStream::default();
        output_stream.push(Stream::Stdout, b"a");
        output_stream.push(Stream::Stdout, b"b");
        output_stream.push(Stream::Stderr, b"c");
        output_stream.push(Stream::Stdout, b"d");
        let texts: Vec<_> =
            output_stream.next().await.into_iter().map(|piece| (piece.stream, piece.bytes)).collect();
        let expected = [(Stream::Stdout, "ab"), (Stream::Stderr, "c"), (Stream::Stdout, "d")];
        assert_eq!(texts, expected.map(|(stream, text)| (stream, text.as_bytes().to_vec())));
        for _ in 0..100_000 {
            output_stream.push(Stream::Stdout, b"o");
            output_stream.push(Stream::Stderr, b"e");
        }
        assert!(output_stream.pieces().len() <= MOST_PIECES + 200_000 / PORTION);
        let mut read = [0, 0];
        loop {
            let pieces = output_stream.take();
            if pieces.is_empty() {
                break;
            }
            assert!(pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>() < 2 * PORTION);
            for OutputChunk { stream, bytes } in pieces {
                assert!(bytes.iter().all(|byte| *byte == if stream == Stream::Stdout { b'o' } else { b'e' }));
                read[stream as usize] += bytes.len();
            }
        }
        assert_eq!(read, [100_000, 100_000]);
    }

    #[test]
    fn what_is_printed_at_once_is_read_in_portions() {
        let output_stream = OutputStream::default();
        let printed: Vec<u8> = (0..10 * PORTION + 7).map(|n| (n % 251) as u8).collect();
        output_stream.push(Stream::Stdout, b"begun");
        output_stream.push(Stream::Stdout, &printed);
        assert_eq!(output_stream.unread_bytes(), printed.len() as u64 + 5);
        let mut read = Vec::new();
        while output_stream.unread_bytes() > 0 {
            let pieces = output_stream.take();
            assert!(pieces.iter().map(|piece| piece.bytes.len()).sum::<usize>() < 2 * PORTION);
            read.extend(pieces.into_iter().flat_map(|piece| piece.bytes));
        }
        assert_eq!(read[5..], printed);
    }
}
