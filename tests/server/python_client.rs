//! A gRPC client that is not ours: Python's grpcio, with stubs generated from `proto/`, against
//! `ampoule serve`.
//!
//! The client's packages are pinned by hash in `tests/python_client/requirements.txt` and installed once into
//! a virtual environment in the cache folder; its name holds the digest of the requirements, so a change
//! makes a new one.

use crate::common;
use crate::common::python::{Server, python_with};
use std::process::Command;

#[test]
fn a_client_of_python_grpcio_is_served() {
    let root = common::checkout();
    let python = python_with(&root.join("tests/python_client/requirements.txt"));
    let server = Server::start(&[]);
    let client = Command::new(python)
        .arg(root.join("tests/python_client/client.py"))
        .args([server.address.as_str(), &root.join("proto").display().to_string()])
        .output()
        .expect("the client starts");
    let said = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "{said}\n{}", String::from_utf8_lossy(&client.stdout));
    assert!(said.contains("OK"), "no test ran:\n{said}");
}
