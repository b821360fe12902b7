//! A disk that becomes full while an image is written: the build says so, leaves no half of an image, and
//! works when there is room again. The disk is a tmpfs of a few KiB, which only root can mount: elsewhere the
//! test says that it did nothing.

mod common;

use common::House;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, size: &str) -> Option<Disk> {
        fs::create_dir_all(at).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(at)
            .output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Disk(at.to_owned()))
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let grown =
            Command::new("mount").args(["-o", &options]).arg(&self.0).status().expect("mount is there");
        assert!(grown.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Everything below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("it can be listed").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file_and_leaves_nothing_behind() {
    let house = House::with_guest();
    let images = house.path().join("images");
    let Some(disk) = Disk::mount(&images, "16k") else {
        ampoule_testing::cannot_run("this user may not mount a tmpfs");
        return;
    };
    let error = house.error();
    assert!(error.contains("No space left on device"), "{error}");
    assert!(error.contains("/"), "it names a path: {error}");
    assert_eq!(files(&images), Vec::<PathBuf>::new(), "nothing half-written is there");
    disk.grow("8m");
    let built = house.build().expect("now there is room");
    assert!(built.folder.join("manifest.json").is_file());
    // An image that is there is not lost by a build that fails.
    house.write("guest.sh", format!("{}\n: other\n", common::LAST));
    house.write("guest.wasm", wat::parse_str(common::GUEST.replace("booted", "BOOTED")).expect("it is WAT"));
    fs::write(images.join("filler"), vec![0; 16 << 20]).expect_err("the disk is full");
    let error = house.error();
    assert!(error.contains("No space left on device"), "{error}");
    fs::remove_file(images.join("filler")).expect("it is there");
    let current = fs::read_to_string(images.join("tiny/current")).expect("it is there");
    assert!(built.folder.ends_with(&current) && built.folder.join("code.cwasm").is_file());
}
