//! What a guest answers: its memory may hold anything, as the program may have written over it.
#![no_main]

use ampoule_engine::fuzzing::response;
use ampoule_fuzz::{bounded, within};
use ampoule_model::message::{MessageReader, MessageWriter, number, split_named, tag};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

/// The most that is held for a byte: a byte that is not UTF-8 becomes three, in texts that are copied once; a
/// file of nine bytes is an entry of 40 in a list that grows.
const MOST: usize = 24;

/// What decoding holds at most and takes at most beside the files, however large an answer is: three texts of
/// a mebibyte, which grow as they are made, and a list of 10,000 files. An execution's answer must not cost
/// others more than a slice or two.
const MOST_BYTES: usize = 16 << 20;
const MOST_TIME: Duration = Duration::from_millis(250);

/// The largest answer that is made of a small one.
const LARGEST: usize = 32 << 20;

fuzz_target!(|bytes: &[u8]| {
    fields(bytes);
    let large = grown(bytes);
    within(MOST_BYTES + large.len(), MOST_TIME, || response(&large, true));
    let Some(decoded) = bounded(bytes.len(), MOST, || response(bytes, true)) else {
        return;
    };
    let below_out = decoded.files.iter().all(|file| file.path.starts_with("out/"));
    assert_eq!(response(bytes, false).is_some(), below_out);
    let failure = &decoded.failure;
    let texts = failure.kind.len() + failure.message.len() + failure.traceback.len();
    assert!(texts <= 3 * bytes.len());
    assert!(decoded.result.len() <= bytes.len());
    assert!(
        decoded.files.len() <= 10_000 && (decoded.too_many_files || decoded.files.len() * 9 <= bytes.len())
    );
    // Told again in our own words it is the same.
    let mut writer = MessageWriter::default();
    writer
        .number(tag::KIND, decoded.kind as u32)
        .bytes(tag::RESULT, &decoded.result)
        .bytes(tag::FAIL_TYPE, failure.kind.as_bytes())
        .bytes(tag::FAIL_MESSAGE, failure.message.as_bytes())
        .bytes(tag::FAIL_TRACEBACK, failure.traceback.as_bytes())
        .number(tag::FAIL_LINE, failure.line)
        .number(tag::FAIL_COLUMN, failure.column);
    for file in &decoded.files {
        writer.named(tag::FILE, &file.path, &file.content);
    }
    let again = response(&writer.finish(), true).expect("our own message is read");
    assert_eq!((again.kind, again.result), (decoded.kind, decoded.result));
    assert_eq!((again.failure, again.files), (decoded.failure, decoded.files));
});

/// The same fields with much more in each, and more of them.
fn grown(bytes: &[u8]) -> Vec<u8> {
    let mut writer = MessageWriter::default();
    let mut left = LARGEST;
    for (tag, content) in MessageReader::new(bytes).flatten() {
        let seed = content.last().copied().unwrap_or_default();
        let (longer, more) = (1 << (seed % 22), 1 << (seed / 22));
        let content = content.repeat(longer.min(left / 2 / content.len().max(1)).max(1));
        for _ in 0..more {
            if content.len() + 8 > left {
                break;
            }
            left -= content.len() + 8;
            writer.bytes(tag, &content);
        }
    }
    writer.finish()
}

/// The codec alone: what is read and written again is what was there, up to where it was malformed.
fn fields(bytes: &[u8]) {
    let mut writer = MessageWriter::default();
    for field in MessageReader::new(bytes) {
        let Ok((tag, content)) = field else {
            break;
        };
        writer.bytes(tag, content);
        let _ = number(content);
        if let Some((name, rest)) = split_named(content) {
            assert_eq!(name.len() + 1 + rest.len(), content.len());
        }
    }
    assert!(bytes.starts_with(&writer.finish()));
}
