//! What is to differ between the guests' WASI, `wasmtime-wasi` and Linux: `differences.txt`, and how lines
//! are judged by it.

use std::collections::HashMap;
use std::fmt::Write;

const LIST: &str = include_str!("differences.txt");
/// Parts of an entry.
const DASH: &str = " — ";
/// Between a line's label and its result.
const EQUALS: &str = " = ";
/// What a world has for a label that it did not print.
const NO_LINE: &str = "(no line)";
/// Most lines that a failure shows.
const MOST_SHOWN: usize = 40;

/// With which of the other worlds the guests agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Side {
    Both,
    Linux,
    Wasi,
    Own,
}

struct Entry {
    pattern: &'static str,
    side: Side,
}

/// The entries for a program: `program/label — linux|wasi|own — reason`, `*` in a label standing for any
/// text.
fn entries(program: &str) -> Vec<Entry> {
    let lines = LIST.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let parse = |line: &'static str| {
        let parts: Vec<&str> = line.splitn(3, DASH).collect();
        let [pattern, side, reason] = parts[..] else { panic!("differences.txt: not three parts: {line}") };
        assert!(!reason.trim().is_empty(), "differences.txt: no reason is given: {line}");
        let side = match side {
            "linux" => Side::Linux,
            "wasi" => Side::Wasi,
            "own" => Side::Own,
            _ => panic!("differences.txt: none of `linux`, `wasi` and `own`: {line}"),
        };
        let (of, pattern) = pattern.split_once('/').unwrap_or_else(|| panic!("no program is named: {line}"));
        (of, Entry { pattern, side })
    };
    lines.map(parse).filter(|(of, _)| *of == program).map(|(_, entry)| entry).collect()
}

/// Whether `text` is what the pattern says, `*` being any text.
fn covers(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    loop {
        if covers(rest, text) {
            return true;
        }
        let mut characters = text.chars();
        if characters.next().is_none() {
            return false;
        }
        text = characters.as_str();
    }
}

/// Labels and results in order. A label that occurs again has its number behind it.
fn labelled(lines: &str) -> Vec<(String, &str)> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let label = |line| -> (String, &str) {
        let (label, result) = str::split_once(line, EQUALS).unwrap_or((line, ""));
        let times = seen.entry(label).or_default();
        *times += 1;
        (if *times > 1 { format!("{label} ({times})") } else { label.to_owned() }, result)
    };
    lines.lines().map(label).collect()
}

/// Every line is the same in all three worlds, or is listed; and nothing is listed that is. Without lines of
/// Linux it is left out.
pub(crate) fn judge(program: &str, guest: &str, wasi: &str, linux: Option<&str>) -> Result<(), String> {
    let entries = entries(program);
    let lines = [guest, wasi, linux.unwrap_or(wasi)].map(labelled);
    let [ours, theirs, linuxes] = lines.each_ref().map(|lines| {
        let by_label = lines.iter().map(|(label, result)| (&**label, *result));
        by_label.collect::<HashMap<&str, &str>>()
    });
    let [guest, wasi, linux] = &lines;
    let missing = |(label, _): &&(String, &str)| !ours.contains_key(&**label);
    let only_wasi = wasi.iter().filter(missing);
    let only_linux = linux.iter().filter(missing).filter(|(label, _)| !theirs.contains_key(&**label));
    let labels = guest.iter().chain(only_wasi).chain(only_linux).map(|(label, _)| label);

    let mut used = vec![false; entries.len()];
    let (mut wrong, mut count) = (String::new(), 0);
    for label in labels {
        let result = |world: &HashMap<&str, &'_ str>| (*world.get(&**label).unwrap_or(&NO_LINE)).to_owned();
        let [here, there, native] = [&ours, &theirs, &linuxes].map(result);
        let side = match (here == there, here == native) {
            (true, true) => Side::Both,
            (false, true) => Side::Linux,
            (true, false) => Side::Wasi,
            (false, false) => Side::Own,
        };
        if side == Side::Both {
            continue;
        }
        let listed = entries.iter().position(|entry| covers(entry.pattern, label));
        let why = match listed {
            Some(at) => {
                used[at] = true;
                if entries[at].side == side {
                    continue;
                }
                format!("listed as {:?}, and is {side:?}", entries[at].side)
            }
            None => "not listed".to_owned(),
        };
        count += 1;
        if count <= MOST_SHOWN {
            let _ = writeln!(
                wrong,
                "{program}/{label}: {why}\n  guest: {here}\n  wasi:  {there}\n  linux: {native}"
            );
        }
    }
    if count > MOST_SHOWN {
        let _ = writeln!(wrong, "and {} more", count - MOST_SHOWN);
    }
    for (entry, _) in entries.iter().zip(used).filter(|(_, used)| !used) {
        let _ = writeln!(wrong, "{program}/{} is listed and does not differ", entry.pattern);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

#[test]
fn patterns() {
    assert!(covers("a*c", "abc") && covers("a*", "a") && covers("*b*", "abc") && covers("a*b*c", "axbyc"));
    assert!(!covers("a*c", "ab") && !covers("ab", "abc") && !covers("*x*", "abc") && covers("", ""));
}
