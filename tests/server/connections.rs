//! Connections of `ampoule serve` where there is room for few: the silent ones make room, whatever they sent;
//! busy ones stay; monitoring answers. On a tiny guest, as in `tests/server/serve.rs`; by TLS in
//! `crates/grpc/tests/grpc/connections.rs`.

use crate::process;
use crate::process::{Server, get, http, line_with};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How soon a good client is served; the machine may be busy.
const SOON: Duration = Duration::from_secs(5);

/// HTTP/2's preface, and a frame of settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

const FEW: &str = "http = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\nconnections.all = 16\nconnections.per_peer = 16\n\
                   connections.preface = \"1s\"\n";

const JSON: &str = "content-type: application/json\r\n";
const ECHO: &str = "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"e\"}}";
const LOOP: &str =
    "{\"source\": {\"language\": \"LANGUAGE_PYTHON\", \"code\": \"l\"}, \"limits\": {\"wallTime\": \"2s\"}}";

/// A server, and where it speaks HTTP.
fn start(config: &str) -> (Server, String) {
    let mut server = Server::start(config);
    let web = line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    (server, web)
}

fn silent(address: &str, count: usize, first: &[u8]) -> Vec<TcpStream> {
    let open = |_| {
        let mut stream = TcpStream::connect(address).unwrap();
        // The server may have ended it by now.
        let _ = stream.write_all(first);
        stream
    };
    (0..count).map(open).collect()
}

fn is_closed(stream: &mut TcpStream, within: Duration) -> bool {
    stream.set_read_timeout(Some(within)).unwrap();
    let mut bytes = [0; 1024];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                return false;
            }
            Err(_) => return true,
        }
    }
}

fn value(metrics: &str, series: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in:\n{metrics}")).parse().unwrap()
}

#[test]
fn silent_connections_of_every_kind_make_room() {
    let (server, web) = start(FEW);
    let monitoring = server.monitoring.clone().unwrap();
    for (address, first) in [
        (&server.address, &b""[..]),
        (&server.address, b"PRI * HT"),
        (&server.address, PREFACE),
        (&web, b""),
        (&web, b"POST /v1/execute HTTP/1.1\r\nhost: localho"),
        // An answer, and silence.
        (&web, b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"),
    ] {
        let held = silent(address, 60, first);
        let started = Instant::now();
        assert!(http(&web, "/v1/execute", JSON, ECHO).contains("STATUS_COMPLETED"), "{first:?}");
        let output = server.run(&["echo.py"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{first:?}: {output:?}");
        assert!(get(&monitoring, "/healthz").starts_with("HTTP/1.1 200"));
        assert!(started.elapsed() < SOON, "{first:?}: {:?}", started.elapsed());
        drop(held);
    }
    let metrics = get(&monitoring, "/metrics");
    assert!(value(&metrics, "ampoule_connections_ended_total{listener=\"grpc\",reason=\"room\"}") > 60);
    assert!(value(&metrics, "ampoule_connections_ended_total{listener=\"http\",reason=\"room\"}") > 60);
    assert_eq!(value(&metrics, "ampoule_connections_refused_total{listener=\"http\"}"), 0);
    assert_eq!(value(&metrics, "ampoule_connections{listener=\"monitoring\"}"), 1);
}

#[test]
fn trickling_bytes_are_no_requests() {
    let (server, web) = start(FEW);
    let mut trickles = silent(&web, 8, b"POST /v1/execute HTTP/1.1\r\nx: ");
    trickles.extend(silent(&server.address, 8, PREFACE));
    // A ping of HTTP/2, and a byte of a head.
    let ping = b"\0\0\x08\x06\0\0\0\0\0pingpong";
    for round in 0..20 {
        for (index, stream) in trickles.iter_mut().enumerate() {
            let _ = if index < 8 { stream.write_all(b"y") } else { stream.write_all(ping) };
        }
        assert!(http(&web, "/v1/execute", JSON, ECHO).contains("STATUS_COMPLETED"), "round {round}");
    }
    let closed =
        trickles.iter_mut().filter_map(|stream| is_closed(stream, Duration::from_millis(50)).then_some(()));
    assert!(closed.count() >= 1, "one of them made room");
}

#[test]
fn busy_connections_stay_and_where_all_are_the_new_one_is_closed() {
    let (server, web) = start(&FEW.replace("per_peer = 16", "per_peer = 4"));
    let request = format!(
        "POST /v1/execute HTTP/1.1\r\nhost: localhost\r\n{JSON}content-length: {}\r\n\r\n{LOOP}",
        LOOP.len()
    );
    let mut busy = silent(&web, 4, request.as_bytes());
    let monitoring = server.monitoring.clone().unwrap();
    let started = Instant::now();
    while value(&get(&monitoring, "/metrics"), "ampoule_slots_running") < 4 {
        assert!(started.elapsed() < SOON, "they do not run");
    }
    for address in [&web, &server.address] {
        let mut refused = TcpStream::connect(address).unwrap();
        assert!(is_closed(&mut refused, SOON), "{address}");
    }
    let metrics = get(&monitoring, "/metrics");
    assert!(value(&metrics, "ampoule_connections_refused_total{listener=\"http\"}") >= 1);
    assert!(value(&metrics, "ampoule_connections_refused_total{listener=\"grpc\"}") >= 1);
    for stream in &mut busy {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes[..read]);
        assert!(text.starts_with("HTTP/1.1 200") && text.contains("STATUS_TIMED_OUT"), "{text}");
    }
    // Now they are silent.
    assert!(http(&web, "/v1/execute", JSON, ECHO).contains("STATUS_COMPLETED"));
}

#[test]
fn http2_begins_in_time_or_not_at_all() {
    let (server, _) = start(FEW);
    let started = Instant::now();
    let mut nothing = silent(&server.address, 1, b"");
    let mut trickle = silent(&server.address, 1, b"P");
    for byte in b"RI * HTTP" {
        std::thread::sleep(Duration::from_millis(200));
        let _ = trickle[0].write_all(&[*byte]);
    }
    assert!(is_closed(&mut nothing[0], SOON) && is_closed(&mut trickle[0], SOON));
    assert!(started.elapsed() >= Duration::from_secs(1));
    let metrics = get(server.monitoring.as_ref().unwrap(), "/metrics");
    assert_eq!(value(&metrics, "ampoule_connections_ended_total{listener=\"grpc\",reason=\"slow\"}"), 2);
}

#[test]
fn the_file_limit_is_raised_and_a_number_it_does_not_allow_ends_the_start() {
    let server = Server::start("");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let of: Vec<&str> = files.split_whitespace().collect();
    assert_eq!(of[3], of[4], "{files}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), "connections.all = 1000000000000").unwrap();
    let mut serve = process::ampoule(&server.folder, &["serve", "--listen", "127.0.0.1:0", "--config"]);
    let output = serve.arg(folder.path().join("config.toml")).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("connections.all is 1000000000000, but the process may have"), "{stderr}");
}
