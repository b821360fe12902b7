//! Generates the API's code from `proto/` without a protoc to install.

use prost::Message;
use std::error::Error;
use std::path::PathBuf;

const ROOT: &str = "../../proto";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let descriptors = protox::compile(["ampoule/v1/execution.proto"], [ROOT])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        // Ordered: environment variables must reach a deterministic execution in one order.
        .btree_map(".")
        .compile_fds(descriptors)?;
    Ok(())
}
