//! JSON values as Python's `str` writes them: what the conversion to a string is defined by.

use std::collections::HashMap;

/// Deeper values are refused: each level takes stack here.
const DEEPEST: usize = 100;

/// The value is nested more deeply than [`DEEPEST`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// What Python's `str(json.loads(json))` is. `json` is a valid JSON text.
pub(super) fn str_of(json: &str) -> Result<String, TooDeep> {
    let json = json.trim_ascii();
    if json.starts_with('"') {
        return Ok(text_of(json));
    }
    let mut reader = Reader { json, at: 0 };
    let mut out = String::with_capacity(json.len());
    reader.repr(&mut out, 0)?;
    Ok(out)
}

/// The text that a JSON string stands for.
pub(super) fn text_of(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_default()
}

/// Python's `repr` of a float: the shortest digits that mean it, with an exponent where it is very large or
/// small.
pub(super) fn float_repr(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() {
            "nan".into()
        } else if number > 0.0 {
            "inf".into()
        } else {
            "-inf".into()
        };
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// The Python number that a JSON number is read as, as `repr` writes it.
fn number_repr(json: &str) -> String {
    if json.contains(['.', 'e', 'E']) {
        return float_repr(json.parse().unwrap_or(f64::NAN));
    }
    if json == "-0" { "0".into() } else { json.to_owned() }
}

struct Reader<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn repr(&mut self, out: &mut String, depth: usize) -> Result<(), TooDeep> {
        if depth > DEEPEST {
            return Err(TooDeep);
        }
        match self.peek() {
            b'{' => self.object(out, depth)?,
            b'[' => self.array(out, depth)?,
            b'"' => string_repr(&text_of(self.string()), out),
            b't' => self.literal("true", "True", out),
            b'f' => self.literal("false", "False", out),
            b'n' => self.literal("null", "None", out),
            _ => {
                let rest = &self.json[self.at..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
                let number = &rest[..end.unwrap_or(rest.len())];
                self.at += number.len().max(1);
                out.push_str(&number_repr(number));
            }
        }
        Ok(())
    }

    fn array(&mut self, out: &mut String, depth: usize) -> Result<(), TooDeep> {
        out.push('[');
        self.at += 1;
        let mut first = true;
        while self.peek() != b']' {
            if !std::mem::take(&mut first) {
                self.at += 1;
                out.push_str(", ");
                self.peek();
            }
            self.repr(out, depth + 1)?;
        }
        self.at += 1;
        out.push(']');
        Ok(())
    }

    /// Of a key that occurs twice the last value counts, in the first one's place, as in a dict.
    fn object(&mut self, out: &mut String, depth: usize) -> Result<(), TooDeep> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut members: Vec<(String, String)> = Vec::new();
        self.at += 1;
        while self.peek() != b'}' {
            if !members.is_empty() {
                self.at += 1;
                self.peek();
            }
            let key = text_of(self.string());
            self.peek();
            self.at += 1;
            let mut value = String::new();
            self.repr(&mut value, depth + 1)?;
            match places.get(&key) {
                Some(place) => members[*place].1 = value,
                None => {
                    places.insert(key.clone(), members.len());
                    members.push((key, value));
                }
            }
        }
        self.at += 1;
        out.push('{');
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            string_repr(key, out);
            out.push_str(": ");
            out.push_str(value);
        }
        out.push('}');
        Ok(())
    }

    /// The next byte that is not space; 0 at the end, which a valid text does not have within a value.
    fn peek(&mut self) -> u8 {
        let rest = &self.json.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.json.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// A string with its quotes.
    fn string(&mut self) -> &'a str {
        let start = self.at;
        let bytes = self.json.as_bytes();
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                b'"' => break,
                _ => 1,
            };
        }
        self.at = (self.at + 1).min(bytes.len());
        &self.json[start..self.at]
    }

    fn literal(&mut self, json: &str, python: &str, out: &mut String) {
        self.at += json.len();
        out.push_str(python);
    }
}

/// Python's `repr` of a text.
fn string_repr(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => out.push_str(&match c as u32 {
                code @ 0..=0xff => format!("\\x{code:02x}"),
                code @ 0x100..=0xffff => format!("\\u{code:04x}"),
                code => format!("\\U{code:08x}"),
            }),
        }
    }
    out.push(quote);
}

/// About Python's `str.isprintable`: Rust's own escapes leave the same characters alone, but for those that
/// combine with the one before them, which Python prints.
fn is_printable(character: char) -> bool {
    if character == '"' || character == '\'' {
        return true;
    }
    let is_space = character != ' ' && character.is_whitespace();
    !is_space && (character.escape_debug().len() == 1 || is_combining(character))
}

/// Characters that extend a grapheme are escaped by Rust only at the start of a text.
fn is_combining(character: char) -> bool {
    format!("a{character}").escape_debug().nth(1) == Some(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let cases = [
            ("\"a\\n\"", "a\n"),
            ("12345678901234567890", "12345678901234567890"),
            ("-0", "0"),
            ("1.50", "1.5"),
            ("1e3", "1000.0"),
            ("1e16", "1e+16"),
            ("123456789012345.6", "123456789012345.6"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("-0.0", "-0.0"),
            ("1e999", "inf"),
            ("true", "True"),
            ("null", "None"),
            ("[]", "[]"),
            ("[1, 2.0 ,\"x\",[ ]]", "[1, 2.0, 'x', []]"),
            ("{\"a\": {\"b\" : null}, \"c\":\"it's\"}", "{'a': {'b': None}, 'c': \"it's\"}"),
            ("{\"a\": 1, \"b\": 2, \"a\": 3}", "{'a': 3, 'b': 2}"),
            (
                "[\"'\\\"\\u0007\\u00e9\\u200b\\u0301\\ud83d\\ude00\\\\\"]",
                "['\\'\"\\x07é\\u200b\u{301}😀\\\\']",
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(str_of(json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn deep_values_are_refused() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(str_of(&nested(DEEPEST)).is_ok());
        assert_eq!(str_of(&nested(1_000_000)), Err(TooDeep));
    }
}
