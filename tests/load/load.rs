//! `ampoule bench --load`: its table has a row for each kind of call and each number of clients, and no call
//! fails.

use crate::common;
use std::process::Command;

#[test]
fn the_table_of_load_has_all_rows() {
    let _alone = crate::ALONE.blocking_lock();
    let bench = Command::new(env!("CARGO_BIN_EXE_ampoule"))
        .args(["bench", "--load", "--quick"])
        .env("AMPOULE_IMAGES", common::images_folder())
        .output()
        .unwrap();
    let (table, log) = (String::from_utf8(bench.stdout).unwrap(), String::from_utf8(bench.stderr).unwrap());
    assert_eq!(bench.status.code(), Some(0), "{log}");
    for kind in ampoule_bench::Kind::ALL {
        for clients in ampoule_bench::CLIENTS {
            let start = format!("| {}, {clients} clients | ", kind.name());
            let row = table.lines().find(|line| line.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("there is no row '{start}' in:\n{table}"));
            for part in ["executions/s; p50 ", ", p99 ", ", p99.9 ", "; clients' share ", "; 0 failed | "] {
                assert!(row.contains(part), "'{part}' is not in: {row}\n{table}");
            }
            assert!(!row.contains("| 0 executions/s"), "nothing ended: {row}");
        }
    }
}
