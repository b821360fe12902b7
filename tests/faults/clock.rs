//! A wall clock that jumps by years while executions run: nothing ends early, nothing late. The server's
//! clock is faked by a library of a few lines before libc (`clock.c`); the machine's stays as it is.

use crate::server::{TestEnvironment, ended};
use serde_json::Value;
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

const YEAR: i64 = 365 * 86_400;

#[test]
fn wall_times_deadlines_and_sleeps_do_not_go_by_the_wall_clock() {
    let house = Arc::new(TestEnvironment::new());
    let library = house.path("clock.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/faults/clock.c"))
        .arg("-ldl")
        .status();
    assert!(built.expect("there is a C compiler").success());
    let file = house.path("offset");
    std::fs::write(&file, 0i64.to_le_bytes()).unwrap();
    let clock = std::fs::File::options().write(true).open(&file).unwrap();
    let jump = |seconds: i64| clock.write_all_at(&seconds.to_le_bytes(), 0).unwrap();
    let server = house.start(house.serve().env("LD_PRELOAD", &library).env("FAKE_CLOCK", &file));

    // A loop, a sleep of ten seconds, and a call with a deadline that sleeps for 0.3 s and completes.
    let started = Instant::now();
    let run = |source: &'static str| {
        let house = Arc::clone(&house);
        thread::spawn(move || (house.execute(source, "1s").unwrap(), started.elapsed()))
    };
    let stopped = [run("l"), run("s")];
    std::fs::write(house.path("slow.py"), "o").unwrap();
    let url = format!("http://{}", house.grpc);
    let mut completed = house
        .ampoule(&["run", "--addr", &url, "slow.py", "--timeout", "30s"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    for seconds in [YEAR, -YEAR, 0, 10 * YEAR] {
        thread::sleep(Duration::from_millis(150));
        jump(seconds);
    }
    for answer in stopped {
        let (answer, after) = answer.join().unwrap();
        assert!(answer.contains("STATUS_TIMED_OUT"), "{answer}");
        assert!(after >= Duration::from_secs(1), "it ended before its time was over: {after:?}");
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let told = body["usage"]["wallTime"].as_str().unwrap().trim_end_matches('s').parse::<f64>().unwrap();
        // Less what it waited for a processor meanwhile, which is no part of it.
        assert!((0.9..YEAR as f64).contains(&told), "its wall time is told as {told} s");
    }
    assert_eq!(completed.wait().unwrap().code(), Some(0));

    // And the clock did jump, or all of this would say nothing: the log's own time has.
    let answer = house.execute("e", "1s").unwrap();
    assert!(answer.contains("STATUS_COMPLETED"), "{answer}");
    let line = server.lines(|line| ended(line, "completed")).pop().expect("it is in the log");
    let year = |time: &Value| time.as_str().unwrap()[..4].parse::<i64>().unwrap();
    let first = server.lines(|line| line["message"] == "listening").pop().expect("it is in the log");
    assert!(year(&line["timestamp"]) >= year(&first["timestamp"]) + 9, "{line} {first}");
}
