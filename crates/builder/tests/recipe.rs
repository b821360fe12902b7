//! A wrong recipe is refused before anything runs, in words that name the field.

mod common;

use common::{House, source};

const STEP: &str = "[[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nfiles = [\"guest.wasm\"]\n";

/// The error of a recipe that consists of the usual head and this.
fn refused(after_head: &str) -> String {
    let house = House::with_guest();
    house.recipe(after_head);
    let message = house.error();
    assert!(message.contains("tiny/recipe.toml: "), "{message}");
    message
}

fn assert_refused(after_head: &str, expected: &str) {
    let message = refused(after_head);
    assert!(message.contains(expected), "{message}\ndoes not contain\n{expected}");
}

#[test]
fn unknown_references_are_named() {
    assert_refused(
        &format!("{STEP}sources = [\"zig\"]\n"),
        "step `guest`: sources names `zig`, which is no source.id",
    );
    assert_refused(
        &format!("{STEP}needs = [\"native\"]\n"),
        "step `guest`: needs names `native`, which is no earlier step",
    );
    let itself = format!("{STEP}needs = [\"guest\"]\n");
    assert_refused(&itself, "needs names `guest`, which is no earlier step");
}

#[test]
fn duplicates_are_named() {
    let hash = "0".repeat(64);
    let twice = format!("{}{}{STEP}", source("zig", &hash), source("zig", &hash));
    assert_refused(&twice, "source.id `zig` occurs twice");
    assert_refused(&format!("{STEP}{STEP}"), "step.name `guest` occurs twice");
}

#[test]
fn missing_files_are_named() {
    assert_refused(&STEP.replace("guest.sh", "gone.sh"), "step `guest`: script `gone.sh` is not a file");
    assert_refused(&STEP.replace("guest.wasm", "*.c"), "step `guest`: files `*.c` matches no file");
    assert_refused(
        &STEP.replace("guest.wasm", "../../secret"),
        "step `guest`: files `../../secret` leads out of runtimes/",
    );
    assert_refused(&STEP.replace("guest.wasm", "/etc/passwd"), "files `/etc/passwd` leads out of runtimes/");
}

#[test]
fn bad_fields_of_a_source_are_named() {
    let good = source("zig", &"0".repeat(64));
    let with = |from: &str, to: &str| format!("{}{STEP}sources = [\"zig\"]\n", good.replace(from, to));
    assert_refused(&with(&"0".repeat(64), "abc"), "source `zig`: sha256 is not 64 lower-case hex digits");
    assert_refused(
        &with("file = \"zig.tgz\"", "file = \"../zig.tgz\""),
        "source `zig`: file `../zig.tgz` is not a file name",
    );
    assert_refused(
        &with("package = \"zig\"", "package = \"--index-url\""),
        "source `zig`: package `--index-url` is not",
    );
    assert_refused(&with("licence = \"MIT\"", "licence = \"\""), "source `zig`: licence is empty");
    assert_refused(&with("from = \"npm\"", "from = \"ftp\""), "unknown variant `ftp`");
    assert_refused(
        &with("shipped = true", "shipped = false\nnative = true"),
        "source `zig`: native and modules are about what is shipped, and it is not",
    );
    assert_refused(
        &with("shipped", "modules = [\"zig\"]\npreimported = [\"zig.build\", \"ziggy\"]\nshipped"),
        "source `zig`: preimported names `ziggy`, which is in none of its modules",
    );
    assert_refused(
        &with("shipped", "alternative = \"http://x\"\nshipped"),
        "source `zig`: alternative is not an https address",
    );
}

#[test]
fn unused_sources_and_unknown_fields_are_refused() {
    assert_refused(&format!("{}{STEP}", source("zig", &"0".repeat(64))), "source `zig` is used by no step");
    assert_refused(&format!("{STEP}colour = \"blue\"\n"), "unknown field `colour`");
    assert_refused("", "there is no [[step]]");
    assert_refused(
        &STEP.replace("name = \"guest\"", "name = \"snapshot\""),
        "step.name `snapshot` is reserved",
    );
}

#[test]
fn sources_may_lie_in_files_of_their_own() {
    let house = House::with_guest();
    let head = common::HEAD.to_owned() + "sources = [\"more/libs.toml\"]\n";
    let content = house.seed_source("zig", b"zig");
    let step = STEP.to_owned() + "sources = [\"more/libs.toml\"]\n";
    house.write("recipe.toml", format!("{head}{step}"));
    assert!(house.error().contains("image.sources `more/libs.toml`: No such file"), "{}", house.error());
    house.write("more/libs.toml", &content);
    assert_eq!(house.build().expect("it builds").manifest.packages.len(), 2);
    house.write("recipe.toml", format!("{head}{STEP}"));
    assert!(house.error().contains("source `zig` is used by no step"), "{}", house.error());
    house.write("more/libs.toml", "colour = \"blue\"\n");
    assert!(house.error().contains("image.sources `more/libs.toml`: ") && house.error().contains("colour"));
    house.write("recipe.toml", format!("{head}{step}").replace("more/", "../../"));
    assert!(
        house.error().contains("image.sources `../../libs.toml` leads out of runtimes/"),
        "{}",
        house.error()
    );
}

#[test]
fn an_unknown_image_lists_the_known_ones() {
    let house = House::with_guest();
    let error = house.builder().build("ruby", &mut common::Record::default()).expect_err("there is no ruby");
    assert_eq!(error.to_string(), "no image is called `ruby`; there are: tiny");
}

#[test]
fn an_image_is_named_like_its_folder() {
    let house = House::with_guest();
    house.write("recipe.toml", common::HEAD.replace("\"tiny\"", "\"small\"") + STEP);
    assert!(
        house.error().contains("image.name is `small`, but the folder is called `tiny`"),
        "{}",
        house.error()
    );
}
