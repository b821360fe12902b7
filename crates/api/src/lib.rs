//! The gRPC API: the code generated from `proto/ampoule/v1`, and the mapping between proto and words.
//!
//! * [`v1`], [`admin::v1`]: messages, clients and servers as generated; messages read and write proto's
//!   canonical JSON by serde, with empty fields present; `enums.rs` reads short names of enums, too,
//! * [`WithInput`]: requests in JSON whose input is the JSON that it is,
//! * [`request_from_proto`], [`execution_to_proto`] …: what a server needs,
//! * [`request_to_proto`], [`execution_from_proto`]: what a client needs,
//! * [`answer_to_grpc`], [`answer_to_json`]: an answer as [`Pieces`], which is how it is sent; [`ResultForm`]
//!   is how JSON has its result,
//! * `codec.rs`: looks at a message before it is decoded,
//! * [`FILE_DESCRIPTOR_SET`]: for server reflection.
#![forbid(unsafe_code)]

mod answer;
mod answer_json;
#[cfg(test)]
mod answer_tests;
mod codec;
mod enums;
mod from_proto;
mod functions;
mod input;
mod pieces;
mod times;
mod to_proto;

/// Package `ampoule.v1` as generated; the comments are those of the proto file.
pub mod v1 {
    #![allow(missing_docs, unreachable_pub, clippy::all)]
    tonic::include_proto!("ampoule.v1");
    include!(concat!(env!("OUT_DIR"), "/ampoule.v1.serde.rs"));
    include!(concat!(env!("OUT_DIR"), "/enums.rs"));
}

/// Package `ampoule.admin` as generated.
pub mod admin {
    /// `ampoule.admin.v1`: administration, on a listener of its own.
    pub mod v1 {
        #![allow(missing_docs, unreachable_pub, clippy::all)]
        tonic::include_proto!("ampoule.admin.v1");
        include!(concat!(env!("OUT_DIR"), "/ampoule.admin.v1.serde.rs"));
        include!(concat!(env!("OUT_DIR"), "/admin_enums.rs"));
    }
}

/// The encoded descriptors of the API and of what it imports.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

pub use answer::answer_to_grpc;
pub use answer_json::{ResultForm, answer_to_json, put_answer};
pub use from_proto::{
    Execution, InvalidMessage, batch_request_from_proto, execution_from_proto, request_from_proto,
};
pub use functions::{
    alias_update_from_proto, function_reference_from_proto, function_summary_to_proto, function_to_proto,
    put_function_from_proto,
};
pub use input::{HasInput, WithInput};
pub use pbjson_types::{Duration, Timestamp};
pub use pieces::{PIECE, Pieces, PiecesBuilder, part_of};
pub use times::{duration_from_proto, duration_to_proto, unix_nanos_to_proto};
pub use to_proto::{execution_to_proto, image_to_proto, request_to_proto};
