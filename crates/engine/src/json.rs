//! Whether bytes are one JSON text (RFC 8259), looked at piece by piece: others get their turn in between,
//! whatever a guest has answered. The grammar and nothing else: numbers keep their digits, texts their
//! escapes.

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct JsonCheck {
    state: State,
    /// Of each array and object around here, whether it is an object.
    within: Vec<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A value must come.
    #[default]
    Value,
    /// A value, or the end of an empty array.
    First,
    /// A key, or the end of an empty object.
    FirstKey,
    Key,
    Colon,
    /// A value has ended: a comma or an end must come, or nothing more.
    After,
    Text {
        is_key: bool,
    },
    Escape {
        is_key: bool,
    },
    Hex {
        is_key: bool,
        left: u8,
    },
    /// The rest of `true`, `false` or `null`.
    Word(&'static [u8]),
    Minus,
    /// A leading zero.
    Zero,
    Digits,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
}

impl JsonCheck {
    /// Reads on; `false` if this is no JSON, however it goes on.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            rest = after;
            if let State::Text { .. } = self.state {
                // Most of what is long.
                let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
                if plain(byte) {
                    let length = rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
                    rest = &rest[length..];
                    continue;
                }
            }
            match self.step(*byte) {
                Some(state) => self.state = state,
                None => return false,
            }
        }
        true
    }

    /// Whether it could end here.
    pub(crate) fn is_whole(&self) -> bool {
        use State::{After, Digits, ExponentDigits, Fraction, Zero};
        self.within.is_empty() && matches!(self.state, After | Zero | Digits | Fraction | ExponentDigits)
    }

    fn step(&mut self, byte: u8) -> Option<State> {
        use State::*;
        let digits = byte.is_ascii_digit();
        Some(match (self.state, byte) {
            (Value | First | FirstKey | Key | Colon | After, b' ' | b'\n' | b'\r' | b'\t') => self.state,
            (First, b']') => self.leave(false)?,
            (FirstKey, b'}') => self.leave(true)?,
            (Value | First, _) => self.begin(byte)?,
            (FirstKey | Key, b'"') => Text { is_key: true },
            (Colon, b':') => Value,
            (Text { is_key: true }, b'"') => Colon,
            (Text { is_key: false }, b'"') => After,
            (Text { is_key }, b'\\') => Escape { is_key },
            (Escape { is_key }, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Text { is_key },
            (Escape { is_key }, b'u') => Hex { is_key, left: 4 },
            (Hex { is_key, left: 1 }, _) if byte.is_ascii_hexdigit() => Text { is_key },
            (Hex { is_key, left }, _) if byte.is_ascii_hexdigit() => Hex { is_key, left: left - 1 },
            (Word([next, rest @ ..]), _) if *next == byte => {
                if rest.is_empty() {
                    After
                } else {
                    Word(rest)
                }
            }
            (Minus, b'0') => Zero,
            (Minus, b'1'..=b'9') => Digits,
            (Digits, _) if digits => Digits,
            (Zero | Digits, b'.') => Point,
            (Point | Fraction, _) if digits => Fraction,
            (Zero | Digits | Fraction, b'e' | b'E') => Exponent,
            (Exponent, b'+' | b'-') => ExponentSign,
            (Exponent | ExponentSign | ExponentDigits, _) if digits => ExponentDigits,
            (Zero | Digits | Fraction | ExponentDigits, b' ' | b'\n' | b'\r' | b'\t') => After,
            (After | Zero | Digits | Fraction | ExponentDigits, b',') => {
                if *self.within.last()? {
                    Key
                } else {
                    Value
                }
            }
            (After | Zero | Digits | Fraction | ExponentDigits, b']') => self.leave(false)?,
            (After | Zero | Digits | Fraction | ExponentDigits, b'}') => self.leave(true)?,
            _ => return None,
        })
    }

    fn begin(&mut self, byte: u8) -> Option<State> {
        Some(match byte {
            b'"' => State::Text { is_key: false },
            b'[' => {
                self.within.push(false);
                State::First
            }
            b'{' => {
                self.within.push(true);
                State::FirstKey
            }
            b't' => State::Word(b"rue"),
            b'f' => State::Word(b"alse"),
            b'n' => State::Word(b"ull"),
            b'-' => State::Minus,
            b'0' => State::Zero,
            b'1'..=b'9' => State::Digits,
            _ => return None,
        })
    }

    fn leave(&mut self, is_object: bool) -> Option<State> {
        (self.within.pop()? == is_object).then_some(State::After)
    }
}

#[cfg(test)]
mod tests {
    use super::JsonCheck;
    use rand_chacha::ChaCha12Rng;
    use rand_core::{Rng, SeedableRng};

    fn is_json(text: &[u8], piece: usize) -> bool {
        let mut check = JsonCheck::default();
        text.chunks(piece).all(|piece| check.push(piece)) && check.is_whole()
    }

    /// The judge: another implementation of the same grammar.
    fn serde_says(text: &[u8]) -> bool {
        std::str::from_utf8(text).is_ok() && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
    }

    #[test]
    fn it_says_what_serde_json_says() {
        let texts = [
            "",
            " ",
            "1",
            "-0",
            "01",
            "-",
            "1.",
            ".5",
            "1.5e+10",
            "1e",
            "1E-",
            "true",
            "tru",
            "nulll",
            "[]",
            "[1,]",
            "[,1]",
            "{}",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{1:2}",
            "\"\\u00e9\"",
            "\"\\u00g9\"",
            "\"\\x\"",
            "\"a\nb\"",
            "[1 2]",
            "[}",
            "{\"a\": 1}, \"status\": \"injected\"",
            " [ { \"a\" : [ ] , \"b\" : null } , -1.5e3 ] ",
            "NaN",
            "Infinity",
            "1 1",
            "\"\u{1f600}\\ud83d\"",
            "]",
            "{\"a\":[{}]}",
        ];
        for text in texts {
            for piece in [1, 2, 1000] {
                assert_eq!(
                    is_json(text.as_bytes(), piece),
                    serde_says(text.as_bytes()),
                    "{text:?} by {piece}"
                );
            }
        }
    }

    #[test]
    fn it_says_so_of_texts_that_were_changed_at_random_too() {
        let base = r#"{"a":[1,-2.5e-7,true,false,null,"x\"\\\u00e9"],"b":{"":[[],{}]},"c":0}"#.as_bytes();
        let mut random = ChaCha12Rng::seed_from_u64(1);
        let mut drawn = |below: usize| random.next_u32() as usize % below;
        for _ in 0..20_000 {
            let mut text = base.to_vec();
            for _ in 0..=drawn(3) {
                let (from, to) = (drawn(text.len()), drawn(text.len()));
                match drawn(3) {
                    0 => text[to] = text[from],
                    1 => drop(text.remove(to)),
                    _ => text.insert(to, text[from]),
                }
            }
            let piece = 1 + drawn(7);
            assert_eq!(is_json(&text, piece), serde_says(&text), "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn nesting_takes_no_stack() {
        let deep = [vec![b'['; 1 << 20], vec![b']'; 1 << 20]].concat();
        assert!(is_json(&deep, 1000) && !is_json(&deep[1..], 1000));
    }
}
