//! A house for tests: its own `runtimes/`, cache and images, and a guest of a few lines of WAT.
#![allow(dead_code, unreachable_pub)] // every test file uses a part of it

use ampoule_builder::{Builder, BuiltImage, Error, Options, Progress};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A guest that fits the guest world. Booting writes to its memory and moves a counter.
pub const GUEST: &str = include_str!("guest.wat");

/// The usual first lines of a test's recipe.
pub const HEAD: &str = "[image]\nname = \"tiny\"\nlanguage = \"javascript\"\nversion = \"1.0\"\n";

/// The script of a last step: the guest lies beside the recipe.
pub const LAST: &str = "cp \"$RECIPE/guest.wasm\" \"$OUT/\"\necho '[{\"name\":\"tiny\",\"version\":\"1.0\",\"licence\":\"MIT\"}]' >\"$OUT/packages.json\"\n";

pub struct House {
    pub folder: tempfile::TempDir,
}

impl House {
    pub fn new() -> House {
        let house = House { folder: tempfile::tempdir().expect("a temporary folder") };
        house.write("guest.wasm", wat::parse_str(GUEST).expect("the guest is WAT"));
        house
    }

    /// A house with one step, `guest`, that leaves the tiny guest.
    pub fn with_guest() -> House {
        let house = House::new();
        house.recipe("[[step]]\nname = \"guest\"\nscript = \"guest.sh\"\nfiles = [\"guest.wasm\"]\n");
        house.write("guest.sh", LAST);
        house
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn cache(&self) -> PathBuf {
        self.path().join("cache")
    }

    /// Writes a file beside the recipe.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join("runtimes/tiny").join(name);
        fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    pub fn recipe(&self, after_head: &str) {
        self.write("recipe.toml", format!("{HEAD}{after_head}"));
    }

    pub fn options(&self) -> Options {
        options(self.path())
    }

    pub fn builder(&self) -> Builder {
        Builder::new(self.options()).expect("a cache folder")
    }

    pub fn build(&self) -> Result<BuiltImage, Error> {
        self.build_with(&mut Record::default())
    }

    pub fn build_with(&self, progress: &mut Record) -> Result<BuiltImage, Error> {
        self.builder().build("tiny", progress)
    }

    /// Builds and returns the names of the steps that ran, in the order they were started, without the
    /// fetching.
    pub fn steps_run(&self) -> Vec<String> {
        let mut record = Record::default();
        self.build_with(&mut record).expect("the build works");
        record.started.retain(|step| step != "sources");
        record.started
    }

    /// The error of a build that must fail.
    pub fn error(&self) -> String {
        self.build().expect_err("the build must fail").to_string()
    }

    /// Puts a source into the cache as if it had been fetched; returns its recipe entry.
    pub fn seed_source(&self, id: &str, content: &[u8]) -> String {
        let sha256 = sha256(content);
        let folder = self.cache().join("sources").join(&sha256);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(format!("{id}.tgz")), content).expect("a file");
        source(id, &sha256)
    }
}

/// A recipe's `[[source]]`, from npm because that client is the simplest to stand in for.
pub fn source(id: &str, sha256: &str) -> String {
    format!(
        "[[source]]\nid = \"{id}\"\nfrom = \"npm\"\npackage = \"{id}\"\nversion = \"1.2.3\"\nfile = \"{id}.tgz\"\nsha256 = \"{sha256}\"\nlicence = \"MIT\"\nshipped = true\n"
    )
}

pub fn sha256(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

pub fn options(folder: &Path) -> Options {
    Options {
        runtimes: folder.join("runtimes"),
        cache: folder.join("cache"),
        images: folder.join("images"),
        jobs: 1,
    }
}

/// Remembers what it was told.
#[derive(Debug, Default)]
pub struct Record {
    pub notes: Vec<String>,
    pub started: Vec<String>,
    pub lines: Vec<String>,
}

impl Progress for Record {
    fn begin(&mut self, _: &str, _: usize, _: usize) {}
    fn note(&mut self, message: &str) {
        self.notes.push(message.to_owned());
    }
    fn started(&mut self, step: &str) {
        self.started.push(step.to_owned());
    }
    fn running(&mut self, _: &str, line: &str) {
        self.lines.push(line.to_owned());
    }
    fn finished(&mut self, _: &str, _: Duration) {}
    fn end(&mut self, _: bool) {}
}

/// This test binary again, to run only its test `child`, in a house: for tests that kill a build, or need
/// another environment than ours.
pub fn child_build(house: &House) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a test has a file"));
    command.args(["child", "--exact", "--nocapture"]).env("AMPOULE_TEST_HOUSE", house.path());
    command
}

/// What `child` does: builds in the house it was given, if it was given one.
#[expect(
    clippy::disallowed_methods,
    reason = "the process is a child of a test, and its exit code is what is tested"
)]
pub fn build_as_child() {
    if let Some(folder) = std::env::var_os("AMPOULE_TEST_HOUSE") {
        let builder = Builder::new(options(Path::new(&folder))).expect("a cache folder");
        if let Err(error) = builder.build("tiny", &mut Record::default()) {
            println!("{error}");
            std::process::exit(1);
        }
    }
}

/// Waits for something that happens soon.
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..400 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("it did not happen within 10 s: {what}");
}
