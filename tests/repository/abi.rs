//! The numbers of the ABI are written three times: in C (`abi.h`), in Rust and in Python. They are the same.

use crate::read;
use std::collections::BTreeMap;

type Numbers = BTreeMap<String, u32>;

/// `NAME = number` and `NAME: u32 = number`, whatever stands before and after.
fn numbers(text: &str, prefix: &str) -> Numbers {
    let number = |line: &str| {
        let (name, value) = line.split("/*").next().unwrap().split_once(" = ")?;
        let name =
            name.trim().trim_start_matches("pub const ").trim_end_matches(": u32").strip_prefix(prefix)?;
        let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
        Some((name.to_owned(), digits.parse().ok()?))
    };
    text.lines().filter_map(number).collect()
}

/// The members of an `enum` in one line.
fn members(line: &str) -> Numbers {
    let inside = line.split_once('{').unwrap().1.split('}').next().unwrap();
    inside.split(',').flat_map(|member| numbers(member, "AMPOULE_")).collect()
}

/// Python's `A, B = 1, 2`.
fn assigned(text: &str) -> Numbers {
    let pairs = |line: &str| -> Option<Vec<(String, u32)>> {
        let (names, values) = line.split_once(" = ")?;
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        };
        let names: Vec<&str> = names.split(", ").collect();
        let values: Vec<u32> =
            values.split(", ").map(|value| value.trim().parse().ok()).collect::<Option<_>>()?;
        (names.len() == values.len() && names.iter().all(|name| is_name(name)))
            .then(|| names.iter().map(|name| (*name).to_owned()).zip(values).collect())
    };
    text.lines().filter(|line| line.contains(", ")).filter_map(pairs).flatten().collect()
}

#[test]
fn fields_have_one_number_in_c_rust_and_python() {
    let abi = read("runtimes/guest/abi.h");
    let rust = read("crates/model/src/message.rs");
    // Kinds have names of their own in Rust.
    let fields = |numbers: Numbers| -> Numbers {
        numbers
            .into_iter()
            .filter(|(name, _)| !["COMPLETED", "RAISED", "INVALID_RESULT", "MEMORY"].contains(&&**name))
            .collect()
    };
    let c = fields(numbers(&abi, "AMPOULE_"));
    assert!(c.len() >= 17, "{c:?}");
    assert_eq!(c, numbers(&rust, ""), "abi.h and crates/model/src/message.rs");

    let line = abi.lines().find(|line| line.starts_with("enum ampoule_entry")).unwrap();
    let entries: Numbers = members(line)
        .into_iter()
        .map(|(name, value)| (name.trim_start_matches("ENTRY_").to_owned(), value))
        .collect();
    let python = assigned(&read("runtimes/python/bootstrap/program.py"));
    assert!(python.len() >= 7, "{python:?}");
    for (name, value) in &python {
        let expected = entries.get(name).or_else(|| c.get(name));
        assert_eq!(Some(value), expected, "program.py: {name}");
    }

    let all = numbers(&abi, "AMPOULE_");
    let python = assigned(&read("runtimes/python/bootstrap/failures.py"));
    assert!(python.len() >= 9, "{python:?}");
    for (name, value) in &python {
        let expected = all.get(name).or_else(|| all.get(&format!("FAIL_{name}")));
        assert_eq!(Some(value), expected, "failures.py: {name}");
    }
}

#[test]
fn imports_are_the_same_in_c_and_rust() {
    let abi = read("runtimes/guest/abi.h");
    let import = |line: &str| Some(line.strip_prefix("AMPOULE_IMPORT(")?.split(')').next()?.to_owned());
    let of_c: Vec<String> = abi.lines().filter_map(import).collect();
    assert!(of_c.len() >= 5, "{of_c:?}");
    let rust = read("crates/model/src/imports.rs");
    for name in of_c {
        assert!(rust.contains(&format!("\"{name}\"")), "crates/model/src/imports.rs has no {name}");
    }
}
