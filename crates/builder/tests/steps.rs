//! Steps run once, in a clean room, and again only when something they read has changed.

mod common;

use ampoule_builder::Reason;
use common::{House, LAST, Record, eventually, sha256};
use std::fs;

/// `left` and `right` are independent; `guest` joins them.
fn three_steps() -> House {
    let house = House::new();
    house.recipe(
        "[[step]]\nname = \"left\"\nscript = \"left.sh\"\nfiles = [\"left.txt\"]\n\
         [[step]]\nname = \"right\"\nscript = \"right.sh\"\n\
         [[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nneeds = [\"left\", \"right\"]\nfiles = [\"guest.wasm\"]\n",
    );
    house.write("left.txt", "one");
    house.write("left.sh", "cp \"$RECIPE/left.txt\" \"$OUT/left\"\n");
    house.write("right.sh", "echo two >\"$OUT/right\"\n");
    house.write("guest.sh", format!("cat \"$STEP_LEFT/left\" \"$STEP_RIGHT/right\"\n{LAST}"));
    house
}

#[test]
fn a_second_build_runs_nothing() {
    let house = three_steps();
    assert_eq!(house.steps_run(), ["left", "right", "guest", "snapshot", "compile"]);
    assert!(house.builder().is_current("tiny").expect("it can be read"));
    let image = house.build().expect("it is there");
    assert!(!image.fresh);
    assert!(house.steps_run().is_empty());
}

#[test]
fn a_changed_line_rebuilds_only_what_follows_from_it() {
    let house = three_steps();
    house.build().expect("the first build works");
    house.write("left.txt", "another");
    assert!(!house.builder().is_current("tiny").expect("it can be read"));
    assert_eq!(house.steps_run(), ["left", "guest", "snapshot", "compile"]);
    // And back again: the outputs are still there.
    house.write("left.txt", "one");
    assert!(house.steps_run().is_empty());
    assert!(house.builder().is_current("tiny").expect("it can be read"));
}

#[test]
fn explain_says_what_would_run_and_why() {
    let house = three_steps();
    let reasons = || -> Vec<String> {
        let steps = house.builder().explain("tiny").expect("it can be explained");
        steps.iter().map(|step| format!("{}: {}", step.name, step.reason)).collect()
    };
    assert_eq!(reasons()[0], "left: never built");
    house.build().expect("the first build works");
    assert!(
        house.builder().explain("tiny").expect("it can").iter().all(|step| step.reason == Reason::UpToDate)
    );
    house.write("left.txt", "another");
    assert_eq!(
        reasons(),
        [
            "left: changed: file tiny/left.txt",
            "right: up to date",
            "guest: changed: step left",
            "snapshot: changed: step guest",
            "compile: changed: step snapshot",
        ]
    );
}

#[test]
fn an_interrupted_build_resumes_at_the_step_it_was_in() {
    let house = three_steps();
    house.write("guest.sh", "false\n");
    assert!(house.error().contains("step `guest` of image `tiny` failed"));
    house.write("guest.sh", LAST);
    assert_eq!(house.steps_run(), ["guest", "snapshot", "compile"]);
}

#[test]
fn independent_steps_run_at_the_same_time() {
    let house = three_steps();
    // Each waits for the other.
    let meets = |mine: &str, other: &str| {
        format!(
            "touch \"$AMPOULE_TOOL_CACHE/{mine}\"\ntimeout 10 bash -c 'until [ -e \"$AMPOULE_TOOL_CACHE/{other}\" ]; do sleep 0.05; done'\ntouch \"$OUT/{mine}\"\n"
        )
    };
    house.write("left.sh", meets("left", "right"));
    house.write("right.sh", meets("right", "left"));
    house.build().expect("they meet");
}

#[test]
fn a_failing_step_stops_the_one_beside_it() {
    let house = three_steps();
    house.write("left.sh", "sleep 1000\n");
    house.write("right.sh", "sleep 0.3\nexit 1\n");
    let started = std::time::Instant::now();
    assert!(house.error().contains("step `right` of image `tiny` failed"));
    assert!(started.elapsed().as_secs() < 30);
}

#[test]
fn a_failed_step_leaves_no_output_and_shows_its_last_lines() {
    let house = three_steps();
    house.write("right.sh", "echo half >\"$OUT/right\"\nseq 100\necho 'cc: no such header' >&2\nexit 3\n");
    let message = house.error();
    assert!(message.contains("exit status: 3"), "{message}");
    assert!(message.contains("62\n63\n") && !message.contains("\n61\n"), "{message}");
    assert!(message.contains("cc: no such header\nwhole log: "), "{message}");
    let log =
        fs::read_to_string(house.cache().canonicalize().expect("it is there").join("logs/tiny-right.log"))
            .expect("a log");
    assert_eq!(log.lines().count(), 101);
    let outputs: Vec<_> = fs::read_dir(house.cache().join("steps"))
        .expect("it is there")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert!(!outputs.iter().any(|name| name.to_string_lossy().contains("right")), "{outputs:?}");
}

#[test]
fn undeclared_files_are_not_there() {
    let house = three_steps();
    house.write("right.sh", "cat \"$RECIPE/left.txt\"\n");
    assert!(house.error().contains("No such file or directory"));
    house.write("right.sh", "ls -R \"$RECIPE_ROOT\" >\"$OUT/right\"; [ -z \"$(ls -A .)\" ]\n");
    house.build().expect("it sees its own script and nothing else");
    let builder = house.builder();
    let step = &builder.explain("tiny").expect("it can")[1];
    let listing =
        fs::read_to_string(house.cache().join(format!("steps/tiny-right-{}/right", &step.key[..16])))
            .expect("its output");
    assert!(listing.contains("right.sh") && !listing.contains("left"), "{listing}");
}

