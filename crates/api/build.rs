//! Generates the API's code from `proto/` without a protoc to install: messages, services, and the messages' JSON form.

use prost::Message;
use std::error::Error;
use std::path::PathBuf;

const ROOT: &str = "../../proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let descriptors = protox::compile(["ampoule/v1/execution.proto", "ampoule/v1/function.proto"], [ROOT])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let encoded = descriptors.encode_to_vec();
    std::fs::write(out.join("descriptors.bin"), &encoded)?;
    // The canonical JSON form of every message, for HTTP.
    pbjson_build::Builder::new()
        .register_descriptors(&encoded)?
        .btree_map([".ampoule.v1"])
        .build(&[".ampoule.v1"])?;
    tonic_prost_build::configure()
        // Durations and times that have a JSON form.
        .compile_well_known_types(true)
        .extern_path(".google.protobuf", "::pbjson_types")
        // Ordered: environment variables must reach a deterministic execution in one order.
        .btree_map(".")
        .codec_path("crate::codec::CheckedCodec")
        .compile_fds(descriptors)?;
    Ok(())
}
