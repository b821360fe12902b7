//! Comments are as wide as the code (`rustfmt.toml`), but for drawings.

use crate::{files, read, root};

#[test]
fn comments_are_as_wide_as_code() {
    let rustfmt = read("rustfmt.toml");
    let width = rustfmt.lines().find_map(|line| line.strip_prefix("max_width = ")).unwrap();
    let width: usize = width.parse().unwrap();
    let (mut wide, mut seen) = (Vec::new(), 0);
    for file in files(&root(), &[".rs", ".proto"]) {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut is_drawing = false;
        for (number, line) in text.lines().enumerate() {
            let comment = line.trim_start().strip_prefix("//");
            let comment = comment.map(|text| text.trim_start_matches(['/', '!']).trim_start());
            is_drawing = match comment {
                None => false,
                Some(text) => is_drawing != text.starts_with("```"),
            };
            seen += usize::from(comment.is_some());
            if comment.is_some() && !is_drawing && line.chars().count() > width {
                wide.push(format!("{}:{}", file.display(), number + 1));
            }
        }
    }
    assert!(seen > 5000, "{seen} lines of comments");
    assert!(wide.is_empty(), "comments of more than {width} characters: {wide:#?}");
}
