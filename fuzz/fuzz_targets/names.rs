//! Names and paths that callers choose: what is admitted stays below the working directory and is
//! unambiguous.
#![no_main]

use ampoule_fuzz::admitted;
use ampoule_model::{Entry, File, Language, Module, Program, Request};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::collections::HashSet;
use std::path::{Component, Path};

#[derive(Arbitrary, Debug)]
struct Names {
    javascript: bool,
    file_name: String,
    modules: Vec<String>,
    files: Vec<String>,
    environment: Vec<(String, String)>,
}

fuzz_target!(|names: Names| {
    let language = if names.javascript { Language::Javascript } else { Language::Python };
    let program = Program {
        language,
        entry: Entry::Main,
        source: "e".into(),
        file_name: names.file_name.clone(),
        modules: names
            .modules
            .iter()
            .map(|name| Module { name: name.clone(), source: String::new() })
            .collect(),
        bigint: false,
    };
    let files = names.files.iter().map(|path| File { path: path.clone(), content: Vec::new() }).collect();
    let request = Request { files, environment: names.environment.clone(), ..Request::of(program) };
    match admitted(request) {
        Ok(()) => sound(&names),
        Err(field) => assert!(!plain(&names), "{field} was refused: {names:?}"),
    }
});

/// What the guest's file system, importers and environment take for granted.
fn sound(names: &Names) {
    assert!(!names.file_name.contains(char::is_control));
    let mut seen = HashSet::new();
    for path in &names.files {
        let mut whole = 0;
        for part in Path::new(path).components() {
            let Component::Normal(part) = part else {
                panic!("{path:?} is not plainly below the working directory");
            };
            whole += part.len() + 1;
        }
        assert_eq!(whole, path.len() + 1, "{path:?} is written in more than one way");
        assert!(!path.contains('\0') && path != "out", "{path:?}");
        assert!(seen.insert(path.as_str()), "{path:?} is there twice");
    }
    for path in &names.files {
        let mut folder = Path::new(path);
        while let Some(above) = folder.parent() {
            assert!(!seen.contains(above.to_str().expect("it was text")), "{path:?} lies in a file");
            folder = above;
        }
    }
    let modules: HashSet<_> = names.modules.iter().collect();
    assert_eq!(modules.len(), names.modules.len(), "a module is there twice");
    for name in &names.modules {
        let (name, parts) = match names.javascript {
            true => (name.strip_prefix("./").unwrap_or(name), '/'),
            false => (name.as_str(), '.'),
        };
        assert!(name.split(parts).all(|part| !["", ".", ".."].contains(&part)), "{name:?} leads elsewhere");
    }
    let keys: HashSet<_> = names.environment.iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), names.environment.len(), "a variable is there twice");
    for (key, value) in &names.environment {
        assert!(!key.is_empty() && !key.contains(['=', '\0']) && !value.contains('\0'));
    }
}

/// Nothing could be wrong with these: one of each, short words of plain letters.
fn plain(names: &Names) -> bool {
    let word = |text: &String| {
        !text.is_empty() && text.len() < 100 && text.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    let few = names.modules.len() < 2 && names.files.len() < 2 && names.environment.len() < 2;
    few && word(&names.file_name)
        && names.modules.iter().all(word)
        && names.files.iter().all(|path| word(path) && path != "out")
        && names.environment.iter().all(|(key, value)| word(key) && word(value))
}
