//! A guest's response, decoded with suspicion: the program may have overwritten it.

use ampoule_world::message::{self, Kind, MessageReader, tag};
use ampoule_world::{Failure, File};

/// Longest message and traceback taken over, in bytes; the harnesses cut earlier, this holds against a broken guest.
const MAX_FAILURE_TEXT: usize = 1 << 20;

/// Most files taken over from one guest.
const MAX_FILES: usize = 10_000;

pub(crate) struct Response<'a> {
    pub(crate) kind: Kind,
    pub(crate) result: &'a [u8],
    pub(crate) code: Option<&'a [u8]>,
    pub(crate) failure: Failure,
    pub(crate) files: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Response<'a> {
    /// Decodes `bytes`; `None` when they are not a response.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut kind = None;
        let mut response = Response {
            kind: Kind::Completed,
            result: b"",
            code: None,
            failure: Failure::default(),
            files: Vec::new(),
        };
        for field in MessageReader::new(bytes) {
            let (field_tag, content) = field.ok()?;
            match field_tag {
                tag::KIND => kind = Kind::from_number(message::number(content)),
                tag::RESULT => response.result = content,
                tag::CODE => response.code = Some(content),
                tag::FAIL_TYPE => response.failure.kind = text(content),
                tag::FAIL_MESSAGE => response.failure.message = text(content),
                tag::FAIL_TRACEBACK => response.failure.traceback = text(content),
                tag::FAIL_LINE => response.failure.line = message::number(content),
                tag::FAIL_COLUMN => response.failure.column = message::number(content),
                tag::FILE if response.files.len() < MAX_FILES => {
                    response.files.push(message::split_named(content)?);
                }
                _ => return None,
            }
        }
        response.kind = kind?;
        Some(response)
    }

    /// Bytes of the files, names included.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.files.iter().map(|(path, content)| (path.len() + content.len()) as u64).sum()
    }

    /// The files, copied out of guest memory.
    pub(crate) fn copy_files(&self) -> Vec<File> {
        self.files
            .iter()
            .map(|(path, content)| File { path: (*path).to_owned(), content: content.to_vec() })
            .collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_FAILURE_TEXT)]).into_owned()
}
