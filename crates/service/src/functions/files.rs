//! A version's files: told of in its definition, and kept beside it in the form in which guests are given
//! files.

use crate::error::{Error, quoted};
use ampoule_model::message::{MessageReader, MessageWriter, split_named, tag};
use ampoule_model::{File, FunctionFile};
use ampoule_store::StoreError;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// The end of a wheel's name.
const WHEEL: &str = ".whl";

/// A put's files.
pub(super) struct FilesMade {
    /// Themselves, in the order of their paths, so that the order in which they were sent names no version.
    pub(super) files: Vec<File>,
    /// What a definition says of them.
    pub(super) told: Vec<FunctionFile>,
    /// What the store keeps of them.
    pub(super) kept: Bytes,
}

impl FilesMade {
    /// On a thread where no others' requests wait: hashing takes its time.
    pub(super) async fn of(files: Vec<File>) -> Result<FilesMade, Error> {
        if files.is_empty() {
            return Ok(FilesMade::here(files));
        }
        let making = tokio::task::spawn_blocking(move || FilesMade::here(files));
        making.await.map_err(|_| Error::Panicked)
    }

    fn here(mut files: Vec<File>) -> FilesMade {
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let told = files.iter().map(told).collect();
        let size: usize = files.iter().map(|file| file.path.len() + file.content.len() + 9).sum();
        let mut writer = MessageWriter::with_capacity(size);
        for file in &files {
            writer.named(tag::FILE, &file.path, &file.content);
        }
        FilesMade { told, kept: writer.finish().into(), files }
    }
}

fn told(file: &File) -> FunctionFile {
    FunctionFile {
        path: file.path.clone(),
        size: file.content.len() as u64,
        sha256: hex::encode(Sha256::digest(&file.content)),
    }
}

/// The files that a definition tells of, out of what the store kept; likewise on another thread.
pub(super) async fn read(kept: Bytes, expected: &[FunctionFile]) -> Result<Vec<File>, Error> {
    let expected = expected.to_vec();
    let reading = tokio::task::spawn_blocking(move || from_bytes(&kept, &expected));
    Ok(reading.await.map_err(|_| Error::Panicked)??)
}

fn from_bytes(bytes: &[u8], expected: &[FunctionFile]) -> Result<Vec<File>, StoreError> {
    let damaged = || StoreError::Damaged("the files of a function".into());
    let mut files = Vec::with_capacity(expected.len());
    for field in MessageReader::new(bytes) {
        let (_, field) = field.map_err(|_| damaged())?;
        let (path, content) = split_named(field).ok_or_else(damaged)?;
        files.push(File { path: path.to_owned(), content: content.to_vec() });
    }
    if files.len() != expected.len() || !files.iter().zip(expected).all(|(file, known)| told(file) == *known)
    {
        return Err(damaged());
    }
    Ok(files)
}

/// Looks at a call's files beside the function's own, whose paths are sorted: one of the same path takes its
/// place, but a file cannot be where a folder is, and a wheel whose index the top level has read cannot
/// become another one.
pub(super) fn check_beside(files: &[File], own: &[String]) -> Result<(), Error> {
    if own.is_empty() {
        return Ok(());
    }
    let is_own = |path: &str| own.binary_search_by(|own| own.as_str().cmp(path)).is_ok();
    for (index, File { path, .. }) in files.iter().enumerate() {
        let invalid = |reason: &str| {
            Err(Error::invalid(format!("files[{index}].path"), format!("{} {reason}", quoted(path))))
        };
        if is_own(path) {
            if path.ends_with(WHEEL) {
                return invalid(
                    "is a wheel of the function, which its top level may have imported: give it another name",
                );
            }
            continue;
        }
        let folder = format!("{path}/");
        let first_below = own.partition_point(|own| *own < folder);
        let is_folder = own.get(first_below).is_some_and(|own| own.starts_with(&folder));
        if is_folder || path.match_indices('/').any(|(end, _)| is_own(&path[..end])) {
            return invalid("and a file of the function need the same name for a file and for a folder");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, content: &[u8]) -> File {
        File { path: path.into(), content: content.into() }
    }

    #[test]
    fn files_come_back_as_they_were_and_as_they_are_told_of() {
        let FilesMade { files, told, kept } = FilesMade::here(vec![file("b", b"\0x"), file("a/ü", b"")]);
        assert_eq!(told.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a/ü", "b"]);
        assert_eq!(from_bytes(&kept, &told).unwrap(), files);
        assert!(from_bytes(&kept, &told[..1]).is_err());
        assert!(from_bytes(&kept[..kept.len() - 1], &told).is_err());
        let mut changed = kept.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        assert!(from_bytes(&changed, &told).is_err());
        assert_eq!(from_bytes(&[], &[]).unwrap(), []);
    }

    #[test]
    fn a_calls_files_go_beside_the_functions_or_in_their_place() {
        let own = ["data/table.csv".to_owned(), "lib.whl".to_owned(), "plain".to_owned()];
        let check = |path: &str| check_beside(&[file("ok", b""), file(path, b"")], &own);
        for good in ["data/table.csv", "data/other.csv", "datafile", "other.whl", "plain2"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["data", "plain/x", "lib.whl", "data/table.csv/x"] {
            let error = check(bad).unwrap_err().to_string();
            assert!(error.starts_with(&format!("files[1].path '{bad}' ")), "{error}");
        }
        assert!(check_beside(&[file("data", b"")], &[]).is_ok());
    }
}
