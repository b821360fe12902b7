//! Answers that no honest guest sends are refused before they cost anything.

use super::*;
use ampoule_model::message::MessageWriter;
use std::time::{Duration, Instant};

/// An answer that completed, with these fields more.
fn answer(fields: &[(u32, &[u8])]) -> Vec<u8> {
    let mut message = MessageWriter::default();
    message.number(tag::KIND, 0);
    for (tag, content) in fields {
        message.bytes(*tag, content);
    }
    message.finish()
}

fn named(name: &[u8]) -> Vec<u8> {
    [name, b"\0content"].concat()
}

fn decoded_name(name: &[u8]) -> Result<String, Unusable> {
    let field = named(name);
    let bytes = answer(&[(tag::FILE, &field)]);
    Response::decode(&bytes, false).map(|response| response.files[0].0.to_owned())
}

#[test]
fn names_lead_to_nowhere_but_below_the_folder() {
    for good in ["out/a", "out/a/b.txt", "out/é", "out/..a", "out/ ", "out/\u{1b}"] {
        assert_eq!(decoded_name(good.as_bytes()).as_deref(), Ok(good));
    }
    for bad in [
        "",
        "a",
        "out",
        "out/",
        "/out/a",
        "out//a",
        "out/../a",
        "out/a/..",
        "out/./a",
        "out/a/",
        "../../evil",
        "Out/a",
        "out\\a",
    ] {
        assert_eq!(decoded_name(bad.as_bytes()), Err(Unusable::Malformed), "{bad}");
    }
    assert!(matches!(decoded_name(b"out/\xff"), Err(Unusable::FileName(shown)) if shown == "out/\u{fffd}"));
    let longest = [b"out/".as_slice(), &vec![b'a'; MAX_FILE_NAME - 4]].concat();
    assert!(decoded_name(&longest).is_ok());
    assert_eq!(decoded_name(&[longest, vec![b'a']].concat()), Err(Unusable::Malformed));
}

#[test]
fn names_that_patterns_ask_for_are_relative_and_plain() {
    let decoded = |name: &[u8]| {
        let field = named(name);
        let bytes = answer(&[(tag::FILE, &field)]);
        Response::decode(&bytes, true).map(|response| response.files[0].0.to_owned())
    };
    for good in ["a", "a/b.csv", "out/a", ".a", "..a", "out\\a"] {
        assert_eq!(decoded(good.as_bytes()).as_deref(), Ok(good));
    }
    for bad in ["", "/a", "a/", "a//b", "..", "../a", "a/../../b", "./a", "a/."] {
        assert_eq!(decoded(bad.as_bytes()), Err(Unusable::Malformed), "{bad}");
    }
    assert!(matches!(decoded(b"\xff"), Err(Unusable::FileName(_))));
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let field = named(b"out/a");
    let bytes = answer(&[(tag::FILE, &field), (tag::FILE, &field)]);
    assert!(matches!(Response::decode(&bytes, false), Err(Unusable::Malformed)));
}

#[test]
fn a_field_that_comes_twice_is_refused() {
    for tag in [tag::KIND, tag::RESULT, tag::CODE, tag::SIGNATURE, tag::FAIL_MESSAGE, tag::FAIL_LINE] {
        let bytes = answer(&[(tag, b"\0\0\0\0"), (tag, b"\0\0\0\0")]);
        assert!(matches!(Response::decode(&bytes, false), Err(Unusable::Malformed)), "{tag}");
    }
    for unknown in [0, 1, 15, 24, 63, 64, u32::MAX] {
        assert!(
            matches!(Response::decode(&answer(&[(unknown, b"")]), false), Err(Unusable::Malformed)),
            "{unknown}"
        );
    }
}

#[test]
fn a_text_that_is_not_utf_8_does_not_outgrow_its_bound() {
    let bytes = answer(&[(tag::FAIL_MESSAGE, &vec![0xff; 8 << 20])]);
    let response = Response::decode(&bytes, false).ok().unwrap();
    assert!(response.failure.message.len() <= MAX_FAILURE_TEXT);
    assert!(response.failure.message.len() > MAX_FAILURE_TEXT - 4);
    assert_eq!(text(b"a\xffb"), "a\u{fffd}b");
    let cut = "\u{e9}".repeat(MAX_FAILURE_TEXT) + "a";
    for start in [0, 1] {
        let cut = text(&cut.as_bytes()[start..]);
        assert!(cut.len() > MAX_FAILURE_TEXT - 4, "a text that is cut within a character: {}", cut.len());
    }
}

/// What was measured in seconds and gibibytes before: names of 0xff, many and long ones; small fields without
/// end; a text that comes again and again. Compared with reading the bytes once, since machines differ.
#[test]
fn what_is_large_is_refused_in_less_than_reading_it_takes() {
    let of_files = |count: usize, length: usize| {
        let field = named(&vec![0xff; length]);
        answer(&vec![(tag::FILE, field.as_slice()); count])
    };
    let again = vec![0xff; 1 << 20];
    let cases = [
        ("one long name", of_files(1, 64 << 20)),
        ("many long names", of_files(64, 1 << 20)),
        ("very many names", of_files(1300, 50_000)),
        ("a text again and again", answer(&vec![(tag::FAIL_MESSAGE, again.as_slice()); 64])),
        ("small fields", answer(&vec![(tag::FAIL_LINE, b"".as_slice()); 8 << 20])),
    ];
    for (name, bytes) in cases {
        let started = Instant::now();
        let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
        let reading = started.elapsed();
        assert!(sum > 0);
        let started = Instant::now();
        assert!(Response::decode(&bytes, false).is_err(), "{name}");
        let took = started.elapsed();
        // A text of a failure is the most that is converted before the second one is met.
        assert!(took <= 20 * reading + Duration::from_millis(50), "{name}: {took:?}, reading it {reading:?}");
    }
}

#[test]
fn a_place_has_the_column_that_its_traceback_has() {
    let place_of = |traceback: &str, line: u32| {
        let mut message = MessageWriter::default();
        message.bytes(tag::FAIL_TRACEBACK, traceback.as_bytes());
        message.number(tag::FAIL_LINE, line);
        place(&message.finish()).map(|(_, line, column)| (line, column))
    };
    assert_eq!(place_of("    at again (main.js:12:7)\n    at main (main.js:3:12)", 12), Some((12, 7)));
    assert_eq!(place_of("    at <anonymous> (main.js:2:3)", 2), Some((2, 3)));
    assert_eq!(place_of("  File \"main.py\", line 2, in main\n    while True: pass", 2), Some((2, 0)));
}
