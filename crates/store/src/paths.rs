//! Where objects lie.

use object_store::path::Path;

pub(crate) fn root() -> Path {
    Path::from_iter(["functions"])
}

pub(crate) fn tenant(tenant: &str) -> Path {
    Path::from_iter(["functions", tenant])
}

pub(crate) fn head(tenant: &str, name: &str) -> Path {
    Path::from_iter(["functions", tenant, name, "head"])
}

pub(crate) fn definition(tenant: &str, name: &str, object: &str) -> Path {
    Path::from_iter(["functions", tenant, name, "definitions", object])
}

pub(crate) fn files(tenant: &str, name: &str, object: &str) -> Path {
    Path::from_iter(["functions", tenant, name, "files", object])
}

pub(crate) fn checkpoints(tenant: &str, name: &str) -> Path {
    Path::from_iter(["functions", tenant, name, "checkpoints"])
}

pub(crate) fn checkpoint(tenant: &str, name: &str, version: &str, image: &str) -> Path {
    checkpoints(tenant, name).join(format!("{version}.{image}").as_str())
}
