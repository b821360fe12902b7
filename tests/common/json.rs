//! JSON as it is written: numbers keep their digits and strings their UTF-16 units, so that a comparison sees
//! every loss.

/// A JSON value. Objects keep the order of their keys; of equal keys the last counts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    /// UTF-16 units: a lone surrogate is a value of its own.
    Text(Vec<u16>),
    Array(Vec<Json>),
    Object(Vec<(Vec<u16>, Json)>),
}

/// A number: an integer by its digits, anything else by the bits of the nearest double.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Integer(String),
    Float(u64),
}

impl Json {
    /// Parses a whole text.
    pub(crate) fn parse(text: &str) -> Result<Json, String> {
        let mut parser = Parser { bytes: text.as_bytes(), at: 0 };
        let value = parser.value()?;
        parser.space();
        if parser.at == parser.bytes.len() {
            Ok(value)
        } else {
            Err(parser.fault("something after the value"))
        }
    }

    /// The member of an object.
    pub(crate) fn member(&self, key: &[u16]) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The same value with the keys of objects sorted, and arrays too if their order is free.
    pub(crate) fn normalised(mut self, sort_arrays: bool) -> Json {
        match &mut self {
            Json::Array(items) => {
                for item in items.iter_mut() {
                    *item = std::mem::replace(item, Json::Null).normalised(sort_arrays);
                }
                if sort_arrays {
                    items.sort_by_cached_key(|item| format!("{item:?}"));
                }
            }
            Json::Object(members) => {
                for (_, value) in members.iter_mut() {
                    *value = std::mem::replace(value, Json::Null).normalised(sort_arrays);
                }
                members.sort_by(|one, other| one.0.cmp(&other.0));
            }
            _ => {}
        }
        self
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn fault(&self, what: &str) -> String {
        format!("no JSON: {what} at byte {}", self.at)
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        if self.peek() != Some(byte) {
            return Err(self.fault(&format!("no '{}'", char::from(byte))));
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self) -> Result<Json, String> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            Some(b'"') => Ok(Json::Text(self.text()?)),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.fault("no value")),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, String> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fault("an unknown word"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Json, String> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let token = std::str::from_utf8(&self.bytes[start..self.at]).expect("digits are UTF-8");
        if !token.contains(['.', 'e', 'E']) {
            return Ok(Json::Number(Number::Integer(token.to_owned())));
        }
        let float: f64 = token.parse().map_err(|_| self.fault("a malformed number"))?;
        Ok(Json::Number(Number::Float(float.to_bits())))
    }

    fn text(&mut self) -> Result<Vec<u16>, String> {
        self.expect(b'"')?;
        let mut units = Vec::new();
        loop {
            let rest = std::str::from_utf8(&self.bytes[self.at..]).expect("we stop between characters");
            let character = rest.chars().next().ok_or_else(|| self.fault("an open string"))?;
            self.at += character.len_utf8();
            match character {
                '"' => return Ok(units),
                '\\' => units.extend(self.escape()?),
                '\0'..='\u{1f}' => return Err(self.fault("a control character in a string")),
                _ => units.extend(character.encode_utf16(&mut [0; 2]).iter()),
            }
            // Most of a long string has no escape in it: take the plain ASCII at once.
            while let Some(byte @ (b' '..=b'!' | b'#'..=b'[' | b']'..=b'~')) = self.bytes.get(self.at) {
                units.push(u16::from(*byte));
                self.at += 1;
            }
        }
    }

    fn escape(&mut self) -> Result<Option<u16>, String> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.fault("an open escape"))?;
        self.at += 1;
        let unit = match byte {
            b'"' | b'\\' | b'/' => u16::from(byte),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => {
                let digits =
                    self.bytes.get(self.at..self.at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
                self.at += 4;
                digits
                    .and_then(|digits| u16::from_str_radix(digits, 16).ok())
                    .ok_or_else(|| self.fault("a bad escape"))?
            }
            _ => return Err(self.fault("an unknown escape")),
        };
        Ok(Some(unit))
    }

    fn array(&mut self) -> Result<Json, String> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(Json::Array(items));
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self) -> Result<Json, String> {
        self.expect(b'{')?;
        let mut members: Vec<(Vec<u16>, Json)> = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let key = self.text()?;
            self.expect(b':')?;
            let value = self.value()?;
            match members.iter_mut().find(|(name, _)| *name == key) {
                Some((_, earlier)) => *earlier = value,
                None => members.push((key, value)),
            }
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok(Json::Object(members));
            }
            self.expect(b',')?;
        }
    }
}
