//! `ampoule function` against a server, and what the server's log and metrics say of functions. On a tiny
//! guest, see `crates/testing/src/guest.wat`.

use crate::process::{Server, ampoule, get, http, line_with, request_line};
use serde_json::Value;
use std::io::Write;
use std::process::{Output, Stdio};

fn run(server: &Server, arguments: &[&str]) -> Output {
    let url = format!("http://{}", server.address);
    ampoule(&server.folder, &[&["function"], arguments, &["--addr", &url]].concat()).output().unwrap()
}

#[track_caller]
fn stdout(output: &Output) -> &str {
    assert!(output.status.success(), "{output:?}");
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// Puts a program; answers its version.
#[track_caller]
fn put(server: &Server, arguments: &[&str]) -> String {
    let output = run(server, &[&["put"], arguments].concat());
    stdout(&output).trim().rsplit_once(':').unwrap().1.to_owned()
}

#[test]
fn the_same_program_is_the_same_version_wherever_it_lies() {
    let server = Server::start("");
    let folder = server.folder.path();
    for place in ["here", "there/deeper"] {
        std::fs::create_dir_all(folder.join(place)).unwrap();
        std::fs::write(folder.join(place).join("tool.py"), "e").unwrap();
    }
    let version = put(&server, &["f", "here/tool.py"]);
    assert_eq!(put(&server, &["f", "there/deeper/tool.py"]), version);
    let absolute = folder.join("here/tool.py");
    assert_eq!(put(&server, &["f", absolute.to_str().unwrap()]), version);
}

#[test]
fn aliases_are_set_promoted_and_removed() {
    let server = Server::start("");
    std::fs::write(server.folder.path().join("two.py"), "e two").unwrap();
    let one = put(&server, &["f", "echo.py", "--alias", "stable"]);
    let two = put(&server, &["f", "two.py", "--alias", "canary", "--keep-latest"]);
    let called = |which: &str| {
        let output = run(&server, &["get", which]);
        serde_json::from_str::<Value>(stdout(&output)).unwrap()["version"].as_str().unwrap().to_owned()
    };
    assert_eq!(called("f"), one);
    assert_eq!(called(&format!("f:{}", &two[..4])), two);
    let updated =
        run(&server, &["alias", "f", "stable=@canary", &format!("old={}", &one[..8]), "--remove", "canary"]);
    assert_eq!(stdout(&updated), format!("latest={one}\nold={one}\nstable={two}\n"));
    assert_eq!((called("f@stable"), called("f")), (two, one.clone()));
    let rolled_back = run(&server, &["alias", "f", &format!("stable={}", &one[..8])]);
    assert!(stdout(&rolled_back).ends_with(&format!("stable={one}\n")));
    for (arguments, says) in [
        (&["alias", "f"][..], "ampoule: no alias is named: write ALIAS=VERSION, or --remove ALIAS\n"),
        (&["alias", "f", "a=123"], "ampoule: set[0].version is '123': versions have 64"),
        (&["alias", "f", "--remove", "beta"], "ampoule: function 'f' has no alias 'beta'\n"),
    ] {
        let refused = run(&server, arguments);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(stderr(&refused).starts_with(says), "{}", stderr(&refused));
    }
}

#[test]
fn what_is_said_of_a_version_is_shown_and_lists_are_narrowed() {
    let server = Server::start("");
    std::fs::write(server.folder.path().join("data.csv"), "abc").unwrap();
    let said = [
        "--description",
        "Echoes",
        "--label",
        "team=billing",
        "--env",
        "KEY=value",
        "--file",
        "data.csv:in/data.csv",
    ];
    let version = put(&server, &[&["f", "echo.py"], &said[..]].concat());
    put(&server, &["g", "echo.py"]);
    let got: Value = serde_json::from_str(stdout(&run(&server, &["get", "f"]))).unwrap();
    assert_eq!(
        (&got["description"], &got["labels"]["team"], &got["env"]["KEY"]),
        (&"Echoes".into(), &"billing".into(), &"value".into())
    );
    assert_eq!(
        (&got["files"][0]["path"], &got["files"][0]["sizeBytes"]),
        (&"in/data.csv".into(), &"3".into())
    );
    let listed = run(&server, &["list", "--label", "team=billing"]);
    let [name, line] = stdout(&listed).lines().collect::<Vec<_>>()[..] else { panic!("{listed:?}") };
    assert!(name == "f" && line.starts_with(&format!("  {version}  latest ")), "{listed:?}");
    assert!(line.ends_with("Z  team=billing  Echoes"), "{line}");
    let called =
        run(&server, &["call", "f", "--input", "{\"a\":1}", "--file", "data.csv", "--env", "KEY=other"]);
    assert_eq!(stdout(&called), "{\n  \"a\": 1\n}\n");
    let clash = run(&server, &["call", "f", "--file", "data.csv:in"]);
    assert!(
        stderr(&clash).starts_with("ampoule: --file: files[0].path 'in' and a file of the function"),
        "{clash:?}"
    );
}

#[test]
fn the_log_and_the_metrics_say_which_function_and_why_it_was_refused() {
    let mut server = Server::start("metrics = \"127.0.0.1:0\"\nhttp = \"127.0.0.1:0\"");
    let metrics = server.monitoring.clone().unwrap();
    let web = line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    let version = put(&server, &["f", "echo.py", "--alias", "stable", "--input", "a:number"]);
    let (_, line) = request_line(&mut server.log);
    assert_eq!(
        (&line["what"], &line["function"], &line["version"]),
        (&"put".into(), &"f".into(), &version.as_str().into())
    );
    let json = "content-type: application/json\r\n";
    let post = |path: &str, input: &str| http(&web, path, json, input);
    assert!(post("/v1/functions/f:call", "{\"a\": 1}").starts_with("HTTP/1.1 200"));
    assert!(post("/v1/functions/f:call?alias=stable", "{\"a\": 1}").starts_with("HTTP/1.1 200"));
    assert!(post("/v1/functions/f:call", "{\"a\": \"secret\"}").starts_with("HTTP/1.1 400"));
    assert!(post("/v1/functions/f:call?alias=beta", "{}").starts_with("HTTP/1.1 404"));
    assert!(post("/v1/functions/secret%20name:call", "{}").starts_with("HTTP/1.1 400"));
    assert!(post("/v1/functions/madeup:call", "{}").starts_with("HTTP/1.1 404"));
    let whole = Value::from(version.as_str());
    let none = Value::Null;
    let expected = [
        ("completed", "f", &whole, "latest", None, None),
        ("completed", "f", &whole, "stable", None, None),
        ("invalid_argument", "f", &none, "latest", Some("invalid_argument"), Some("input_json")),
        ("not_found", "f", &none, "beta", Some("not_found"), None),
        ("invalid_argument", "", &none, "", Some("invalid_argument"), Some("function.name")),
        ("not_found", "madeup", &none, "latest", Some("not_found"), None),
    ];
    for (status, function, version, alias, reason, about) in expected {
        let (text, line) = request_line(&mut server.log);
        let told = |key: &str| line[key].as_str();
        let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
        assert!(!text.contains("secret"), "{text}");
        assert_eq!(
            (told("status"), told("function"), told("alias")),
            (Some(status), some(function), some(alias)),
            "{text}"
        );
        assert_eq!((&line["version"], told("reason"), told("about")), (version, reason, about), "{text}");
    }
    let text = get(&metrics, "/metrics");
    let of = format!("tenant=\"open\",function=\"f\",version=\"{}\"", &version[..12]);
    for line in [
        &format!("ampoule_function_executions_total{{{of},status=\"completed\"}} 2"),
        "ampoule_function_refused_total{tenant=\"open\",function=\"f\",reason=\"invalid_argument\"} 1",
        "ampoule_function_refused_total{tenant=\"open\",function=\"f\",reason=\"not_found\"} 1",
        // Nobody has called a function of that name.
        "ampoule_function_refused_total{tenant=\"open\",function=\"_other\",reason=\"not_found\"} 1",
    ] {
        assert!(text.lines().any(|known| known == line), "no {line} in:\n{text}");
    }
    assert!(text.contains(&format!("ampoule_function_cpu_seconds_total{{{of}}} ")), "{text}");
    assert!(!text.contains("madeup") && !text.contains("secret"), "{text}");
}

#[test]
fn every_transport_says_why_it_refused() {
    let mut server =
        Server::start("http = \"127.0.0.1:0\"\ndify.listen = \"127.0.0.1:0\"\nsizes.input = \"1KiB\"");
    let web = line_with(&mut server.log, "listening for HTTP")["address"].as_str().unwrap().to_owned();
    let json = "content-type: application/json\r\n";
    let post = |path: &str, body: &str| http(&web, path, json, body);
    let long =
        "{\"source\": {\"language\": \"python\", \"code\": \"e\"}, \"limits\": {\"wallTime\": \"90s\"}}";
    server.run(&["echo.py", "--timeout", "90s"]).output().unwrap();
    server.run(&["echo.py", "--timeout", "90s", "--json"]).output().unwrap();
    post("/v1/execute", long);
    post("/v1/execute:stream", long);
    post("/v1/execute", "{\"source\": {\"code\": \"e\"}}");
    post("/v1/execute:batch", "{\"request\": {\"source\": {\"code\": \"e\"}}}");
    let inputs = format!(
        "{{\"request\": {{\"source\": {{\"language\": \"python\", \"code\": \"e\"}}}}, \"inputs\": [{{\"a\": {:?}}}]}}",
        "x".repeat(2000)
    );
    post("/v1/execute:batch", &inputs);
    for about in [
        "limits.wall_time",
        "limits.wall_time",
        "limits.wall_time",
        "limits.wall_time",
        "source.language",
        "source.language",
        "inputs_json",
    ] {
        let (text, line) = request_line(&mut server.log);
        assert_eq!(
            (line["reason"].as_str(), line["about"].as_str()),
            (Some("invalid_argument"), Some(about)),
            "{text}"
        );
    }
}

#[test]
fn a_call_sends_the_command_lines_own_stdin() {
    let server = Server::start("");
    put(&server, &["f", "echo.py"]);
    let url = format!("http://{}", server.address);
    let call = |more: &[&str]| {
        let mut call = ampoule(&server.folder, &[&["function", "call", "f", "--addr", &url], more].concat());
        let mut call =
            call.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // More than a server takes. Who leaves it alone may be gone before it is written.
        let _ = call.stdin.take().unwrap().write_all(&vec![b'x'; 64 << 20]);
        call.wait_with_output().unwrap()
    };
    let sent = call(&[]);
    assert!(!sent.status.success() && stderr(&sent).contains("too large"), "{sent:?}");
    assert_eq!(stdout(&call(&["--no-stdin"])), "{}\n");
}
