//! JSON text made readable without reading it into numbers: a result's 64-bit and big integers and the digits
//! of its floats come out as they came in.

const INDENT: &str = "  ";

/// Puts every member and element of `json` on a line of its own. Text that is not JSON comes out as some
/// text.
pub(crate) fn pretty(json: &str) -> String {
    let mut printer = Printer { out: String::with_capacity(json.len() * 2), depth: 0 };
    let mut characters = json.chars().peekable();
    let mut in_string = false;
    while let Some(character) = characters.next() {
        if in_string {
            printer.out.push(character);
            match character {
                '\\' => printer.out.extend(characters.next()),
                '"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match character {
            ' ' | '\t' | '\n' | '\r' => {}
            '"' => {
                in_string = true;
                printer.out.push('"');
            }
            '{' | '[' => {
                printer.out.push(character);
                while characters.next_if(char::is_ascii_whitespace).is_some() {}
                match characters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => printer.out.push(end),
                    None => printer.line(1),
                }
            }
            '}' | ']' => {
                printer.line(-1);
                printer.out.push(character);
            }
            ',' => {
                printer.out.push(',');
                printer.line(0);
            }
            ':' => printer.out.push_str(": "),
            _ => printer.out.push(character),
        }
    }
    printer.out
}

struct Printer {
    out: String,
    depth: usize,
}

impl Printer {
    fn line(&mut self, deeper: isize) {
        self.depth = self.depth.saturating_add_signed(deeper);
        self.out.push('\n');
        // Results nest as deep as a program likes; beyond this the reader is lost anyway.
        for _ in 0..self.depth.min(64) {
            self.out.push_str(INDENT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn structure_is_laid_out_and_values_stay_as_they_are() {
        let json =
            r#"{"a":[1,2.50,-1E+9],"b":{},"c":[ ],"big":123456789012345678901234567890,"s":"x,\"{[:\\"}"#;
        let expected = r#"{
  "a": [
    1,
    2.50,
    -1E+9
  ],
  "b": {},
  "c": [],
  "big": 123456789012345678901234567890,
  "s": "x,\"{[:\\"
}"#;
        assert_eq!(pretty(json), expected);
        assert_eq!(pretty("null"), "null");
        assert_eq!(pretty(expected), expected);
    }

    #[test]
    fn anything_is_survived() {
        for text in ["", "]]]", "\"\\", "{", "\"open", &"[".repeat(10_000)] {
            pretty(text);
        }
    }
}
