//! What `ampoule config check` says of fuel: measured on this machine, with the images that are there.

use crate::common;
use std::path::Path;
use std::process::Command;

/// What is printed, which is a configuration still.
fn check(images: &Path, environment: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ampoule"))
        .args(["config", "check"])
        .env("AMPOULE_IMAGES", images)
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn config_check_tells_what_fuel_is_in_processor_time() {
    let images = common::images_folder();
    let told = check(&images, &[]);
    let rates = told
        .lines()
        .find_map(|line| line.strip_prefix("# Units of fuel in a nanosecond of processor time here: "));
    let rates = rates.unwrap_or_else(|| panic!("{told}"));
    for kind in ["python: calls ", "loops ", "texts ", "pandas ", "NumPy ", "; javascript: calls "] {
        let (_, after) = rates.split_once(kind).unwrap_or_else(|| panic!("no '{kind}' in {rates}"));
        let number: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let rate: f64 = number.trim_end_matches('.').parse().unwrap();
        // A busy machine burns less in real time, but no less in processor time.
        assert!(rate > 0.1 && rate < 200.0, "{kind}{rate}");
    }
    assert!(told.contains("# limits.fuel of 1000000000000 is "), "{told}");
    assert!(told.contains(" of processor time; limits.wall_time is 10s, limits.cpu_time 60s.\n"), "{told}");
    assert!(!told.contains("end by their fuel"), "{told}");
    // A limit that ends programs long before their time is told as that.
    let short = check(&images, &[("AMPOULE_LIMITS__FUEL", "1000000")]);
    assert!(short.contains("# Programs that compute all the time end by their fuel"), "{short}");
}

#[test]
fn without_images_it_says_so_and_checks_all_the_same() {
    let empty = tempfile::tempdir().unwrap();
    let told = check(empty.path(), &[]);
    let expected = format!(
        "# What fuel is in processor time was not measured: there are no images in {}.\n",
        empty.path().display()
    );
    assert!(told.ends_with(&expected), "{told}");
}
