//! A build without the `builder` feature links no compiler: a server that is broken into can make no machine
//! code of its own.

use std::process::Command;

#[test]
fn a_build_without_the_builder_links_no_compiler() {
    let _alone = crate::ALONE.blocking_lock();
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--no-default-features",
            "--edges",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--package", "ampoule"])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&tree.stderr);
    assert!(tree.status.success(), "{stderr}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("ampoule-engine"), "{tree}");
    // Other crates of that family are data structures that wasmtime's runtime uses too.
    for compiler in [
        "cranelift-codegen",
        "cranelift-frontend",
        "-internal-cranelift",
        "winch",
        "wizer",
        "ampoule-builder",
    ] {
        let found: Vec<&str> = tree.lines().filter(|line| line.contains(compiler)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}
