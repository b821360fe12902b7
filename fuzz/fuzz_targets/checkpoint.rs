//! A checkpoint as bytes: an error, or exactly what it says.
#![no_main]

use ampoule_engine::Checkpoint;
use ampoule_fuzz::bounded;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"AMPCKPT1";

/// The most that is held for a byte: its pages are copied once, a run of 8 bytes is a range of 8, an error is
/// a text.
const MOST: usize = 3;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // With a digest that is right, which no fuzzer guesses.
    check(&[MAGIC, &Sha256::digest(bytes), bytes].concat());
});

fn check(bytes: &[u8]) {
    if let Ok(checkpoint) = bounded(bytes.len(), MOST, || Checkpoint::from_bytes(bytes)) {
        assert!(checkpoint.to_bytes() == bytes, "what is read is written the same");
    }
}
