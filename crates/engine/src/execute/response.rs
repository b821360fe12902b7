//! A guest's response, decoded with suspicion: the program may have overwritten it.
//!
//! Before anything is converted or copied, counts, lengths and names are compared with what an honest guest
//! can send. So decoding takes no longer, and no more memory, than the answer that comes of it is worth,
//! whatever the bytes are.

use ampoule_model::message::{self, Kind, MessageReader, tag};
use ampoule_model::{Failure, File};
use std::collections::HashSet;

/// Longest text of a failure taken over, in bytes; the harnesses cut earlier, this holds against a broken
/// guest.
const MAX_FAILURE_TEXT: usize = 1 << 20;

/// Longest answer to where a program was; the guests' own is half of it.
const MAX_PLACE: usize = 16 << 10;

/// Longest signature taken over, in bytes.
const MAX_SIGNATURE: usize = 64 << 10;

/// Longest compiled program taken over, in bytes: twice what the largest source that the service takes
/// compiles to.
pub(crate) const MAX_CODE: usize = 32 << 20;

/// Most files taken over from one guest.
pub(crate) const MAX_FILES: usize = 10_000;

/// Longest name of a file, in bytes: as on Linux, and the files of a guest have no longer ones.
const MAX_FILE_NAME: usize = 4096;

/// Where the files lie that come back unasked.
pub(crate) const FOLDER: &str = "out/";

/// Of a name that cannot be told, what is shown of it, in bytes.
const SHOWN: usize = 100;

pub(crate) struct Response<'a> {
    pub(crate) kind: Kind,
    pub(crate) result: &'a [u8],
    pub(crate) code: Option<&'a [u8]>,
    /// JSON text of what `main` takes.
    pub(crate) signature: Option<&'a str>,
    pub(crate) failure: Failure,
    pub(crate) files: Vec<(&'a str, &'a [u8])>,
    /// There were more than [`MAX_FILES`].
    pub(crate) too_many_files: bool,
}

/// Why an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// No honest guest sends it.
    Malformed,
    /// A program has written a file whose name is not UTF-8; as much of it as can be shown.
    FileName(String),
}

impl<'a> Response<'a> {
    /// Decodes `bytes`. Files lie below `out/`, or `anywhere` where some were asked for by patterns, which
    /// the caller holds them against.
    pub(crate) fn decode(bytes: &'a [u8], anywhere: bool) -> Result<Self, Unusable> {
        let mut kind = None;
        let mut response = Response {
            kind: Kind::Completed,
            result: b"",
            code: None,
            signature: None,
            failure: Failure::default(),
            files: Vec::new(),
            too_many_files: false,
        };
        let mut seen = 0_u64;
        for field in MessageReader::new(bytes) {
            let (field_tag, content) = field.map_err(|_| Unusable::Malformed)?;
            if field_tag != tag::FILE {
                // Each comes once, so there are few of them. Tags of responses are below 64.
                let bit = 1_u64.checked_shl(field_tag).ok_or(Unusable::Malformed)?;
                if seen & bit != 0 {
                    return Err(Unusable::Malformed);
                }
                seen |= bit;
            }
            match field_tag {
                tag::KIND => kind = Kind::from_number(message::number(content)),
                tag::RESULT => response.result = content,
                tag::CODE => response.code = Some(content),
                tag::SIGNATURE => response.signature = signature(content),
                tag::FAIL_TYPE => response.failure.kind = text(content),
                tag::FAIL_MESSAGE => response.failure.message = text(content),
                tag::FAIL_TRACEBACK => response.failure.traceback = text(content),
                tag::FAIL_LINE => response.failure.line = message::number(content),
                tag::FAIL_COLUMN => response.failure.column = message::number(content),
                tag::FILE if response.files.len() == MAX_FILES => {
                    response.too_many_files = true;
                    break;
                }
                tag::FILE => response.files.push(file(content, anywhere)?),
                _ => return Err(Unusable::Malformed),
            }
        }
        response.kind = kind.ok_or(Unusable::Malformed)?;
        let names: HashSet<&str> = response.files.iter().map(|(name, _)| *name).collect();
        if names.len() < response.files.len() {
            return Err(Unusable::Malformed);
        }
        Ok(response)
    }

    /// Bytes of the files, names included.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.files.iter().map(|(path, content)| (path.len() + content.len()) as u64).sum()
    }

    /// The files, copied out of guest memory.
    pub(crate) fn copy_files(&self) -> Vec<File> {
        let copy =
            |(path, content): &(&str, &[u8])| File { path: (*path).to_owned(), content: content.to_vec() };
        self.files.iter().map(copy).collect()
    }
}

/// Where a stopped program was: a traceback, of [`MAX_PLACE`] bytes at most, and a line; none if the guest
/// does not know.
pub(crate) fn place(bytes: &[u8]) -> Option<(String, u32, u32)> {
    let (mut traceback, mut line) = (None, 0);
    for field in MessageReader::new(bytes.get(..bytes.len().min(MAX_PLACE))?) {
        match field.ok()? {
            (tag::FAIL_TRACEBACK, content) => traceback = Some(text(content)),
            (tag::FAIL_LINE, content) => line = message::number(content),
            _ => return None,
        }
    }
    let traceback = traceback?;
    let column = column(&traceback, line);
    Some((traceback, line, column))
}

/// The column that a traceback of JavaScript has for this line, `file:line:column`; 0 if there is none, as in
/// Python's.
fn column(traceback: &str, line: u32) -> u32 {
    let column = traceback.split_once(&format!(":{line}:")).map_or("", |(_, rest)| rest);
    let digits = column.find(|character: char| !character.is_ascii_digit()).unwrap_or(column.len());
    column[..digits].parse().unwrap_or(0)
}

/// A file's name and content. Clients may join the name to a folder of theirs: it leads to nowhere but below
/// that.
fn file(field: &[u8], anywhere: bool) -> Result<(&str, &[u8]), Unusable> {
    let most = &field[..field.len().min(MAX_FILE_NAME + 1)];
    let end = most.iter().position(|byte| *byte == 0).ok_or(Unusable::Malformed)?;
    let (name, content) = (&field[..end], &field[end + 1..]);
    let shown = || String::from_utf8_lossy(&name[..end.min(SHOWN)]).into_owned();
    let name = std::str::from_utf8(name).map_err(|_| Unusable::FileName(shown()))?;
    if !anywhere && !name.starts_with(FOLDER) {
        return Err(Unusable::Malformed);
    }
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Unusable::Malformed);
    }
    Ok((name, content))
}

/// One that is no JSON, or larger than any function's, is none: it is only told to people and to schemas.
fn signature(bytes: &[u8]) -> Option<&str> {
    let bytes = (bytes.len() <= MAX_SIGNATURE).then_some(bytes)?;
    let text = std::str::from_utf8(bytes).ok()?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok().map(|_| text)
}

/// The beginning of a text, as much as is taken over: replacements for what is not UTF-8 are longer than
/// that.
fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes[..bytes.len().min(MAX_FAILURE_TEXT)].utf8_chunks() {
        let replaced = if chunk.invalid().is_empty() { "" } else { "\u{fffd}" };
        for part in [chunk.valid(), replaced] {
            let room = MAX_FAILURE_TEXT - text.len();
            text.push_str(&part[..part.floor_char_boundary(room)]);
        }
        if text.len() + 4 > MAX_FAILURE_TEXT {
            break;
        }
    }
    text
}

#[cfg(test)]
#[path = "response_tests.rs"]
mod tests;
