//! What the container's build lays out is a server, for whoever runs it, with nothing else of the machine.

use crate::process::http;
use crate::tiny;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// What its `CMD` and `ENV` say, with addresses that are free here.
const ADDRESSES: [(&str, &str); 3] =
    [("AMPOULE_LISTEN", "127.0.0.1:0"), ("AMPOULE_HTTP", "127.0.0.1:0"), ("AMPOULE_METRICS", "127.0.0.1:0")];

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn what_is_installed_serves_with_its_own_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (images, root) = (folder.path().join("images"), folder.path().join("root"));
    tiny::write_images(&images);
    let program = env!("CARGO_BIN_EXE_ampoule");
    let install = Command::new(here("deploy/container/install.sh"))
        .args([root.as_os_str(), program.as_ref(), images.as_os_str()])
        .output()
        .unwrap();
    assert!(install.status.success(), "{}", String::from_utf8_lossy(&install.stderr));
    let functions = folder.path().join("functions");
    let mut server = Command::new(root.join("usr/bin/ampoule"))
        .args(["serve", "--config"])
        .arg(root.join("etc/ampoule/ampoule.toml"))
        .env_clear()
        .current_dir("/")
        .env("AMPOULE_IMAGES", root.join("usr/share/ampoule/images"))
        .env("AMPOULE_FUNCTIONS__FOLDER", &functions)
        .envs(ADDRESSES)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = None;
    for line in BufReader::new(server.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).expect("the log is JSON");
        if value["message"] == "listening for HTTP" {
            address = value["address"].as_str().map(str::to_owned);
            break;
        }
    }
    let body = r#"{"source": {"language": "python", "code": "e"}, "input": {"a":1}}"#;
    let answer = http(
        &address.expect("it listens for HTTP"),
        "/v1/execute",
        "content-type: application/json\r\n",
        body,
    );
    let _ = server.kill();
    let _ = server.wait();
    assert!(answer.contains(r#""result":{"a":1}"#), "{answer}");
}

#[test]
fn the_dockerfile_copies_what_its_scripts_lay_out() {
    let dockerfile = std::fs::read_to_string(here("deploy/container/Dockerfile")).unwrap();
    let script = std::fs::read_to_string(here("deploy/container/install.sh")).unwrap();
    for path in ["usr/bin/ampoule", "usr/share/ampoule/images", "etc/ampoule/ampoule.toml"] {
        assert!(script.contains(&format!("$folder/{path}")), "install.sh lays out {path}");
        assert!(dockerfile.contains(&format!("/{path}")), "the Dockerfile names /{path}");
    }
    for port in ["50051", "8080", "9464"] {
        let configuration = std::fs::read_to_string(here("deploy/container/container.toml")).unwrap();
        assert!(configuration.contains(&format!("0.0.0.0:{port}")) && dockerfile.contains(port), "{port}");
    }
}
