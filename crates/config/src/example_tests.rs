//! `deploy/ampoule.toml` says what is so.

use crate::server::Config;
use toml::{Table, Value};

const EXAMPLE: &str = include_str!("../../../deploy/ampoule.toml");

/// With the keys that are off.
fn with_all_keys() -> String {
    let on = |line: &str| match line.strip_prefix('#') {
        Some(key) if key.starts_with(|first: char| first.is_ascii_lowercase() || first == '[') => {
            key.to_owned()
        }
        _ => line.to_owned(),
    };
    EXAMPLE.lines().map(on).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_set_in_the_example_is_the_default() {
    let defaults = Config::default();
    let written = Config::parse(EXAMPLE).unwrap();
    assert_eq!(written, defaults);
    // And nothing is left to the default that could be said.
    let (said, known) = (EXAMPLE.parse::<Table>().unwrap(), Table::try_from(&defaults).unwrap());
    let of_the_machine = ["functions.folder", "images", "memory", "slots", "usage_file"].map(str::to_owned);
    let missing: Vec<String> =
        keys("", &known).into_iter().filter(|key| !keys("", &said).contains(key)).collect();
    assert_eq!(missing, of_the_machine);
}

#[test]
fn the_example_has_every_key_and_reads_with_all_of_them() {
    let text = with_all_keys();
    Config::parse(&text).unwrap();
    let said = keys("", &text.parse().unwrap());
    for key in keys("", &Table::try_from(Config::with_everything()).unwrap()) {
        // The old name of a key is for files that are there already.
        assert!(key == "patience" || said.contains(&key), "{key} is not in deploy/ampoule.toml");
    }
    // What stands below a tenant is read by the same rules.
    assert!(Config::parse(&text.replace("fuel_per_day", "fuel_a_day")).is_err());
}

fn keys(above: &str, table: &Table) -> Vec<String> {
    let of = |(key, value): (&String, &Value)| match value {
        Value::Table(table) => keys(&format!("{above}{key}."), table),
        _ => vec![format!("{above}{key}")],
    };
    table.iter().flat_map(of).collect()
}
