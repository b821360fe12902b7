//! `ampoule serve` as an operator meets it: configuration, readiness, log, drain. On a tiny guest, see
//! `crates/testing/src/guest.wat`; the API itself is tested in `crates/grpc/tests`.

use crate::process::{Server, ampoule, http, line_with, request_line};
use std::io::Read;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// Tells how many executions run.
const MONITORED: &str = "metrics = \"127.0.0.1:0\"\n";

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn it_answers_and_its_limits_are_named() {
    let server = Server::start("");
    let output = server.run(&["echo.py", "--input", "{\"n\":12345678901234567890}"]).output().unwrap();
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), "{\n  \"n\": 12345678901234567890\n}\n"));
    // What is wrong with a request is a usage error on this side of the wire too.
    let output = server.run(&["echo.py", "--timeout", "90s"]).output().unwrap();
    let message = "ampoule: --timeout: limits.wall_time is 90 s, the server's cap is 60 s: ask for less\n";
    assert_eq!((output.status.code(), std::str::from_utf8(&output.stderr).unwrap()), (Some(2), message));
    let output = server.run(&["loop.py", "--timeout", "50ms"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn every_request_is_one_line_without_a_word_of_the_users() {
    let mut server = Server::start("");
    for (program, input) in [
        ("echo.py", "{\"a\":\"secret-input\"}"),
        ("fail.py", "{\"a\":\"secret-input\"}"),
        ("echo.py", "secret-input"),
    ] {
        server.run(&[program, "--input", input]).output().unwrap();
    }
    let expected = ["completed", "raised", "invalid_argument"];
    for status in expected {
        let (line, value) = request_line(&mut server.log);
        assert!(!line.contains("secret") && !line.contains(".py"), "{line}");
        assert_eq!(
            (&value["status"], &value["language"], &value["entry"]),
            (&status.into(), &"python".into(), &"main".into())
        );
        assert!(
            value["id"].is_string() && value["total_us"].is_u64() && value["bytes_in"].as_u64() > Some(10),
            "{line}"
        );
        assert_eq!(value["fuel"].is_u64(), status != "invalid_argument");
    }
}

#[test]
fn sigterm_drains() {
    let mut server = Server::start(MONITORED);
    let in_flight = server.run(&["loop.py", "--timeout", "600ms"]).stderr(Stdio::piped()).spawn().unwrap();
    server.until_running(1);
    server.signal("-TERM");
    let draining = line_with(&mut server.log, "draining");
    assert_eq!(draining["running"], 1);
    assert_eq!(in_flight.wait_with_output().unwrap().status.code(), Some(3), "it was answered");
    let (code, rest) = server.end();
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("drained"), "{rest}");
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut server = Server::start(MONITORED);
    let in_flight = server.run(&["loop.py", "--timeout", "30s"]).stderr(Stdio::null()).spawn().unwrap();
    server.until_running(1);
    server.signal("-INT");
    line_with(&mut server.log, "draining");
    server.signal("-INT");
    let started = Instant::now();
    let (code, rest) = server.end();
    assert_eq!(code, Some(4), "{rest}");
    assert!(rest.contains("a second signal came: 1 executions were cut off"), "{rest}");
    // Far less than the thirty seconds of the execution.
    assert!(started.elapsed() < Duration::from_secs(15));
    assert_eq!(in_flight.wait_with_output().unwrap().status.code(), Some(4));
}

#[test]
fn a_bad_configuration_ends_before_a_port_is_bound() {
    let cases = [
        ("slot = 3", "unknown field `slot`"),
        ("[limits]\nwall_time = \"90s\"", "the default of wall_time is 90 s, above its cap of 60 s"),
        ("[log]\nfilter = \"no=such=filter\"", "log.filter 'no=such=filter'"),
        ("slots = 0", "slots is 0: nothing could run"),
    ];
    for (config, message) in cases {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        let output = ampoule(&folder, &["serve", "--config", "config.toml"]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn configured_limits_are_in_force_and_shown() {
    let server = Server::start("[limits]\nwall_time = \"40ms\"\n[caps]\nwall_time = \"50ms\"");
    let output = server.run(&["loop.py"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("stopped after 0.04 s of wall time"), "{stderr}");
    let output = server.run(&["loop.py", "--timeout", "60ms"]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("the server's cap is 0.05 s"));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let server = Server::start("");
    let output = ampoule(&server.folder, &["serve", "--listen", &server.address]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr.contains(&format!("ampoule: cannot listen on {}", server.address)), "{stderr}");
}

#[test]
fn without_images_it_says_how_to_get_them() {
    let folder = tempfile::tempdir().unwrap();
    let output = ampoule(&folder, &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr.contains("build them with: ampoule image build"), "{stderr}");
}

#[test]
fn http_and_dify_are_off_until_they_are_asked_for() {
    let mut server = Server::start("");
    server.signal("-TERM");
    let mut rest = String::new();
    server.log.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("listening for HTTP"), "{rest}");
}

#[test]
fn http_listeners_are_bound_logged_and_drained_like_the_other() {
    // Two addresses of this machine, so that they are not one listener.
    let mut server = Server::start(&format!(
        "{MONITORED}http = \"127.0.0.1:0\"\ndify.listen = \"127.0.0.2:0\"\ndify.key = \"secret-key\""
    ));
    let api = line_with(&mut server.log, "listening for HTTP");
    let dify = line_with(&mut server.log, "listening for HTTP");
    assert_eq!((&api["api"], &api["dify"]), (&true.into(), &false.into()));
    assert_eq!((&dify["api"], &dify["dify"]), (&false.into(), &true.into()));
    let (api, dify) = (api["address"].as_str().unwrap(), dify["address"].as_str().unwrap());
    let json = "content-type: application/json\r\n";
    let body = "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"e secret-source\"}}";
    assert!(http(api, "/v1/execute", json, body).contains("STATUS_COMPLETED"));
    let script = "{\"language\": \"python3\", \"code\": \"e secret-source\"}";
    assert!(http(api, "/v1/sandbox/run", "x-api-key: secret-key\r\n", script).starts_with("HTTP/1.1 404 "));
    assert!(http(dify, "/v1/execute", json, body).starts_with("HTTP/1.1 404 "));
    assert!(http(dify, "/v1/sandbox/run", "x-api-key: other\r\n", script).starts_with("HTTP/1.1 401 "));
    assert!(http(dify, "/v1/sandbox/run", "x-api-key: secret-key\r\n", script).contains("\"code\":0"));
    for (status, entry) in [("completed", "main"), ("unauthenticated", ""), ("completed", "script")] {
        let (line, value) = request_line(&mut server.log);
        assert!(!line.contains("secret"), "{line}");
        assert_eq!((&value["status"], &value["entry"]), (&status.into(), &entry.into()), "{line}");
    }
    let slow = "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"l\"}, \"limits\": {\"wallTime\": \"0.6s\"}}";
    let address = api.to_owned();
    let in_flight = std::thread::spawn(move || http(&address, "/v1/execute", json, slow));
    server.until_running(1);
    server.signal("-TERM");
    assert_eq!(line_with(&mut server.log, "draining")["running"], 1);
    assert!(in_flight.join().unwrap().contains("STATUS_TIMED_OUT"), "it was answered");
    let (code, rest) = server.end();
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("drained") && !rest.contains("secret"), "{rest}");
}

#[test]
fn one_address_for_both_is_one_listener() {
    let mut server = Server::start("http = \"127.0.0.1:0\"\ndify.listen = \"127.0.0.1:0\"");
    let listening = line_with(&mut server.log, "listening for HTTP");
    assert_eq!((&listening["api"], &listening["dify"]), (&true.into(), &true.into()));
    let address = listening["address"].as_str().unwrap();
    let json = "content-type: application/json\r\n";
    let body = "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"e\"}}";
    assert!(http(address, "/v1/execute", json, body).contains("STATUS_COMPLETED"));
    let script = "{\"language\": \"python3\", \"code\": \"e\"}";
    assert!(http(address, "/v1/sandbox/run", "x-api-key: dify-sandbox\r\n", script).contains("\"code\":0"));
}

#[test]
fn doors_that_would_stand_open_are_not_opened() {
    let cases = [
        (
            &["--http", "0.0.0.0:0"][..],
            "http is 0.0.0.0:0, which others than this machine can reach, and there are no tenants",
        ),
        (
            &["--dify", "0.0.0.0:0"],
            "dify.key is 'dify-sandbox', which everybody knows: choose a key of your own",
        ),
        (&["--dify", "127.0.0.1:0", "--dify-key", ""], "dify.key is empty"),
    ];
    for (arguments, message) in cases {
        let folder = tempfile::tempdir().unwrap();
        let output = ampoule(&folder, &[&["serve"], arguments].concat()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}
