//! An answer as it is sent: made piece by piece as its reader takes them, so that its form on the wire, which
//! can be six times its size, is never held, and that whoever sends the same answer to many holds it once.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// The most bytes of a piece: a frame of HTTP/2. Writing one as JSON takes some 15 µs.
pub const PIECE: usize = 16 << 10;

/// Texts up to this size are copied: that is less work than sharing them.
pub(crate) const COPIED: usize = 4 << 10;

/// Below this a piece is full: no part is cut into smaller ones.
const CRUMB: usize = 256;

/// What is left to be sent. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    parts: VecDeque<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    /// Goes as it is.
    Plain(Bytes),
    /// The inside of a text in JSON.
    Text(Bytes),
    /// The inside of a text in JSON that is base64.
    Base64(Bytes),
    /// JSON, on one line.
    Json(Bytes),
}

impl Part {
    /// The bytes it is made of.
    fn len(&self) -> usize {
        match self {
            Part::Plain(bytes) | Part::Text(bytes) | Part::Base64(bytes) | Part::Json(bytes) => bytes.len(),
        }
    }
}

/// Puts an answer together. What is written to it goes as it is.
#[derive(Debug, Default)]
pub struct PiecesBuilder {
    parts: VecDeque<Part>,
    /// What was written since the last part that is shared.
    tail: Vec<u8>,
}

impl Pieces {
    /// The next bytes, never more than [`PIECE`]; a copy, so that whoever is slow to send them holds no more
    /// than these.
    pub fn next_piece(&mut self) -> Option<Bytes> {
        let mut piece = Vec::with_capacity(self.length_at_least().min(PIECE));
        while let Some(part) = self.parts.front_mut() {
            let room = PIECE - piece.len();
            if room < CRUMB {
                break;
            }
            let rest = match part {
                Part::Plain(bytes) => {
                    piece.extend_from_slice(&bytes.split_to(room.min(bytes.len())));
                    bytes
                }
                Part::Text(text) => {
                    // A character takes six bytes at most.
                    escape(&text.split_to((room / 6).min(text.len())), &mut piece);
                    text
                }
                Part::Base64(content) => {
                    let bytes = content.split_to((room / 4 * 3).min(content.len()));
                    piece.extend_from_slice(STANDARD.encode(bytes).as_bytes());
                    content
                }
                Part::Json(bytes) => {
                    on_one_line(&bytes.split_to(room.min(bytes.len())), &mut piece);
                    bytes
                }
            };
            if rest.is_empty() {
                self.parts.pop_front();
            }
        }
        (!piece.is_empty()).then(|| piece.into())
    }

    /// All of it, where that is one piece that is there already.
    pub fn whole(&self) -> Option<Bytes> {
        match (self.parts.front(), self.parts.len()) {
            (None, _) => Some(Bytes::new()),
            (Some(Part::Plain(bytes)), 1) if bytes.len() <= PIECE => Some(bytes.clone()),
            _ => None,
        }
    }

    /// Whether there is nothing more to send.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn length_at_least(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// Puts a few bytes before all others.
    pub(crate) fn begin_with(&mut self, bytes: &[u8]) {
        match self.parts.front_mut() {
            Some(Part::Plain(first)) if first.len() <= PIECE => *first = [bytes, first].concat().into(),
            _ => self.parts.push_front(Part::Plain(Bytes::copy_from_slice(bytes))),
        }
    }
}

impl PiecesBuilder {
    /// Bytes that go as they are.
    pub fn plain(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
    }

    /// The same, not copied where they are many.
    pub fn shared(&mut self, bytes: Bytes) {
        if bytes.len() <= COPIED {
            return self.plain(&bytes);
        }
        self.push(Part::Plain(bytes));
    }

    /// JSON, which is put on one line: a break between its values becomes a space.
    pub fn json(&mut self, json: Bytes) {
        if json.len() <= COPIED {
            return on_one_line(&json, &mut self.tail);
        }
        self.push(Part::Json(json));
    }

    /// The inside of a text in JSON that is not large; `text` is UTF-8.
    pub(crate) fn escaped(&mut self, text: &[u8]) {
        escape(text, &mut self.tail);
    }

    /// The inside of a text in JSON; `text` is UTF-8.
    pub fn text(&mut self, text: Bytes) {
        if text.len() <= COPIED {
            return escape(&text, &mut self.tail);
        }
        self.push(Part::Text(text));
    }

