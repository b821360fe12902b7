//! When files are taken up, and what that takes.

use super::*;
use crate::list::Rules;
use crate::sources::MainTenants;
use ampoule_auth::AuthConfig;
use ampoule_engine::Engine;
use ampoule_service::{Images, ServiceConfig};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

fn directory(fleet: &Path) -> Directory {
    directory_of(fleet, None)
}

fn directory_of(fleet: &Path, kept: Option<&Path>) -> Directory {
    let mut service = ServiceConfig { closed: true, ..ServiceConfig::default() };
    service.engine.slots = 1;
    let rules = Rules { service: service.clone(), asks_clients: false };
    let sources = Sources::new(None, || Ok(MainTenants::default()), rules);
    let sources = sources.with_files(Some(fleet.to_owned())).with_kept(kept.map(Path::to_owned), 10);
    let opened = sources.open().unwrap();
    let engine = Engine::new(service.engine.clone()).unwrap();
    service.tenants = opened.checked().tenants.clone();
    let service = Service::new(service, engine, Images::default());
    let access = Authenticator::new(&AuthConfig::default(), &service).unwrap();
    Directory::new(opened, service, access).unwrap()
}

fn names(directory: &Directory) -> Vec<String> {
    directory.service().tenants().map(|tenant| tenant.name().to_owned()).collect()
}

#[test]
fn a_file_that_is_being_written_is_not_read_until_it_lies_still() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = folder.path().join("fleet.toml");
    let whole = "[[tenants]]\nname = \"a\"\n[[tenants]]\nname = \"b\"\n";
    std::fs::write(&fleet, whole).unwrap();
    let directory = directory(&fleet);
    assert_eq!(names(&directory), ["a", "b"]);
    // Half of it, which reads as if the other tenant were gone.
    std::fs::write(&fleet, &whole[..whole.len() / 2]).unwrap();
    directory.take_up(Look::AtChanges);
    assert_eq!(names(&directory), ["a", "b"]);
    std::fs::write(&fleet, format!("{whole}[[tenants]]\nname = \"c\"\n")).unwrap();
    directory.take_up(Look::AtChanges);
    assert_eq!(names(&directory), ["a", "b"]);
    directory.take_up(Look::AtChanges);
    assert_eq!(names(&directory), ["a", "b", "c"]);
    // Somebody who says that it is written is believed.
    std::fs::write(&fleet, whole).unwrap();
    directory.take_up(Look::Now);
    assert_eq!(names(&directory), ["a", "b"]);
}

#[test]
fn what_the_server_has_written_itself_is_not_read_again_and_what_others_write_is() {
    let folder = tempfile::tempdir().unwrap();
    let (fleet, kept) = (folder.path().join("fleet.toml"), folder.path().join("kept"));
    std::fs::write(&fleet, "").unwrap();
    let directory = directory_of(&fleet, Some(&kept));
    let entry = |name: &str| TenantEntry { name: name.into(), ..TenantEntry::default() };
    let put =
        |name: &str| directory.change(name, "a test", |_| Ok::<_, ()>(Some(entry(name)))).unwrap().unwrap();
    put("a");
    put("b");
    directory.change("a", "a test", |_| Ok::<_, ()>(None)).unwrap().unwrap();
    assert_eq!(names(&directory), ["b"]);
    assert_eq!(directory.state().seen, directory.0.sources.look());
    // Somebody else's change between two of its own is not overlooked.
    std::fs::write(kept.join("c.toml"), "[[tenants]]\nname = \"c\"\n").unwrap();
    put("d");
    assert_ne!(directory.state().seen, directory.0.sources.look());
    directory.take_up(Look::AtChanges);
    directory.take_up(Look::AtChanges);
    assert_eq!(names(&directory), ["b", "c", "d"]);
}

#[test]
fn what_it_takes_grows_with_the_number_of_tenants_and_not_with_its_square() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = folder.path().join("fleet.toml");
    let write = |count: usize, weight: u32| {
        let mut text = String::new();
        for number in 0..count {
            let _ = write!(
                text,
                "[[tenants]]\nname = \"t{number}\"\nkeys = [\"sha256:{number:064x}\"]\nweight = {weight}\n"
            );
        }
        std::fs::write(&fleet, text).unwrap();
    };
    write(1, 1);
    let directory = directory(&fleet);
    // The best of several: the machine may be busy.
    let takes = |count: usize| {
        let once = |weight: u32| {
            write(count, weight);
            let started = Instant::now();
            directory.take_up(Look::Now);
            started.elapsed()
        };
        (1..6).map(once).min().unwrap()
    };
    let (few, many) = (takes(500), takes(5000));
    println!("500 tenants are exchanged in {few:?}, 5,000 in {many:?}");
    assert_eq!(names(&directory).len(), 5000);
    assert!(many < 40 * few, "{many:?}, with a tenth of them {few:?}");
}
