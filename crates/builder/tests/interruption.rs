//! Builds that are killed, and builds that meet in one cache.

mod common;

use common::{House, LAST, Record, child_build, eventually};
use std::fs;

#[test]
fn child() {
    common::build_as_child();
}

fn two_steps(first: &str) -> House {
    let house = House::with_guest();
    house.recipe(
        "[[step]]\nname = \"first\"\nscript = \"first.sh\"\n\
         [[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nneeds = [\"first\"]\nfiles = [\"guest.wasm\"]\n",
    );
    house.write("first.sh", first);
    house
}

#[test]
fn a_killed_build_ends_its_scripts_and_leaves_no_half_output() {
    let house = two_steps("echo first >\"$OUT/first\"\n");
    let seen = house.path().join("pid");
    // A process below the script, as a compiler would be.
    house.write(
        "guest.sh",
        format!("echo half >\"$OUT/guest.wasm\"\nbash -c 'echo $$ >{}; exec sleep 1000'\n", seen.display()),
    );
    let mut build = child_build(&house).spawn().expect("it starts");
    eventually("the script is at work", || fs::read_to_string(&seen).is_ok_and(|pid| pid.ends_with('\n')));
    build.kill().expect("it runs");
    build.wait().expect("it was started");
    let pid = fs::read_to_string(&seen).expect("it was written");
    let running = std::path::Path::new("/proc").join(pid.trim());
    eventually("the script's processes end", || !running.exists());
    let half = fs::read_dir(house.cache().join("steps")).expect("it is there").flatten();
    assert!(!half.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("tiny-guest")));

    house.write("guest.sh", LAST);
    assert_eq!(house.steps_run(), ["guest", "snapshot", "compile"]);
}

#[test]
fn two_builds_of_one_cache_wait_for_each_other() {
    let house = two_steps("sleep 1\necho run >>\"$AMPOULE_TOOL_CACHE/runs\"\n");
    let build = || {
        let mut record = Record::default();
        let image = house.build_with(&mut record).expect("the build works");
        (image.fresh, record.notes)
    };
    let results = std::thread::scope(|scope| {
        let both = [scope.spawn(build), scope.spawn(build)];
        both.map(|thread| thread.join().expect("no panic"))
    });
    assert_eq!(results.iter().filter(|(fresh, _)| *fresh).count(), 1);
    let waiter = results.iter().find(|(fresh, _)| !fresh).expect("one waited");
    assert_eq!(waiter.1, ["another build is at work in this cache; waiting for it"]);
    assert_eq!(fs::read_to_string(house.cache().join("tools/runs")).expect("it ran"), "run\n");
}