    /// The inside of a text in JSON that is base64.
    pub fn base64(&mut self, content: Bytes) {
        if content.len() <= COPIED {
            return self.plain(STANDARD.encode(content).as_bytes());
        }
        self.push(Part::Base64(content));
    }

    /// Puts another one's parts behind these.
    pub(crate) fn append(&mut self, other: PiecesBuilder) {
        for part in other.finish().parts {
            match part {
                Part::Plain(bytes) => self.shared(bytes),
                part => self.push(part),
            }
        }
    }

    /// The bytes that were put in; those of texts before they are escaped.
    pub(crate) fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum::<usize>() + self.tail.len()
    }

    /// All of it, to be sent.
    pub fn finish(mut self) -> Pieces {
        self.flush_tail();
        Pieces { parts: self.parts }
    }

    fn push(&mut self, part: Part) {
        self.flush_tail();
        self.parts.push_back(part);
    }

    fn flush_tail(&mut self) {
        if !self.tail.is_empty() {
            self.parts.push_back(Part::Plain(std::mem::take(&mut self.tail).into()));
        }
    }
}

impl io::Write for PiecesBuilder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tail.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A part of what `owner` holds, as bytes that keep it: they are not copied.
pub fn part_of<T, F>(owner: &Arc<T>, pick: F) -> Bytes
where
    T: Send + Sync + 'static,
    F: Fn(&T) -> &[u8] + Send + 'static,
{
    struct PartOf<T, F>(Arc<T>, F);
    impl<T, F: Fn(&T) -> &[u8]> AsRef<[u8]> for PartOf<T, F> {
        fn as_ref(&self) -> &[u8] {
            (self.1)(&self.0)
        }
    }
    let bytes = pick(owner);
    if bytes.len() <= COPIED {
        return Bytes::copy_from_slice(bytes);
    }
    Bytes::from_owner(PartOf(Arc::clone(owner), pick))
}

/// Within its texts JSON has no line breaks.
fn on_one_line(json: &[u8], out: &mut Vec<u8>) {
    let from = out.len();
    out.extend_from_slice(json);
    for byte in &mut out[from..] {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// Writes UTF-8, or a part of it cut anywhere, as `serde_json` does.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut from = 0;
    for (at, &byte) in text.iter().enumerate() {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            8 => b'b',
            12 => b'f',
            0..=0x1f => b'u',
            _ => continue,
        };
        out.extend_from_slice(&text[from..at]);
        from = at + 1;
        out.extend_from_slice(&[b'\\', short]);
        if byte <= 0x1f && short == b'u' {
            out.extend_from_slice(&[b'0', b'0', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
    }
    out.extend_from_slice(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(mut pieces: Pieces) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(piece) = pieces.next_piece() {
            assert!(piece.len() <= PIECE, "{}", piece.len());
            all.extend_from_slice(&piece);
        }
        assert!(pieces.is_empty());
        all
    }

    #[test]
    fn texts_are_written_as_serde_json_writes_them() {
        let ascii: String = (0..=0x7f_u8).map(char::from).collect();
        for size in [1, 50, COPIED, 3 * PIECE] {
            for text in [ascii.as_str(), "\0", "\u{e9}\u{20ac}\u{1f600}z", "\"\\", "plain"] {
                let text = text.repeat(size.div_ceil(text.len()));
                let mut builder = PiecesBuilder::default();
                builder.plain(b"\"");
                builder.text(text.clone().into());
                builder.plain(b"\"");
                let written = joined(builder.finish());
                assert!(written == serde_json::to_vec(&text).unwrap(), "{size} of {:?}", &text[..1]);
            }
        }
    }

    #[test]
    fn json_is_put_on_one_line() {
        for size in [0, COPIED, 3 * PIECE] {
            let json = format!("{{\"a\":\r\n\t[1.0,\n\"{}\\n\"]}}\n", "x".repeat(size));
            let mut builder = PiecesBuilder::default();
            builder.json(json.clone().into());
            assert!(joined(builder.finish()) == json.replace(['\r', '\n'], " ").into_bytes(), "{size}");
        }
    }

    #[test]
    fn base64_is_whole_however_it_is_cut() {
        for size in [0, 1, 2, COPIED + 1, 3 * PIECE + 2] {
            let content: Vec<u8> = (0..size).map(|at| at as u8).collect();
            let mut builder = PiecesBuilder::default();
            builder.plain(b"x");
            builder.base64(content.clone().into());
            builder.shared(content.clone().into());
            let expected = [b"x", STANDARD.encode(&content).as_bytes(), &content].concat();
            assert!(joined(builder.finish()) == expected, "{size}");
        }
    }
}
