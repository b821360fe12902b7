//! Each program in all three worlds, line by line.

use crate::differences::judge;
use crate::worlds::{Outcome, Task, in_guest, in_wasi, on_linux};
use std::path::Path;

/// In the order of `main.c`.
const PROGRAMS: [&str; 18] = [
    "descriptors",
    "devices",
    "ends",
    "folders",
    "input",
    "links",
    "modes",
    "opening",
    "names",
    "process",
    "random_operations",
    "raw",
    "reading",
    "removing",
    "renaming",
    "seeking",
    "status",
    "times_of",
];
/// Ways to end in `ends.c`.
const WAYS_TO_END: u32 = 11;

/// The place of a program.
pub(crate) fn number_of(program: &str) -> u32 {
    PROGRAMS.iter().position(|name| *name == program).expect("it is a program") as u32
}

/// Writes what the worlds printed into the folder `AMPOULE_WASI_LINES`, if there is to be one.
pub(crate) fn keep_lines(program: &str, worlds: &[(&str, &str)]) {
    let Some(folder) = std::env::var_os("AMPOULE_WASI_LINES") else { return };
    for (world, lines) in worlds {
        let path = Path::new(&folder).join(format!("{program}.{world}"));
        std::fs::write(&path, lines).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fn compare(program: &str) {
    compare_each(program, 1);
}

fn compare_each(program: &str, variants: u32) {
    let input: Vec<u8> = (0..3000u32).map(|at| (at * 7 % 251) as u8).collect();
    let mut worlds = [String::new(), String::new(), String::new()];
    for variant in 0..variants {
        let task = Task { program: number_of(program), variant, operations: &[], input: &input };
        let runs = [in_guest(task), in_wasi(task), on_linux(task)];
        for (world, Outcome { stdout, stderr, end }) in worlds.iter_mut().zip(runs) {
            let name = if variants > 1 { format!("{variant} ") } else { String::new() };
            let named: String = stdout.lines().map(|line| format!("{name}{line}\n")).collect();
            world.push_str(&named);
            world.push_str(&format!("{name}stderr = {stderr:?}\n{name}end = {end}\n"));
        }
    }
    let [guest, wasi, linux] = worlds;
    keep_lines(program, &[("guest", &guest), ("wasi", &wasi), ("linux", &linux)]);
    // WASI's calls themselves are not called there.
    let linux = (program != "raw").then_some(&*linux);
    if let Err(wrong) = judge(program, &guest, &wasi, linux) {
        panic!("{wrong}");
    }
}

#[test]
fn descriptors() {
    compare("descriptors");
}

#[test]
fn devices() {
    compare("devices");
}

#[test]
fn ends() {
    compare_each("ends", WAYS_TO_END);
}

#[test]
fn folders() {
    compare("folders");
}

#[test]
fn input() {
    compare("input");
}

#[test]
fn links() {
    compare("links");
}

#[test]
fn modes() {
    compare("modes");
}

#[test]
fn opening() {
    compare("opening");
}

#[test]
fn names() {
    compare("names");
}

#[test]
fn process() {
    compare("process");
}

#[test]
fn raw() {
    compare("raw");
}

#[test]
fn reading() {
    compare("reading");
}

#[test]
fn removing() {
    compare("removing");
}

#[test]
fn renaming() {
    compare("renaming");
}

#[test]
fn seeking() {
    compare("seeking");
}

#[test]
fn status() {
    compare("status");
}

#[test]
fn times_of() {
    compare("times_of");
}
