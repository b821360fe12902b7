//! `GET /openapi.json`: it is valid by the rules of OpenAPI, and what the server answers is what it says.
//!
//! Both are looked at by Python packages, pinned by hash in `tests/openapi/requirements.txt` as those of
//! `python_client.rs`.

use crate::common;
use crate::common::python::{Server, python_with};
use std::process::Command;

#[test]
fn the_description_is_valid_and_true() {
    let folder = common::checkout().join("tests/openapi");
    let python = python_with(&folder.join("requirements.txt"));
    let server = Server::start(&["--http", "127.0.0.1:0"]);
    let checked =
        Command::new(python).arg(folder.join("check.py")).arg(&server.http).output().expect("it starts");
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}\n{}", String::from_utf8_lossy(&checked.stdout));
    assert!(said.contains("OK"), "no test ran:\n{said}");
}
