//! Dify's own way of calling, through `tests/dify/client.py`: its scripts, its live test cases, its limits,
//! its pooled connection (httpx), against `ampoule serve --dify`.
//!
//! The client's packages are pinned by hash in `tests/dify/requirements.txt`.

use crate::common;
use crate::common::python::{Server, python_with};
use std::process::Command;

#[test]
fn dify_is_served() {
    let root = common::checkout();
    let python = python_with(&root.join("tests/dify/requirements.txt"));
    let server = Server::start(&["--dify", "127.0.0.1:0"]);
    let client = Command::new(python)
        .arg(root.join("tests/dify/client.py"))
        .args([server.dify.as_str(), &root.join("tests/fixtures").display().to_string()])
        // No leftovers in the checkout.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the client starts");
    let said = String::from_utf8_lossy(&client.stderr);
    assert!(client.status.success(), "{said}\n{}", String::from_utf8_lossy(&client.stdout));
    assert!(said.contains("OK"), "no test ran:\n{said}");
}
