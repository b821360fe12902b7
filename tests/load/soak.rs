//! `ampoule bench --soak`, a short one: every call ends as it must, the server serves on and drains, the
//! files are written.

use crate::common;
use std::process::Command;

#[test]
fn nothing_fails_that_should_not() {
    let _alone = crate::ALONE.blocking_lock();
    let folder = tempfile::tempdir().unwrap();
    let bench = Command::new(env!("CARGO_BIN_EXE_ampoule"))
        .args(["bench", "--soak", "2000", "--seed", "20261121", "--out"])
        .arg(folder.path())
        .env("AMPOULE_IMAGES", common::images_folder())
        .output()
        .unwrap();
    let (table, log) = (String::from_utf8(bench.stdout).unwrap(), String::from_utf8(bench.stderr).unwrap());
    assert_eq!(bench.status.code(), Some(0), "{log}\n{table}");
    assert!(log.contains("seed 20261121") && !log.contains("SPURIOUS"), "{log}");
    assert!(table.contains("| 0 spurious failures; "), "{table}");
    assert!(table.contains("| 30 of 30 executions served; drained in "), "{table}");
    // Every kind of call was among them.
    let kinds =
        ["| unary |", "| stream |", "| batch of 8 |", "| HTTP |", "| Dify, code |", "| hostile program |"];
    for kind in kinds {
        assert!(table.contains(kind), "{kind} is missing in:\n{table}");
    }
    let csv = std::fs::read_to_string(folder.path().join("soak.csv")).unwrap();
    assert!(
        csv.starts_with("seconds,executions,resident_mib,private_mib\n") && csv.lines().count() > 3,
        "{csv}"
    );
    let svg = std::fs::read_to_string(folder.path().join("soak.svg")).unwrap();
    assert!(
        svg.starts_with("<svg ") && svg.ends_with("</svg>\n") && svg.matches("<polyline").count() == 2,
        "{svg}"
    );
}
