//! What the fuzz targets (`fuzz/`) need of the inside: not a part of the API.

use crate::execute::response::Response;
use ampoule_model::message::Kind;
use ampoule_model::{Failure, File};

/// A guest's response as the engine understood it.
#[derive(Debug)]
pub struct Decoded {
    /// How it says it ended.
    pub kind: Kind,
    /// Its result.
    pub result: Vec<u8>,
    /// Its failure.
    pub failure: Failure,
    /// Its files.
    pub files: Vec<File>,
    /// There were more.
    pub too_many_files: bool,
}

/// Decodes a response as after a run, where files were asked for by patterns or not.
pub fn response(bytes: &[u8], anywhere: bool) -> Option<Decoded> {
    let response = Response::decode(bytes, anywhere).ok()?;
    let files = response.copy_files();
    let bytes: usize = files.iter().map(|file| file.path.len() + file.content.len()).sum();
    assert_eq!(response.file_bytes(), bytes as u64, "files are counted before they are copied");
    Some(Decoded {
        kind: response.kind,
        result: response.result.to_vec(),
        failure: response.failure,
        files,
        too_many_files: response.too_many_files,
    })
}