#[test]
fn a_file_edited_during_a_build_counts_for_the_next_one() {
    let house = three_steps();
    let edited = house.path().join("runtimes/tiny/left.txt");
    house.recipe(
        "[[step]]\nname = \"right\"\nscript = \"right.sh\"\n\
         [[step]]\nname = \"left\"\nscript = \"left.sh\"\nneeds = [\"right\"]\nfiles = [\"left.txt\"]\n\
         [[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nneeds = [\"left\"]\nfiles = [\"guest.wasm\"]\n",
    );
    house.write("right.sh", format!("echo edited >{}\n", edited.display()));
    house.write("guest.sh", format!("grep -qx one \"$STEP_LEFT/left\"\n{LAST}"));
    house.build().expect("it sees the file as it was");
    assert!(!house.builder().is_current("tiny").expect("it can be read"));
}

#[test]
fn the_environment_is_the_declared_one() {
    let house = three_steps();
    let content = b"the source's bytes";
    let source = house.seed_source("some-lib", content);
    house.recipe(&format!("{source}[[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nsources = [\"some-lib\"]\nfiles = [\"guest.wasm\"]\n"));
    house.write(
        "guest.sh",
        format!("[ \"$(cat \"$SRC_SOME_LIB\")\" = \"the source's bytes\" ]\n[ -d \"$AMPOULE_TOOL_CACHE\" ]\n[ \"$JOBS\" = 1 ]\n[ -z \"${{CARGO_MANIFEST_DIR:-}}\" ]\n{LAST}"),
    );
    let image = house.build().expect("all of that holds");
    let packages: Vec<_> = image.manifest.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(packages, ["some-lib", "tiny"]);
}

#[test]
fn the_manifest_has_what_the_recipe_says_of_a_package() {
    let house = three_steps();
    let source = house.seed_source("some-lib", b"content");
    let step = "[[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nsources = [\"some-lib\"]\nfiles = [\"guest.wasm\"]\n";
    let more = "native = true\nmodules = [\"some\", \"lib\"]\npreimported = [\"lib.core\"]\n";
    house.recipe(&format!("{source}{more}{step}"));
    house.write("guest.sh", LAST);
    let first = house.build().expect("it builds").manifest;
    let package = &first.packages[0];
    assert_eq!((package.sha256.as_str(), package.native), (sha256(b"content").as_str(), true));
    assert_eq!((package.modules.join(" ").as_str(), package.preimported), ("some lib", true));
    let part = &first.packages[1];
    assert!(
        !part.native && part.modules.is_empty() && !part.preimported && part.sha256.is_empty(),
        "{part:?}"
    );
    // No step reads these fields, and yet the image is made anew.
    house.recipe(&format!("{}{step}", source.replace("MIT", "0BSD")));
    assert!(!house.builder().is_current("tiny").expect("it can be read"));
    let second = house.build().expect("it builds").manifest;
    assert_eq!(second.packages[0].licence, "0BSD");
    assert!(!second.packages[0].native && !second.packages[0].preimported);
    assert_ne!(first.digest, second.digest);
    assert_eq!(first.files, second.files);
}

#[test]
fn one_step_can_be_built_alone() {
    let house = three_steps();
    let mut record = Record::default();
    let output = house.builder().build_step("tiny", "right", &mut record).expect("the build works");
    assert_eq!(fs::read_to_string(output.join("right")).expect("its output"), "two\n");
    assert_eq!(record.started, ["sources", "right"]);
    let error = house.builder().build_step("tiny", "up", &mut record).expect_err("there is no such step");
    assert_eq!(
        error.to_string(),
        "image `tiny` has no step `up`; there are: left, right, guest, snapshot, compile"
    );
}

#[test]
fn progress_shows_the_last_line_of_a_step_at_work() {
    let house = three_steps();
    house.write("right.sh", "echo compiling the parser\nsleep 1\necho two >\"$OUT/right\"\n");
    let mut record = Record::default();
    house.build_with(&mut record).expect("the build works");
    assert!(record.lines.iter().any(|line| line == "compiling the parser"), "{:?}", record.lines);
}

#[test]
fn what_a_script_leaves_running_is_ended() {
    let house = three_steps();
    house.write("right.sh", "sleep 1000 &\necho $! >\"$OUT/right\"\n");
    house.write("guest.sh", format!("cp \"$STEP_RIGHT/right\" \"$OUT/\"\n{LAST}"));
    house.build().expect("the build works");
    let step = &house.builder().explain("tiny").expect("it can")[1];
    let pid = fs::read_to_string(house.cache().join(format!("steps/tiny-right-{}/right", &step.key[..16])))
        .expect("its output");
    let running = std::path::Path::new("/proc").join(pid.trim());
    eventually("the sleep ends", || !running.exists());
}

#[test]
fn only_the_newest_outputs_of_a_step_are_kept() {
    let house = House::with_guest();
    for round in 0..5 {
        house.write("guest.sh", format!("# round {round}\n{LAST}"));
        house.build().expect("the build works");
    }
    let outputs = fs::read_dir(house.cache().join("steps")).expect("it is there").flatten();
    let kept = outputs.filter(|entry| {
        entry.path().is_dir() && entry.file_name().to_string_lossy().starts_with("tiny-guest-")
    });
    assert_eq!(kept.count(), 3);
}
