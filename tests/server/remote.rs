//! `ampoule run --addr`: by TLS where the address says so, never in clear text then, and what is printed
//! comes as it is printed.

use crate::process::{Server, ampoule};
use crate::tiny;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Writes an authority, a server's certificate for `localhost` and a client's.
fn certificates(folder: &Path) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    write("ca.pem", params.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(params, key);
    for name in ["localhost", "client"] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.into()]).unwrap();
        write(&format!("{name}.pem"), params.signed_by(&key, &issuer).unwrap().pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    let mut command = ampoule(folder, &[&["run", "echo.py"], arguments].concat());
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn https_is_tls_by_an_authority_of_ones_own_and_with_a_certificate() {
    let files = tempfile::tempdir().unwrap();
    certificates(files.path());
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let (ca, certificate, key) = (path("ca.pem"), path("client.pem"), path("client.key"));
    let server = Server::start(&format!(
        "[tls]\ncertificate = {:?}\nkey = {:?}\nclient_ca = {ca:?}\n",
        path("localhost.pem"),
        path("localhost.key"),
    ));
    let address = format!("https://localhost:{}", server.address.rsplit_once(':').unwrap().1);
    let input = ["--input", "{\"a\":1}", "--addr", &address];
    let whole = [&input[..], &["--ca", &ca, "--client-certificate", &certificate, "--client-key", &key]];
    let answered = run(&server.folder, &whole.concat());
    assert_eq!(
        (answered.status.code(), text(&answered.stdout)),
        (Some(0), "{\n  \"a\": 1\n}\n"),
        "{answered:?}"
    );
    // An authority that nobody here trusts, and a client without a certificate.
    for arguments in [&input[..], &[&input[..], &["--ca", &ca]].concat()] {
        let refused = run(&server.folder, arguments);
        assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    }
}

#[test]
fn not_a_byte_goes_in_clear_text_to_an_address_by_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    tiny::write_images(&folder.path().join("images"));
    std::fs::write(folder.path().join("echo.py"), "e secret-source").unwrap();
    let address = format!("https://localhost:{port}");
    let arguments = ["run", "echo.py", "--addr", &address, "--key", "amp_secret-key"];
    let mut client = ampoule(&folder, &arguments).stderr(Stdio::null()).spawn().unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).unwrap();
    // A handshake of TLS begins so; HTTP/2 in clear text with `PRI`.
    assert_eq!(bytes[..2], [22, 3], "{:?}", String::from_utf8_lossy(&bytes[..length]));
    drop(stream);
    assert_eq!(client.wait().unwrap().code(), Some(4));
}

#[test]
fn mistakes_name_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("echo.py"), "e").unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--addr", "ftp://a"], "--addr 'ftp://a' is neither https:// nor http://"),
        (&["--addr", "https://localhost:1", "--ca", "none.pem"], "--ca none.pem cannot be read"),
        (&["--addr", "http://localhost:1", "--ca", "none.pem"], "is in clear text, which --ca"),
        (&["--addr", "http://localhost:1", "--key", "a\nb"], "--key holds characters"),
    ];
    for (arguments, message) in cases {
        let output = run(&folder, arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output.stderr).contains(message), "{}", text(&output.stderr));
    }
}

#[test]
fn what_is_printed_comes_while_the_program_runs_here_and_on_a_server() {
    let server = Server::start("");
    // Prints, sleeps for 300 ms, prints again.
    std::fs::write(server.folder.path().join("slow.py"), "o").unwrap();
    let address = format!("http://{}", server.address);
    for remote in [&["--addr", &address][..], &[]] {
        let arguments = [&["run", "slow.py", "--input", "{\"a\":1}"], remote].concat();
        let mut child = ampoule(&server.folder, &arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = vec![0; "{\"a\":1}".len()];
        stdout.read_exact(&mut first).unwrap();
        let printed = Instant::now();
        assert_eq!(text(&first), "{\"a\":1}");
        // The result begins on a line of its own.
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "\n{\n");
        assert!(printed.elapsed() > Duration::from_millis(150), "it all came at the end: {remote:?}");
        assert!(child.wait().unwrap().success());
    }
}
