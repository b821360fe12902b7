//! A disk that is full: the server writes nothing but its log, and does without it. That a build says so and
//! leaves no half of an image is in `crates/builder/tests/full_disk.rs`.

use crate::server::{TestEnvironment, wait};
use std::fs::File;
use std::process::Command;

#[test]
fn a_log_that_cannot_be_written_costs_no_request() {
    let house = TestEnvironment::new();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let mut server = house.serve().stderr(full()).stdout(full()).spawn().unwrap();
    house.wait_until_it_answers();
    for (source, status) in [("e", "STATUS_COMPLETED"), ("f", "STATUS_RAISED"), ("t", "STATUS_INTERNAL")] {
        let answer = house.execute(source, "5s").unwrap();
        assert!(answer.contains(status), "{source}: {answer}");
    }
    let told = Command::new("kill").args(["-TERM", &server.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert_eq!(wait(&mut server).code(), Some(0));
}
