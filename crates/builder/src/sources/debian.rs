//! Debian source packages: apt with a configuration of our own, below the cache folder. No root, and nothing
//! of the machine's own apt state is touched; its mirror is used, and the archive's signature is checked.

use super::client::{Answer, Refusal, left, run};
use crate::recipe::Source;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

/// The release whose source packages recipes pin.
const RELEASE: &str = "trixie";

/// The archive's keys, as Debian ships them.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// After this long the lists are fetched anew: a pinned revision may have been replaced by a security update.
const LISTS_AGE: Duration = Duration::from_secs(12 * 3600);

/// apt's lists have one writer.
static APT: Mutex<()> = Mutex::new(());

pub(super) fn fetch(source: &Source, folder: &Path, apt: &Path) -> Answer<PathBuf> {
    let _one_at_a_time = APT.lock().expect("no thread panics while it holds the lock");
    configure(apt)?;
    let mut version = None;
    if lists_are_fresh(apt) {
        version = find_revision(apt, source)?;
    }
    if version.is_none() {
        update(apt)?;
        version = find_revision(apt, source)?;
    }
    let Some(version) = version else {
        let message =
            format!("no revision of {} in {RELEASE} has a file with the pinned sha256", source.package);
        return Err(Refusal::finally(message));
    };
    let mut get = client(apt, "apt-get");
    get.args(["source", "--download-only", "--only-source", "--quiet"]).args(part(&source.file));
    get.arg(format!("{}={version}", source.package));
    run(get.current_dir(folder)).inspect_err(|_| forget_lists(apt))?;
    left(folder, &source.file)
}

/// The revision that has the pinned bytes: the pinned one if it is still there, else one that shares the
/// file.
fn find_revision(apt: &Path, source: &Source) -> Answer<Option<String>> {
    let mut cache = client(apt, "apt-cache");
    let listed = run(cache.args(["showsrc", "--only-source", &source.package]))?;
    let with_bytes = listed.split("\n\n").filter(|stanza| stanza.contains(&source.sha256));
    let versions: Vec<&str> = with_bytes.filter_map(|stanza| field(stanza, "Version")).collect();
    let pinned = versions.iter().find(|version| **version == source.version);
    Ok(pinned.or(versions.first()).map(|version| (*version).to_owned()))
}

fn field<'a>(stanza: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    stanza.lines().find_map(value).map(str::trim)
}

/// Only the part of the package that the file is.
fn part(file: &str) -> Option<&'static str> {
    let is_tarball = |kind: &str| file.contains(kind);
    if file.ends_with(".dsc") {
        Some("--dsc-only")
    } else if is_tarball(".debian.tar.") || is_tarball(".diff.") {
        Some("--diff-only")
    } else if is_tarball(".orig.tar.") {
        Some("--tar-only")
    } else {
        None
    }
}

/// Writes apt's configuration and list of sources.
fn configure(apt: &Path) -> Answer<()> {
    let (main, security) = mirrors()?;
    let mut sources = String::new();
    let mut add = |address: &str, suite: &str| {
        sources.push_str(&format!("deb-src [signed-by={KEYRING}] {address} {suite} main\n"));
    };
    add(&main, RELEASE);
    add(&main, &format!("{RELEASE}-updates"));
    if let Some(security) = security {
        add(&security, &format!("{RELEASE}-security"));
    }
    let place = |path: &str| apt.join(path).display().to_string();
    let configuration = format!(
        "Dir::Etc::SourceList \"{}\";\nDir::Etc::SourceParts \"/dev/null\";\n\
         Dir::State \"{}\";\nDir::State::Lists \"{}\";\nDir::State::Status \"{}\";\n\
         Dir::Cache \"{}\";\nDir::Cache::Archives \"{}\";\n\
         APT::Sandbox::User \"\";\nAcquire::Languages \"none\";\nAcquire::Retries \"2\";\n",
        place("sources.list"),
        place("state"),
        place("lists"),
        place("status"),
        place("cache"),
        place("archives"),
    );
    let write = || -> std::io::Result<()> {
        for folder in ["state", "lists/partial", "cache", "archives/partial"] {
            fs::create_dir_all(apt.join(folder))?;
        }
        fs::write(apt.join("status"), "")?;
        fs::write(apt.join("sources.list"), sources)?;
        fs::write(apt.join("apt.conf"), configuration)
    };
    write().map_err(|error| Refusal::finally(format!("cannot write {}: {error}", apt.display())))
}

/// The mirrors this machine's own apt uses: of the archive, and of its security updates.
fn mirrors() -> Answer<(String, Option<String>)> {
    let mut targets = Command::new("apt-get");
    targets.args(["indextargets", "--format", "$(ORIGIN) $(REPO_URI)"]);
    let targets = run(&mut targets).map_err(|refusal| Refusal::finally(refusal.message))?;
    mirrors_among(&targets).ok_or_else(|| Refusal::finally("this machine's apt knows no Debian mirror"))
}

/// From lines of origin and address. Before the first `apt-get update` apt does not know the origins.
fn mirrors_among(targets: &str) -> Option<(String, Option<String>)> {
    let find = |folder: &str, origin_is_known: bool| {
        let line = targets.lines().find_map(|line| {
            let (origin, address) = line.rsplit_once(' ')?;
            let origin_fits = (origin == "Debian") == origin_is_known;
            (origin_fits && address.trim_end_matches('/').ends_with(folder)).then_some(address)
        });
        line.map(str::to_owned)
    };
    let main = find("/debian", true).or_else(|| find("/debian", false))?;
    let security = find("/debian-security", true).or_else(|| find("/debian-security", false));
    Some((main, security))
}

fn update(apt: &Path) -> Answer<()> {
    run(client(apt, "apt-get").args(["update", "--quiet"]))?;
    fs::write(updated_mark(apt), "").map_err(|error| Refusal::finally(error.to_string()))
}

fn updated_mark(apt: &Path) -> PathBuf {
    apt.join("updated")
}

fn lists_are_fresh(apt: &Path) -> bool {
    let changed = fs::metadata(updated_mark(apt)).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| SystemTime::now().duration_since(changed).is_ok_and(|age| age < LISTS_AGE))
}

/// After a failed download, e.g. because the mirror moved on, the next try starts from new lists.
fn forget_lists(apt: &Path) {
    let _ = fs::remove_file(updated_mark(apt));
}

fn client(apt: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("APT_CONFIG", apt.join("apt.conf")).env("LC_ALL", "C.UTF-8");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_mirror_is_used() {
        let targets = "Other http://elsewhere.test/debian/\nDebian http://mirror.test/debian/\nDebian http://mirror.test/debian-security/\n";
        let expected =
            ("http://mirror.test/debian/".to_owned(), Some("http://mirror.test/debian-security/".to_owned()));
        assert_eq!(mirrors_among(targets), Some(expected));
        assert_eq!(
            mirrors_among(" http://mirror.test/debian\n"),
            Some(("http://mirror.test/debian".to_owned(), None))
        );
        assert_eq!(mirrors_among("Ubuntu http://mirror.test/ubuntu\n"), None);
    }

    #[test]
    fn only_the_wanted_part_of_a_package_is_fetched() {
        assert_eq!(part("python3.13_3.13.5.orig.tar.xz"), Some("--tar-only"));
        assert_eq!(part("python3.13_3.13.5-2.debian.tar.xz"), Some("--diff-only"));
        assert_eq!(part("python3.13_3.13.5-2.dsc"), Some("--dsc-only"));
        assert_eq!(part("native_1.0.tar.xz"), None);
    }
}
