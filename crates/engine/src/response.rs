//! A guest's response, decoded with suspicion: the program may have overwritten it.

use ampoule_world::message::{self, Kind, MessageReader, tag};
use ampoule_world::{Failure, File};
use std::borrow::Cow;

/// Longest message and traceback taken over, in bytes; the harnesses cut earlier, this holds against a broken guest.
const MAX_FAILURE_TEXT: usize = 1 << 20;

/// Longest signature taken over, in bytes.
const MAX_SIGNATURE: usize = 64 << 10;

/// Most files taken over from one guest.
pub(crate) const MAX_FILES: usize = 10_000;

pub(crate) struct Response<'a> {
    pub(crate) kind: Kind,
    pub(crate) result: &'a [u8],
    pub(crate) code: Option<&'a [u8]>,
    /// JSON text of what `main` takes.
    pub(crate) signature: Option<&'a str>,
    pub(crate) failure: Failure,
    pub(crate) files: Vec<(Cow<'a, str>, &'a [u8])>,
    /// There were more than [`MAX_FILES`].
    pub(crate) too_many_files: bool,
}

impl<'a> Response<'a> {
    /// Decodes `bytes`; `None` when they are not a response.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
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
        for field in MessageReader::new(bytes) {
            let (field_tag, content) = field.ok()?;
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
                tag::FILE => response.add_file(content)?,
                _ => return None,
            }
        }
        response.kind = kind?;
        Some(response)
    }

    /// A name that is not UTF-8 cannot be told; its bytes that can be are.
    fn add_file(&mut self, field: &'a [u8]) -> Option<()> {
        let end = field.iter().position(|byte| *byte == 0)?;
        if self.files.len() == MAX_FILES {
            self.too_many_files = true;
        } else {
            self.files.push((String::from_utf8_lossy(&field[..end]), &field[end + 1..]));
        }
        Some(())
    }

    /// Bytes of the files, names included.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.files.iter().map(|(path, content)| (path.len() + content.len()) as u64).sum()
    }

    /// The files, copied out of guest memory.
    pub(crate) fn copy_files(&self) -> Vec<File> {
        self.files
            .iter()
            .map(|(path, content)| File { path: path.clone().into_owned(), content: content.to_vec() })
            .collect()
    }
}

/// One that is no JSON, or larger than any function's, is none: it is only told to people and to schemas.
fn signature(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_SIGNATURE)?;
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok().map(|_| text)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_FAILURE_TEXT)]).into_owned()
}
