//! What the tests of several crates share.
//!
//! * [`tiny`]: an image for tests that are not about Python or JavaScript, and a service on it,
//! * [`pki`]: authorities and certificates,
//! * [`cannot_run`]: for a test that this machine has not what it takes.
#![forbid(unsafe_code)]
#![allow(missing_docs, reason = "names of tests' parts say what they are")]

pub mod pki;
pub mod tiny;

/// A test cannot be run on this machine: it says so and is left out, but in CI, whose machines have what all
/// tests need, it fails.
pub fn cannot_run(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "this test cannot be run here: {why}");
    println!("not run: {why}");
}
