//! The messages between host and guest: `u32 tag, u32 length, bytes` fields, little endian.
//!
//! The tags are those of `runtimes/guest/abi.h`. Decoding treats the bytes as hostile: a guest's
//! memory may have been overwritten by the program it ran.

/// Field tags; see `abi.h` for their meaning.
pub mod tag {
    #![allow(missing_docs)]
    pub const ENTRY: u32 = 1;
    pub const FILE_NAME: u32 = 2;
    pub const SOURCE: u32 = 3;
    pub const CODE: u32 = 4;
    pub const INPUT: u32 = 5;
    pub const MODULE: u32 = 6;
    pub const FILE: u32 = 7;
    pub const ENV: u32 = 8;
    pub const DETERMINISTIC: u32 = 9;
    pub const STDIN: u32 = 10;
    pub const OUTPUT: u32 = 11;
    pub const BIGINTS: u32 = 12;
    pub const KIND: u32 = 16;
    pub const RESULT: u32 = 17;
    pub const FAIL_TYPE: u32 = 18;
    pub const FAIL_MESSAGE: u32 = 19;
    pub const FAIL_TRACEBACK: u32 = 20;
    pub const FAIL_LINE: u32 = 21;
    pub const FAIL_COLUMN: u32 = 22;
    pub const SIGNATURE: u32 = 23;
}

/// How a guest says that a run ended; `enum ampoule_kind` of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The program ended by itself.
    Completed,
    /// An uncaught exception, a syntax error, a missing entry.
    Raised,
    /// The result cannot be told in JSON.
    InvalidResult,
    /// An uncaught out-of-memory error of the language.
    Memory,
}

impl Kind {
    /// The kind of an ABI number.
    pub fn from_number(number: u32) -> Option<Kind> {
        match number {
            0 => Some(Kind::Completed),
            1 => Some(Kind::Raised),
            2 => Some(Kind::InvalidResult),
            3 => Some(Kind::Memory),
            _ => None,
        }
    }
}

/// A response that is not a sequence of fields.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("guest message is malformed at byte {offset}")]
pub struct MalformedMessage {
    /// Where decoding stopped.
    pub offset: usize,
}

/// Builds a request.
#[derive(Debug, Default)]
pub struct MessageWriter {
    bytes: Vec<u8>,
}

impl MessageWriter {
    /// An empty message with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        MessageWriter { bytes: Vec::with_capacity(capacity) }
    }

    /// Appends a field of bytes.
    pub fn bytes(&mut self, tag: u32, content: &[u8]) -> &mut Self {
        self.header(tag, content.len());
        self.bytes.extend_from_slice(content);
        self
    }

    /// Appends a field holding one number.
    pub fn number(&mut self, tag: u32, number: u32) -> &mut Self {
        self.bytes(tag, &number.to_le_bytes())
    }

    /// Appends a field of `name, NUL, content`.
    pub fn named(&mut self, tag: u32, name: &str, content: &[u8]) -> &mut Self {
        self.header(tag, name.len() + 1 + content.len());
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.bytes.extend_from_slice(content);
        self
    }

    /// The finished message.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn header(&mut self, tag: u32, length: usize) {
        // Requests are bounded far below 4 GiB by admission and by the 32-bit guest.
        let length = u32::try_from(length).expect("a message field is smaller than 4 GiB");
        self.bytes.extend_from_slice(&tag.to_le_bytes());
        self.bytes.extend_from_slice(&length.to_le_bytes());
    }
}

/// Iterates over the fields of a response.
#[derive(Clone, Copy, Debug)]
pub struct MessageReader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> MessageReader<'a> {
    /// Reads `bytes` from the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        MessageReader { bytes, offset: 0 }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.offset.checked_add(length)?;
        let taken = self.bytes.get(self.offset..end)?;
        self.offset = end;
        Some(taken)
    }

    fn take_number(&mut self) -> Option<u32> {
        Some(number(self.take(4)?))
    }
}

impl<'a> Iterator for MessageReader<'a> {
    type Item = Result<(u32, &'a [u8]), MalformedMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset == self.bytes.len() {
            return None;
        }
        let start = self.offset;
        let field = self.take_number().and_then(|tag| {
            let length = self.take_number()?;
            Some((tag, self.take(length as usize)?))
        });
        if field.is_none() {
            self.offset = self.bytes.len();
        }
        Some(field.ok_or(MalformedMessage { offset: start }))
    }
}

/// A field's number; missing bytes count as zero.
pub fn number(field: &[u8]) -> u32 {
    let mut bytes = [0; 4];
    let length = field.len().min(4);
    bytes[..length].copy_from_slice(&field[..length]);
    u32::from_le_bytes(bytes)
}

/// Splits a `name, NUL, content` field.
pub fn split_named(field: &[u8]) -> Option<(&str, &[u8])> {
    let end = field.iter().position(|byte| *byte == 0)?;
    Some((std::str::from_utf8(&field[..end]).ok()?, &field[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_written() {
        let mut writer = MessageWriter::default();
        writer.number(tag::ENTRY, 2).bytes(tag::SOURCE, b"").named(tag::FILE, "a/b", b"x\0y");
        let bytes = writer.finish();
        let fields: Vec<_> = MessageReader::new(&bytes).map(Result::unwrap).collect();
        assert_eq!(number(fields[0].1), 2);
        assert_eq!(fields[1], (tag::SOURCE, &b""[..]));
        assert_eq!(split_named(fields[2].1), Some(("a/b", &b"x\0y"[..])));
    }

    #[test]
    fn a_length_beyond_the_end_is_malformed_and_ends_the_reading() {
        let mut bytes = vec![1, 0, 0, 0, 255, 255, 255, 255];
        bytes.push(7);
        let fields: Vec<_> = MessageReader::new(&bytes).collect();
        assert_eq!(fields, vec![Err(MalformedMessage { offset: 0 })]);
    }
}
