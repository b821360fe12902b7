//! The file of what was used today: read again, shared, damaged, not writable.

use super::*;

fn book(day: u64, tenants: &[(&str, u64)]) -> DayBook {
    let used = |fuel| UsedToday { fuel, cpu: Duration::from_nanos(fuel), requests: fuel };
    DayBook { day, tenants: tenants.iter().map(|(name, fuel)| ((*name).to_owned(), used(*fuel))).collect() }
}

fn put(file: &UsageFile, book: &DayBook) {
    let mut state = file.0.state.lock().unwrap();
    state.file = file.put(&state, book).unwrap();
}

#[test]
fn what_is_written_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/usage.json");
    let (file, found) = UsageFile::open(&path).unwrap();
    assert_eq!(found, DayBook::default());
    let first = book(7, &[("a", 1), ("b", 2)]);
    put(&file, &first);
    assert_eq!(UsageFile::open(&path).unwrap().1, first);
    let second = book(8, &[("a", 1)]);
    put(&file, &second);
    assert_eq!(UsageFile::open(&path).unwrap().1, second);
}

#[test]
fn of_what_two_processes_have_counted_the_larger_number_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("usage.json");
    let (old, _) = UsageFile::open(&path).unwrap();
    put(&old, &book(7, &[("a", 10), ("b", 10)]));
    let (new, _) = UsageFile::open(&path).unwrap();
    put(&new, &book(7, &[("a", 15), ("c", 1)]));
    put(&old, &book(7, &[("a", 12), ("b", 20)]));
    assert_eq!(UsageFile::open(&path).unwrap().1, book(7, &[("a", 15), ("b", 20), ("c", 1)]));
    // Those of another day are none of today's.
    put(&new, &book(8, &[("a", 3)]));
    assert_eq!(UsageFile::open(&path).unwrap().1, book(8, &[("a", 3)]));
}

#[test]
fn a_damaged_file_is_put_aside_and_one_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("usage.json");
    for damaged in ["", "{\"format\":1,\"day\":7,\"ten", "{\"format\":2,\"day\":7,\"tenants\":{}}"] {
        std::fs::write(&path, damaged).unwrap();
        assert_eq!(UsageFile::open(&path).unwrap().1, DayBook::default());
        assert_eq!(std::fs::read_to_string(folder.path().join("usage.damaged")).unwrap(), damaged);
        assert!(!path.exists());
    }
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = UsageFile::open(&folder.path().join("file/usage.json")).unwrap_err();
    assert!(error.contains("set usage_file to one that can be written to"), "{error}");
}
