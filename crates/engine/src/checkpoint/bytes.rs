//! A checkpoint as bytes, for a file. Little endian, nothing is padded:
//!
//! ```text
//! "AMPCKPT1"  sha256 of all that follows
//! u32 length, image digest    u64 bytes of memory
//! u32 count, globals: u8 type, u64 bits
//! u32 count, runs: u32 first page, u32 count of pages
//! the pages
//! ```
//!
//! Not compressed: whoever keeps many of them can do that to the file.

use crate::checkpoint::{Checkpoint, GROWTH, Kept, Number, PAGE, bytes_of};
use crate::config::ADDRESSABLE_BYTES;
use crate::error::EngineError;
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::sync::Arc;

/// Name and version of the format; one of another version is made again, not guessed at.
const MAGIC: &[u8; 8] = b"AMPCKPT1";
const DIGEST_BYTES: usize = 32;
const GLOBAL_BYTES: usize = 1 + 8;
const RUN_BYTES: usize = 4 + 4;

/// More globals than any module of ours has.
const MAX_GLOBALS: usize = 64;

impl Checkpoint {
    /// The checkpoint as bytes that [`Checkpoint::from_bytes`] understands.
    pub fn to_bytes(&self) -> Vec<u8> {
        let kept = &*self.inner;
        let size = kept.pages.len() + kept.runs.len() * RUN_BYTES + kept.globals.len() * GLOBAL_BYTES + 256;
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; DIGEST_BYTES]);
        let number = |bytes: &mut Vec<u8>, number: usize| {
            // Counts of what lies in the 4 GiB that a guest addresses.
            bytes.extend_from_slice(&(number as u32).to_le_bytes());
        };
        number(&mut bytes, kept.image_digest.len());
        bytes.extend_from_slice(kept.image_digest.as_bytes());
        bytes.extend_from_slice(&kept.memory_bytes.to_le_bytes());
        number(&mut bytes, kept.globals.len());
        for global in &kept.globals {
            let (kind, bits) = match *global {
                Number::I32(bits) => (0, u64::from(bits)),
                Number::I64(bits) => (1, bits),
                Number::F32(bits) => (2, u64::from(bits)),
                Number::F64(bits) => (3, bits),
            };
            bytes.push(kind);
            bytes.extend_from_slice(&bits.to_le_bytes());
        }
        number(&mut bytes, kept.runs.len());
        for run in &kept.runs {
            number(&mut bytes, run.start as usize);
            number(&mut bytes, run.len());
        }
        bytes.extend_from_slice(&kept.pages);
        let digest = Sha256::digest(&bytes[MAGIC.len() + DIGEST_BYTES..]);
        bytes[MAGIC.len()..MAGIC.len() + DIGEST_BYTES].copy_from_slice(&digest);
        bytes
    }

    /// Reads what [`Checkpoint::to_bytes`] wrote. Anything else is an error, and takes no more memory than it
    /// is long.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EngineError> {
        let bad = |reason: &str| EngineError::BadCheckpoint(format!("{reason}: prepare the program again"));
        let mut reader = Reader { bytes };
        if reader.take(MAGIC.len()) != Some(MAGIC.as_slice()) {
            return Err(bad("it is none, or of another version"));
        }
        let digest = reader.take(DIGEST_BYTES).ok_or_else(|| bad("it is cut short"))?;
        if Sha256::digest(reader.bytes).as_slice() != digest {
            return Err(bad("its content is not what was written"));
        }
        let kept = reader.kept().ok_or_else(|| bad("its parts do not fit together"))?;
        Ok(Checkpoint { inner: Arc::new(kept) })
    }
}

/// Takes bytes apart; `None` is a lie.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        self.take(LENGTH)?.try_into().ok()
    }

    fn number(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// How many of `each` bytes follow, if so many can.
    fn count(&mut self, each: usize) -> Option<usize> {
        let count = self.number()? as usize;
        (count <= self.bytes.len() / each).then_some(count)
    }

    fn kept(&mut self) -> Option<Kept> {
        let length = self.count(1)?;
        let image_digest = std::str::from_utf8(self.take(length)?).ok()?.to_owned();
        let memory_bytes = self.long().filter(|bytes| *bytes <= ADDRESSABLE_BYTES && bytes % GROWTH == 0)?;
        let count = self.count(GLOBAL_BYTES).filter(|count| *count <= MAX_GLOBALS)?;
        let globals = (0..count).map(|_| self.global()).collect::<Option<_>>()?;
        let runs = self.runs(memory_bytes / PAGE as u64)?;
        let length: usize = runs.iter().map(bytes_of).sum();
        (length == self.bytes.len()).then_some(())?;
        Some(Kept { image_digest, memory_bytes, globals, runs, pages: self.bytes.to_vec() })
    }

    fn global(&mut self) -> Option<Number> {
        let kind = self.array::<1>()?[0];
        let bits = self.long()?;
        match kind {
            0 => u32::try_from(bits).ok().map(Number::I32),
            1 => Some(Number::I64(bits)),
            2 => u32::try_from(bits).ok().map(Number::F32),
            3 => Some(Number::F64(bits)),
            _ => None,
        }
    }

    fn runs(&mut self, pages: u64) -> Option<Vec<Range<u32>>> {
        let count = self.count(RUN_BYTES)?;
        let mut runs = Vec::with_capacity(count);
        let mut free = 0;
        for _ in 0..count {
            let (start, length) = (self.number()?, self.number()?);
            let end = start.checked_add(length)?;
            (length > 0 && start >= free && u64::from(end) <= pages).then_some(())?;
            free = end;
            runs.push(start..end);
        }
        Some(runs)
    }
}
