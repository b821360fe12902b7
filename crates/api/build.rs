//! Generates the API's code from `proto/` without a protoc to install: messages, services, and the messages'
//! JSON form.

use prost::Message;
use std::error::Error;
use std::path::PathBuf;

const ROOT: &str = "../../proto";

/// Each with the file that holds the JSON form of its enums.
const PACKAGES: [(&str, &str); 2] = [("ampoule.v1", "enums.rs"), ("ampoule.admin.v1", "admin_enums.rs")];

const FILES: [&str; 4] = [
    "ampoule/v1/execution.proto",
    "ampoule/v1/function.proto",
    "ampoule/v1/usage.proto",
    "ampoule/admin/v1/tenant.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let descriptors = protox::compile(FILES, [ROOT])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let encoded = descriptors.encode_to_vec();
    std::fs::write(out.join("descriptors.bin"), &encoded)?;
    for (package, enums_file) in PACKAGES {
        let files = descriptors.file.iter().filter(|file| file.package() == package);
        let enums: Vec<&str> = files.flat_map(|file| &file.enum_type).map(|names| names.name()).collect();
        let package = format!(".{package}");
        // The canonical JSON form of every message, for HTTP, with the fields that are empty.
        pbjson_build::Builder::new()
            .register_descriptors(&encoded)?
            .exclude(enums.iter().map(|name| format!("{package}.{name}")))
            .btree_map([&package])
            .emit_fields()
            .build(&[&package])?;
        // That of enums is our own, as it reads short names, too (`src/enums.rs`).
        let enums: String = enums.iter().map(|name| format!("crate::enums::json_enum!({name});\n")).collect();
        std::fs::write(out.join(enums_file), enums)?;
    }
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
