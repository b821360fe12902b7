//! The id of a request in gRPC's metadata: taken from the caller, and sent back.

use ampoule_service::ID_HEADER;
use tonic::metadata::MetadataMap;

/// The id that the caller chose, as it is.
pub(crate) fn given(metadata: &MetadataMap) -> Option<&str> {
    metadata.get(ID_HEADER)?.to_str().ok()
}

/// Adds the id to an answer.
pub(crate) fn put(metadata: &mut MetadataMap, id: &str) {
    if let Ok(value) = id.parse() {
        metadata.insert(ID_HEADER, value);
    }
}
