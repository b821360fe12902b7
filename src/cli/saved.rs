//! `--out DIR`: files that came back. Their paths and their contents are a program's choice.

use super::{CommandError, CommandResult};
use ampoule_model::File;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;

/// Writes files below `folder`, and nowhere else: no link is followed out of it, and none is written through.
/// `out/` itself is the folder: a program's `out/a.txt` becomes `DIR/a.txt`, unless it has made an `a.txt`
/// that comes back, too.
pub(crate) fn save(folder: &Path, files: &[File]) -> CommandResult<()> {
    let cannot = |path: &str, error: std::io::Error| {
        CommandError::infrastructure(format!("--out: cannot write {}: {error}", folder.join(path).display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot("", error))?;
    let root = Dir::open_ambient_dir(folder, ambient_authority()).map_err(|error| cannot("", error))?;
    let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for file in files {
        let plain = file.path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        if !plain || file.path.contains('\0') {
            return Err(CommandError::infrastructure(format!(
                "--out: not saved: {:?} leaves the folder",
                file.path
            )));
        }
        let short = file.path.strip_prefix("out/").filter(|short| !paths.contains(short));
        let path = short.unwrap_or(&file.path);
        write(&root, path, &file.content).map_err(|error| cannot(path, error))?;
    }
    Ok(())
}

fn write(root: &Dir, path: &str, content: &[u8]) -> std::io::Result<()> {
    if let Some((folders, _)) = path.rsplit_once('/') {
        root.create_dir_all(folders)?;
    }
    // A link that lies there is replaced and not followed.
    if root.symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        root.remove_file(path)?;
    }
    let mut options = OpenOptions::new();
    root.open_with(path, options.write(true).create(true).truncate(true))?.write_all(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File { path: path.into(), content: b"new".to_vec() }
    }

    #[test]
    fn files_lie_in_the_folder_and_links_are_not_followed() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let out = folder.path().join("results");
        save(&out, &[file("out/a/b.txt"), file("out/c.txt")]).unwrap();
        assert_eq!(std::fs::read(out.join("a/b.txt")).unwrap(), b"new");
        assert_eq!(std::fs::read(out.join("c.txt")).unwrap(), b"new");
        save(&out, &[file("out/d.txt"), file("d.txt"), file("out/e.txt")]).unwrap();
        assert!(
            out.join("d.txt").is_file() && out.join("out/d.txt").is_file() && out.join("e.txt").is_file()
        );
        // A link to a file, and one to a folder.
        let secret = outside.path().join("secret");
        std::fs::write(&secret, "old").unwrap();
        std::fs::remove_file(out.join("c.txt")).unwrap();
        std::os::unix::fs::symlink(&secret, out.join("c.txt")).unwrap();
        std::os::unix::fs::symlink(outside.path(), out.join("d")).unwrap();
        save(&out, &[file("out/c.txt")]).unwrap();
        assert!(save(&out, &[file("out/d/secret")]).is_err());
        assert_eq!(std::fs::read(&secret).unwrap(), b"old");
        assert_eq!(std::fs::read(out.join("c.txt")).unwrap(), b"new");
        assert!(save(&out, &[file("out/../../x")]).is_err());
    }
}
