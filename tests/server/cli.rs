//! The command line as scripts use it: exit codes, what goes to stdout and stderr, messages. On a tiny guest,
//! see `crates/testing/src/guest.wat`; the languages themselves are tested elsewhere.

use crate::tiny;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use tempfile::TempDir;

static IMAGES: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    tiny::write_images(folder.path());
    folder
});

/// A folder with programs of the tiny guest.
struct Bench {
    folder: TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let programs =
            [("echo.py", "e"), ("echo.js", "e"), ("fail.py", "f"), ("loop.py", "l"), ("stdin.py", "i")];
        let more = [
            ("print.py", "p"),
            ("trap.py", "t"),
            ("greedy.py", "m"),
            ("broken.py", "d"),
            ("echo.txt", "e"),
            ("empty.py", ""),
        ];
        for (name, source) in programs.iter().chain(&more) {
            std::fs::write(folder.path().join(name), source).unwrap();
        }
        Bench { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        ampoule(self.folder.path(), IMAGES.path(), arguments)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(&[&["run"], arguments].concat()).stdin(Stdio::null()).output().unwrap()
    }
}

fn ampoule(folder: &Path, images: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ampoule"));
    // No recipes: nothing is built behind a test's back.
    command.current_dir(folder).env("AMPOULE_IMAGES", images).env("AMPOULE_RUNTIMES", folder).args(arguments);
    // What the tests themselves were given is no program's.
    command.stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn assert_ends(output: &Output, exit: i32, stdout: &str, stderr: &str) {
    let found = (output.status.code(), text(&output.stdout), text(&output.stderr));
    assert_eq!(found, (Some(exit), stdout, stderr));
}

#[test]
fn a_result_is_pretty_json_with_its_numbers_as_they_are() {
    let output =
        Bench::new().run(&["echo.py", "--input", "{\"big\":123456789012345678901234567890,\"l\":[1.50,[]]}"]);
    let expected = "{\n  \"big\": 123456789012345678901234567890,\n  \"l\": [\n    1.50,\n    []\n  ]\n}\n";
    assert_ends(&output, 0, expected, "");
}

#[test]
fn output_comes_as_it_is_and_the_result_on_its_own_line() {
    let bench = Bench::new();
    assert_ends(&bench.run(&["print.py", "--input", "{\"a\":1}"]), 0, "{\"a\":1}\nnull\n", "{\"a\":1}");
    assert_ends(
        &bench.run(&["print.py", "--input", "{\"a\":1}", "--entry", "script"]),
        0,
        "{\"a\":1}",
        "{\"a\":1}",
    );
}

#[test]
fn a_failure_is_1_and_on_stderr() {
    let bench = Bench::new();
    assert_ends(&bench.run(&["fail.py"]), 1, "", "ampoule: raised: Boom: {}\n");
    assert_ends(&bench.run(&["broken.py"]), 1, "", "ampoule: raised: SyntaxError: \n");
}

#[test]
fn a_limit_is_3_and_named() {
    let bench = Bench::new();
    let timed_out = "ampoule: timed_out: TimedOut: stopped after 0.05 s of wall time: do less or raise limits.wall_time\n";
    assert_ends(&bench.run(&["loop.py", "--timeout", "50ms"]), 3, "", timed_out);
    let fuel = bench.run(&["loop.py", "--fuel", "1000000"]);
    let exhausted = "ampoule: fuel_exhausted: FuelExhausted: stopped after 1000000 units of fuel: do less or raise limits.fuel\n";
    assert_ends(&fuel, 3, "", exhausted);
    let memory = bench.run(&["greedy.py", "--memory", "32MiB"]);
    assert_eq!(memory.status.code(), Some(3));
    assert!(text(&memory.stderr).contains("the limit of 32 MiB"), "{}", text(&memory.stderr));
}

#[test]
fn a_fault_of_the_guest_is_4() {
    assert_eq!(Bench::new().run(&["trap.py"]).status.code(), Some(4));
}

#[test]
fn mistakes_are_2_and_say_what_to_do() {
    let bench = Bench::new();
    let cases: &[(&[&str], &str)] = &[
        (&["missing.py"], "the program: cannot read 'missing.py': No such file or directory (os error 2)"),
        (
            &["echo.txt"],
            "cannot tell the language of 'echo.txt' by its ending: add --language python, javascript or typescript",
        ),
        (
            &["-"],
            "cannot tell the language of '-' by its ending: add --language python, javascript or typescript",
        ),
        (&["empty.py"], "source.code is empty: give a program"),
        (
            &["echo.py", "--input", "[1]"],
            "--input: input_json is not a JSON object: it begins with an array; wrap the value in an object",
        ),
        (
            &["echo.py", "--timeout", "90s"],
            "--timeout: limits.wall_time is 90 s, the server's cap is 60 s: ask for less",
        ),
        (&["echo.py", "--env", "A"], "--env 'A' lacks its value: write KEY=VALUE"),
        (
            &["echo.py", "--addr", "127.0.0.1:1"],
            "--addr '127.0.0.1:1' is no address: write https://HOST:PORT, or http://HOST:PORT for clear text",
        ),
        (
            &["echo.py", "--file", "none"],
            "--file: cannot read 'none': No such file or directory (os error 2)",
        ),
        (&["echo.py", "--module", "a"], "--module 'a' lacks its path: write NAME=PATH"),
        (
            &["echo.py", "--file", "echo.js:../x"],
            "--file: files[0].path '../x' leaves the working directory: '..' is not taken",
        ),
        (
            &["-", "--language", "python", "--input-file", "-"],
            "stdin cannot be both the program and the input",
        ),
    ];
    for (arguments, message) in cases {
        assert_ends(&bench.run(arguments), 2, "", &format!("ampoule: {message}\n"));
    }
}

#[test]
fn clap_finds_mistakes_too() {
    let bench = Bench::new();
    let cases: &[&[&str]] = &[
        &[],
        &["echo.py", "--timeout", "0s"],
        &["echo.py", "--memory", "much"],
        &["echo.py", "--fuel", "1.5"],
        &["echo.py", "--language", "ruby"],
        &["echo.py", "--entry", "start"],
        &["echo.py", "--now", "yesterday"],
        &["echo.py", "--input", "{}", "--input-file", "x"],
        &["echo.py", "--unknown"],
    ];
    for arguments in cases {
        let output = bench.run(arguments);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{arguments:?}");
        assert!(text(&output.stderr).contains("error:"), "{arguments:?}");
    }
}

#[test]
fn what_is_missing_is_4_and_named() {
    let bench = Bench::new();
    let empty = tempfile::tempdir().unwrap();
    let output = ampoule(empty.path(), empty.path(), &["run", bench.path("echo.py").to_str().unwrap()])
        .output()
        .unwrap();
    let code = if cfg!(feature = "builder") { 2 } else { 4 };
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(text(&output.stderr).contains("python"), "{}", text(&output.stderr));
    let nobody = bench.run(&["echo.py", "--addr", "http://127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(4));
    assert!(
        text(&nobody.stderr).starts_with("ampoule: no server answers at http://127.0.0.1:1"),
        "{}",
        text(&nobody.stderr)
    );
}

#[test]
fn json_is_what_http_answers() {
    let bench = Bench::new();
    let output =
        bench.run(&["echo.py", "--json", "--input", "{\"z\": 1.10,\n\"a\":12345678901234567890123}"]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    let line = text(&output.stdout);
    assert_eq!(line.lines().count(), 1);
    assert!(line.starts_with(
        "{\"status\":\"STATUS_COMPLETED\",\"result\":{\"z\": 1.10, \"a\":12345678901234567890123},"
    ));
    let report: Value = serde_json::from_str(line).unwrap();
    assert_eq!((&report["failure"], &report["files"]), (&Value::Null, &Value::Array(Vec::new())));
    assert_eq!((&report["stdout"], &report["stderr"]), (&"".into(), &"".into()));
    assert_eq!((&report["stdoutTruncated"], &report["stderrTruncated"]), (&false.into(), &false.into()));
    assert!(report["usage"]["fuel"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    for time in ["wallTime", "cpuTime", "queueTime", "sleepTime", "waitTime"] {
        assert!(report["usage"][time].as_str().unwrap().ends_with('s'));
    }
    assert_eq!(report["imageDigest"].as_str().unwrap().len(), 64);
    assert_eq!((&report["functionVersion"], report.get("resultJson")), (&"".into(), None));
}

#[test]
fn json_tells_failures_with_the_same_exit_code() {
    let bench = Bench::new();
    for (arguments, exit, status) in [
        (&["fail.py", "--json"][..], 1, "STATUS_RAISED"),
        (&["loop.py", "--json", "--timeout", "50ms"][..], 3, "STATUS_TIMED_OUT"),
        (&["loop.py", "--json", "--fuel", "10000"][..], 3, "STATUS_FUEL_EXHAUSTED"),
        (&["greedy.py", "--json"][..], 3, "STATUS_OUT_OF_MEMORY"),
        (&["trap.py", "--json"][..], 4, "STATUS_INTERNAL"),
    ] {
        let output = bench.run(arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), report["status"].as_str()), (Some(exit), Some(status)));
        assert!(report["failure"]["type"].is_string() && report["failure"]["line"].is_number());
        assert_eq!(report["result"], Value::Null);
    }
}

#[test]
fn the_language_is_told_by_the_ending_or_by_the_flag() {
    let bench = Bench::new();
    let digest = |arguments: &[&str]| {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["imageDigest"].as_str().unwrap().to_owned()
    };
    let (python, javascript) = (digest(&["echo.py", "--json"]), digest(&["echo.js", "--json"]));
    assert_ne!(python, javascript);
    assert_eq!(digest(&["echo.txt", "--json", "--language", "javascript"]), javascript);
    assert_eq!(digest(&["echo.js", "--json", "--language", "python"]), python);
    assert_eq!(digest(&["echo.txt", "--json", "--language", "typescript"]), javascript);
    std::fs::copy(bench.path("echo.js"), bench.path("echo.mts")).unwrap();
    assert_eq!(digest(&["echo.mts", "--json"]), javascript);
}

impl Bench {
    /// With this on stdin, by a pipe.
    fn feed(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

#[test]
fn stdin_is_the_programs() {
    let bench = Bench::new();
    assert_ends(&bench.feed(&["run", "stdin.py"], "[1]"), 0, "[\n  1\n]\n", "");
    assert_ends(&bench.feed(&["run", "stdin.py", "--no-stdin"], "[1]"), 0, "null\n", "");
    assert_ends(&bench.feed(&["run", "stdin.py", "--input", "{}"], ""), 0, "null\n", "");
    // By a file, too, and nothing where there is none.
    std::fs::write(bench.path("data.json"), "{\"a\":1}").unwrap();
    let file = std::fs::File::open(bench.path("data.json")).unwrap();
    let output = bench.command(&["run", "stdin.py"]).stdin(file).output().unwrap();
    assert_ends(&output, 0, "{\n  \"a\": 1\n}\n", "");
    assert_ends(&bench.run(&["stdin.py"]), 0, "null\n", "");
    // What the program itself or its input is read from is read to its end.
    assert_ends(&bench.feed(&["run", "--language", "python", "-"], "i"), 0, "null\n", "");
    assert_ends(&bench.feed(&["run", "stdin.py", "--input-file", "-"], "{}"), 0, "null\n", "");
    let folder = std::fs::File::open(bench.folder.path()).unwrap();
    let output = bench.command(&["run", "stdin.py"]).stdin(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("cannot read stdin, which is the program's"),
        "{}",
        text(&output.stderr)
    );
    // More than a server takes is refused by its name.
    let large = bench.feed(&["run", "stdin.py"], &" ".repeat((16 << 20) + 1));
    let refused = "ampoule: stdin takes 16777217 bytes, the server's cap is 16 MiB: send less\n";
    assert_ends(&large, 2, "", refused);
}

#[test]
fn who_waits_for_the_end_of_stdin_is_told() {
    let bench = Bench::new();
    let mut command = bench.command(&["run", "stdin.py"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(
        said,
        "ampoule: waiting for the end of stdin, which is the program's: --no-stdin leaves it alone\n"
    );
    child.stdin.take().unwrap().write_all(b"2").unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), "2\n");
}

#[test]
fn patterns_of_files_are_checked() {
    let output = Bench::new().run(&["echo.py", "--output-file", "*.csv", "--output-file", "a[0-9]"]);
    let message = "ampoule: --output-file: output_files[1] holds a bracket, brace or backslash: only '*', '?' and '**' mean something, and '?' stands for any character\n";
    assert_ends(&output, 2, "", message);
}

#[test]
fn program_and_input_can_come_from_stdin() {
    let bench = Bench::new();
    let feed = |arguments: &[&str], stdin: &str| bench.feed(arguments, stdin);
    assert_ends(&feed(&["run", "--language", "python", "-"], "e"), 0, "{}\n", "");
    assert_ends(&feed(&["run", "echo.py", "--input-file", "-"], "{\"a\":[]}"), 0, "{\n  \"a\": []\n}\n", "");
    std::fs::write(bench.path("input.json"), "{}").unwrap();
    assert_ends(&bench.run(&["echo.py", "--input-file", "input.json"]), 0, "{}\n", "");
}

#[test]
fn a_reader_that_leaves_changes_nothing() {
    let bench = Bench::new();
    let json = format!("{{\"a\":\"{}\"}}", "x".repeat(100_000));
    let mut child = bench
        .command(&["run", "fail.py", "--json", "--input", &json])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn images_are_listed_and_inspected() {
    let bench = Bench::new();
    let list = bench.command(&["image", "list"]).output().unwrap();
    let lines: Vec<&str> = text(&list.stdout).lines().collect();
    assert_eq!(list.status.code(), Some(0));
    assert!(
        lines.len() == 3 && lines[1].starts_with("javascript") && lines[2].starts_with("python"),
        "{lines:?}"
    );
    let inspect = bench.command(&["image", "inspect", "python"]).output().unwrap();
    let table = "\npackage  version  licence     code    modules       imported\n\
                 tiny     0.1      Apache-2.0  native  tiny tinier  at the snapshot\n";
    assert!(
        text(&inspect.stdout).ends_with(&table.replace("modules       ", "modules      ")),
        "{}",
        text(&inspect.stdout)
    );
    let json = bench.command(&["image", "inspect", "python", "--json"]).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&json.stdout).unwrap()["language"], "python");
    let unknown = bench.command(&["image", "inspect", "ruby"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("ampoule image build ruby"));
}
